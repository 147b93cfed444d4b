"""Sums of files, as catalog entries and signatures state them; a large file is read once by a run that asks often.

A sum counts again while the system says that the file is the same: device, number, size and both times, of its bytes
and of its entry, down to the nanosecond. That spares a reading and is nobody's proof: what is sent to a store is
compared with the sum there once more.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

THREADS = min(8, os.cpu_count() or 1)
"""Hashing gives up the interpreter's lock: threads use every core."""

KEPT_BYTES = 1024 * 1024
"""Smaller files are read again as fast as they are looked up."""

Identity = tuple[int, int, int, int, int]


class _Kept:
    """The sums of this process, by what their files were; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sums: dict[Identity, str] = {}

    def put(self, identity: Identity, sha256: str) -> None:
        with self._lock:
            self._sums[identity] = sha256

    def get(self, identity: Identity) -> str | None:
        with self._lock:
            return self._sums.get(identity)


_kept = _Kept()


def identity(status: os.stat_result) -> Identity:
    """What a file is while nobody writes to it, renames it or changes its entry."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def keep(before: os.stat_result, after: os.stat_result, sha256: str) -> None:
    """Keep the sum of a file for `sha256`, unless it was changed between `before` and `after` its reading."""
    if before.st_size >= KEPT_BYTES and identity(before) == identity(after):
        _kept.put(identity(after), sha256)


def sha256(path: Path) -> str:
    """The sum of a file, 64 lower-case hexadecimal digits; raise OSError when it cannot be read."""
    with path.open("rb") as content:
        before = os.fstat(content.fileno())
        if (known := _kept.get(identity(before))) is not None:
            return known
        found = hashlib.file_digest(content, "sha256").hexdigest()
        keep(before, os.fstat(content.fileno()), found)
    return found


class Sums:
    """Sums of the files in a folder, each computed at most once: weights are large, and several checks ask."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet."""
        self._folder = folder
        self._found: dict[str, str] = {}

    def of(self, name: str) -> str:
        """The sum of a file; raise OSError when it cannot be read."""
        if name not in self._found:
            self._found[name] = sha256(self._folder / name)
        return self._found[name]

    def ahead(self, names: Collection[str]) -> None:
        """Read files that will be asked for, several at a time; `of` tells of one that cannot be read."""

        def read(name: str) -> None:
            with suppress(OSError):
                self.of(name)

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(read, names))

    def of_all(self, names: Iterable[str]) -> dict[str, str]:
        """The sums of files by name; raise OSError."""
        wanted = list(names)
        self.ahead(wanted)
        return {name: self.of(name) for name in wanted}
