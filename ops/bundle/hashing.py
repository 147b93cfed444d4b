"""Sums of many files at once: hashing releases the interpreter, so threads use every core."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from ops.bundle.entry import CHUNK_BYTES, Entry, content
from ops.bundle.progress import Progress
from ops.sums import THREADS, keep

ALONE_BYTES = 64 * 1024
"""A file up to this is read sooner than handed to a thread."""

Result = TypeVar("Result")


class Behind:
    """Makes a sum of pieces in a thread of its own, while whoever adds them writes or reads; use it as a context.

    At its end all pieces were taken. A file of one piece needs no thread, and gets none.
    """

    BUFFERS = 4
    """A piece must stay as it is until so many more have been added."""

    def __init__(self, take: Callable[[memoryview], None]) -> None:
        """`take` is called with each piece, in order."""
        self._take = take
        self._pool: ThreadPoolExecutor | None = None
        self._waiting = deque[Future[None]]()

    def __enter__(self) -> Behind:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Wait for the last piece."""
        if self._pool is not None:
            self._pool.shutdown()
        for job in self._waiting:
            job.result()

    def add(self, piece: memoryview) -> None:
        """Take a piece, once there is room for it."""
        if len(piece) < CHUNK_BYTES and not self._waiting:
            self._take(piece)
            return
        self._pool = self._pool or ThreadPoolExecutor(1)
        if len(self._waiting) == self.BUFFERS - 1:
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(self._take, piece))


def shared_out(pool: Executor, work: Callable[[Entry], Result], entries: Sequence[Entry]) -> Iterator[Result]:
    """Yield what `work` makes of each entry, in order: of large ones in the pool, meanwhile of small ones here.

    Threads that each take a lock and give it up for a few bytes wait for each other most of the time.
    """
    large = {entry.name: pool.submit(work, entry) for entry in entries if entry.size > ALONE_BYTES}
    small = {entry.name: work(entry) for entry in entries if entry.size <= ALONE_BYTES}
    for entry in entries:
        yield large[entry.name].result() if entry.name in large else small[entry.name]


def sums(entries: Iterable[Entry], progress: Progress) -> Iterator[tuple[Entry, str | OSError]]:
    """Yield each entry with its sha256 sum, or with what kept it from being read, in order.

    Every byte is read. The sums of large files are kept (`ops.sums`) for what this run does with them next.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            # Largest first, so that one of them does not run alone at the end.
            ordered = sorted(entries, key=lambda entry: -entry.size)
            yield from shared_out(pool, partial(_sum, progress=progress), ordered)
        except BaseException:
            progress.stop()
            pool.shutdown(cancel_futures=True)
            raise


def _sum(entry: Entry, progress: Progress) -> tuple[Entry, str | OSError]:
    digest = hashlib.sha256()
    try:
        before = entry.path.lstat()
        for chunk in content(entry):
            digest.update(chunk)
            progress.advance(len(chunk), entry.name)
        found = digest.hexdigest()
        if entry.size == before.st_size:
            keep(before, entry.path.lstat(), found)
    except OSError as error:
        return entry, error
    return entry, found
