"""One load at a time into a version's folder, whichever node its pod runs on.

A Job that was made anew, or a pod whose node was cut off, may still write when the next load begins. The lock lies on
the volume itself, beside the folder; where the file system has taken it away (a node that was away for long), the token
in it says that another load has come since. On Python 3.9+ and nothing else.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

POLL_SECONDS = 0.5
TELL_SECONDS = 10
_TAKEN = (errno.EWOULDBLOCK, errno.EACCES)


class OvertakenError(Exception):
    """Another load has taken the folder over."""


class Turn:
    """The right to write a folder; `check` raises OvertakenError once another load has it."""

    def __init__(self, lock: Path, token: bytes) -> None:
        """Remember whose turn it is."""
        self._lock, self._token = lock, token

    def check(self) -> None:
        """To be called right before a step that others see."""
        if self._lock.read_bytes() != self._token:
            raise OvertakenError(f"{self._lock}: another load has taken over; this one leaves everything to it")

    def write(self, path: Path, text: str) -> None:
        """Write a file in one step, if the turn still holds."""
        fresh = path.with_name(f"{path.name}.new")
        fresh.unlink(missing_ok=True)
        with fresh.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        self.check()
        fresh.replace(path)


@contextmanager
def turn(folder: Path) -> Iterator[Turn]:
    """Wait until no other load writes `folder`, and keep the others waiting; ends with the process at the latest."""
    lock = folder.with_name(f".{folder.name}.lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o660)
    try:
        _wait(descriptor, folder)
        token = secrets.token_hex(16).encode()
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, token, 0)
        os.fsync(descriptor)
        yield Turn(lock, token)
    finally:
        os.close(descriptor)


def _wait(descriptor: int, folder: Path) -> None:
    start, told = time.monotonic(), -float(TELL_SECONDS)
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
        else:
            return
        waited = time.monotonic() - start
        if waited - told >= TELL_SECONDS:
            told = waited
            print(f"{folder}: another load writes here; waiting, {waited:.0f} s", flush=True)
        time.sleep(POLL_SECONDS)
