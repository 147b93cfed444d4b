"""Copies that may be killed at any moment and run again: what is finished is not copied twice.

A file is written as `<name>.part` and renamed when it is whole; when its bytes have reached the disk, a line in the
journal says so. A large file is flushed by itself, before it is renamed; small ones in batches, behind their renaming.
A file counts as finished only when the journal's size and time are those of the source and of the copy: so after a kill
or a loss of power a file whose bytes may be lost is copied again, and at most one batch of small files is.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from infra.strict_json import parse
from ops.bundle.durable import SMALL_BYTES, Batch
from ops.bundle.entry import Entry, content
from ops.bundle.errors import ToolError
from ops.bundle.hashing import Behind, shared_out
from ops.bundle.progress import Progress
from ops.sums import KEPT_BYTES, THREADS, keep

PART = ".part"


@dataclass(frozen=True, kw_only=True)
class Done:
    """A finished copy: path below the target, bytes, time of the source in nanoseconds, sha256."""

    path: str
    size: int
    mtime_ns: int
    sha256: str


@contextmanager
def alone(work: Path) -> Iterator[None]:
    """Make the folder where it is not there, and keep other runs from it; raise OSError, ToolError where one is there.

    The lock is the folder's own and ends with the process: nothing is left of it.
    """
    work.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(work, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise ToolError(f"{work}: another run is at work in this folder; wait for its end") from None
    finally:
        os.close(descriptor)


@contextmanager
def in_turn(folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Wait until no other import is at work on a catalog's folder, and keep others waiting; raise OSError.

    As with `alone`, the lock ends with the process. It is that of the folder above: whoever writes a file of the
    catalog takes the lock of the folder itself for that moment (`ops.text_file`).
    """
    descriptor = os.open(folder.resolve().parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"{folder}: another import is at work on this catalog; waiting for its end")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class Journal:
    """Finished copies, one JSON line each; a line that was cut off by a kill does not count."""

    def __init__(self, path: Path) -> None:
        """Read what is there; raise OSError."""
        self._path = path
        self._lock = threading.Lock()
        self.done: dict[str, Done] = {}
        text = path.read_bytes() if path.exists() else b""
        for line in text.splitlines():
            try:
                entry = Done(**parse(line))
            except (ValueError, TypeError):
                continue
            self.done[entry.path] = entry
        self._cut = bool(text) and not text.endswith(b"\n")

    def add(self, *entries: Done) -> None:
        """Append a line for each; safe from any thread."""
        lines = b"".join(json.dumps(asdict(entry)).encode() + b"\n" for entry in entries)
        with self._lock, self._path.open("ab") as journal:
            journal.write(b"\n" + lines if self._cut else lines)
            self._cut = False
            self.done |= {entry.path: entry for entry in entries}


@dataclass(frozen=True, kw_only=True)
class Copied:
    """A file that is there now; `again` says that an earlier run had finished it."""

    entry: Entry
    sha256: str
    again: bool


def copy_all(
    entries: Sequence[Entry], target: Path, journal: Journal, progress: Progress, *, threads: int = THREADS
) -> Iterator[Copied]:
    """Copy each entry to `target/<name>` and yield it with its sum; raise OSError, EOFError when a source shrinks.

    Durable are all of them when the last has been taken, in the journal and on the disk.
    """
    batch = Batch[Done](target, lambda entries: journal.add(*entries))
    for folder in {(target / entry.name).parent for entry in entries}:
        folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(threads) as pool:
        try:
            copy = partial(_copy, target=target, journal=journal, batch=batch, progress=progress)
            yield from shared_out(pool, copy, entries)
        except BaseException:
            progress.stop()
            pool.shutdown(cancel_futures=True)
            with contextlib.suppress(OSError):
                batch.flush()  # the next run need not copy them again
            raise
    batch.flush()


def _copy(entry: Entry, *, target: Path, journal: Journal, batch: Batch[Done], progress: Progress) -> Copied:
    path = target / entry.name
    status = entry.path.stat()
    before = journal.done.get(entry.name)
    if before and (before.size, before.mtime_ns) == (entry.size, status.st_mtime_ns) and _is(path, before):
        progress.advance(entry.size, entry.name, skipped=True)
        return Copied(entry=entry, sha256=before.sha256, again=True)
    part = path.with_name(path.name + PART)
    if entry.path == path:  # a tool has put it there already
        sha256 = _stream(entry, None, progress)
    else:
        with part.open("wb") as copy:
            sha256 = _stream(entry, copy, progress)
            copy.flush()
            os.utime(copy.fileno(), ns=(status.st_mtime_ns, status.st_mtime_ns))
            if entry.size > SMALL_BYTES:
                os.fsync(copy.fileno())
        part.replace(path)
        if entry.size >= KEPT_BYTES:
            made = path.lstat()
            keep(made, made, sha256)
    done = Done(path=entry.name, size=entry.size, mtime_ns=status.st_mtime_ns, sha256=sha256)
    if entry.path == path or entry.size > SMALL_BYTES:
        journal.add(done)
    else:
        batch.add(done, entry.size)
    return Copied(entry=entry, sha256=sha256, again=False)


def _stream(entry: Entry, copy: BinaryIO | None, progress: Progress) -> str:
    digest, read = hashlib.sha256(), 0
    with Behind(digest.update) as behind:
        for chunk in content(entry, buffers=Behind.BUFFERS):
            behind.add(chunk)
            if copy is not None:
                copy.write(chunk)
            read += len(chunk)
            progress.advance(len(chunk), entry.name)
    if read != entry.size:
        raise EOFError(entry.name)
    return digest.hexdigest()


def _is(path: Path, done: Done) -> bool:
    try:
        status = path.stat(follow_symlinks=False)
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (done.size, done.mtime_ns)
