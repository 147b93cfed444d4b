"""Many small files made durable at once: one flush of their file system for a batch, in place of one a file."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Generic, TypeVar

SMALL_BYTES = 256 * 1024
"""A file up to this goes into a batch; a larger one is flushed by itself, for its bytes take longer than the flush."""

MOST_FILES = 500
MOST_BYTES = 64 * 1024 * 1024

Item = TypeVar("Item")


class Batch(Generic[Item]):
    """Files that are written and not yet known to be on the disk; safe from any thread.

    Guaranteed: `done` gets an item only when the bytes and the name of its file have reached the disk. A kill or a loss
    of power before that loses the items of one batch, never more.
    """

    def __init__(self, folder: Path, done: Callable[[Sequence[Item]], None]) -> None:
        """`folder` is one of the file system that all files lie on."""
        self._folder, self._done = folder, done
        self._lock = threading.Lock()
        self._items: list[Item] = []
        self._bytes = 0

    def add(self, item: Item, size: int) -> None:
        """Add a file that is written under its name; the one that fills the batch flushes it. Raise OSError."""
        with self._lock:
            self._items.append(item)
            self._bytes += size
            full = len(self._items) >= MOST_FILES or self._bytes >= MOST_BYTES
        if full:
            self.flush()

    def flush(self) -> None:
        """Bring all to the disk; raise OSError, then none of them counts."""
        with self._lock:
            items, self._items, self._bytes = self._items, [], 0
        if items:
            flush_file_system(self._folder)
            self._done(items)


def flush_file_system(folder: Path) -> None:
    """Wait until everything that was written to the file system of a folder is on its disk; raise OSError.

    By syncfs(2), which tells of errors of writing since Linux 5.8; where there is none, by sync(2) of all.
    """
    call = _syncfs()
    if call is None:
        os.sync()
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if call(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(descriptor)


@cache
def _syncfs() -> Callable[[int], int] | None:
    try:
        found = ctypes.CDLL(None, use_errno=True).syncfs
    except (OSError, AttributeError):
        return None
    found.argtypes, found.restype = [ctypes.c_int], ctypes.c_int
    call: Callable[[int], int] = found
    return call
