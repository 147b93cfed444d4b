"""The file of encrypted prompts and answers: appended to by one process, taken away by another.

Runs in the entry's pod, on Python 3.9+. A lock is held while a line is written and while the file is renamed, and
nobody holds the file open in between: so what was taken away is complete.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_SHORT = 512

LIVE, LOCK = "contents.jsonl", "contents.lock"
REFUSED = "refused"
"""The part of a line that says: this call was refused after all, nothing of it is to be kept."""

SECONDS_TO_REFUSE = 15.0
"""How long after a prompt Envoy may say so: it tries connections of two seconds, three at most."""

_TAKEN = "contents-taken"


class ContentFile:
    """`contents.jsonl` of a folder, and what was taken away of it and is not deleted."""

    def __init__(self, folder: Path) -> None:
        """Look at nothing yet."""
        self._folder, self.live = folder, folder / LIVE

    def append(self, line: str) -> None:
        """Write one line; raise OSError where the disk does not take all of it: then a torn line is left."""
        with self._locked():
            handle = os.open(self.live, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                size = os.fstat(handle).st_size
                # A line that an earlier process could not finish must not spoil this one.
                torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
                raw = f"{chr(10) if torn else ''}{line}\n".encode()
                if os.write(handle, raw) != len(raw):
                    raise OSError("the disk is full")
            finally:
                os.close(handle)

    def take(self) -> None:
        """Take the live file away if it has lines: it is complete from then on."""
        with self._locked():
            if _size(self.live):
                self.live.rename(self._folder / f"{_TAKEN}-{time.time_ns():019d}.jsonl")

    def taken(self) -> list[Path]:
        """Files that were taken away and are not deleted, the oldest first."""
        return sorted(self._folder.glob(f"{_TAKEN}-*.jsonl"))

    def complete(self, *, ended: bool) -> list[Path]:
        """Files of which all refusals are known; `ended` says that Envoy has ended for good."""
        before = time.time_ns() - int(SECONDS_TO_REFUSE * 1e9)
        return [path for path in self.taken() if ended or int(path.stem.rpartition("-")[2]) < before]

    def kept(self, path: Path) -> bytes:
        """The lines of a file that may be kept: none of a call that was refused, whichever file says so."""
        refused = {str(line.get("requestId")) for one in [*self.taken(), self.live] for line in _refusals(one)}
        lines = path.read_bytes().splitlines(keepends=True)
        return b"".join(line for line in lines if not _is_of(line, refused))

    def live_bytes(self) -> int:
        """Bytes of the file that lines are appended to."""
        return _size(self.live)

    def waiting_bytes(self) -> int:
        """Bytes of everything that is not deleted."""
        return sum(_size(path) for path in [self.live, *self.taken()])

    @contextmanager
    def _locked(self) -> Iterator[None]:
        handle = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _refusals(path: Path) -> Iterator[dict[str, Any]]:
    """Lines that say that a call was refused; other lines are long, and not read."""
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        if len(line) < _SHORT:
            with suppress(ValueError):
                said = json.loads(line)
                if isinstance(said, dict) and said.get("part") == REFUSED:
                    yield said


def _is_of(line: bytes, refused: Collection[str]) -> bool:
    """Whether a line belongs to one of these calls, or only says that one was refused."""
    try:
        said = json.loads(line)
    except ValueError:
        return False
    return isinstance(said, dict) and (said.get("part") == REFUSED or said.get("requestId") in refused)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
