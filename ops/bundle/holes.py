"""Sparse files: what was never written reads as zeros, as fast as memory and as long as its size says.

A download that reserves its space, or a made archive of a terabyte that takes a block, is told before it is read.
"""

from __future__ import annotations

import os
from pathlib import Path

from infra.faults import Fault

_LEAST = 1024 * 1024
"""Smaller holes are zeros that a file system has left out: some do so with any zeros."""

_SHARE = 20
"""A hole counts from a twentieth of the file on."""


def hole_fault(path: Path, status: os.stat_result, shown: str) -> Fault | None:
    """The fault of a file of which much was never written; None for others, and where the system does not tell.

    Raise OSError. `status.st_blocks` (of 512 bytes) decides whether the file is opened at all: compressed files have
    fewer blocks, and no holes.
    """
    if status.st_size < _LEAST or status.st_blocks * 512 > status.st_size - max(_LEAST, status.st_size // _SHARE):
        return None
    hole = _hole_bytes(path, status.st_size)
    if hole < max(_LEAST, status.st_size // _SHARE):
        return None
    rule = f"{hole} of its bytes were never written (it is sparse): is it a download or copy that did not end?"
    example = "the whole file; cp --sparse=never if the zeros are meant"
    return Fault(path=shown, value=f"{status.st_size} bytes", rule=rule, example=example)


def _hole_bytes(path: Path, size: int) -> int:
    """The sum of a file's holes, as lseek(2) tells them (SEEK_HOLE, SEEK_DATA)."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        found = position = 0
        while position < size:
            try:
                begin = os.lseek(descriptor, position, os.SEEK_DATA)
            except OSError:  # no data behind this place (ENXIO), or a system that does not tell
                return found + size - position if position or os.lseek(descriptor, 0, os.SEEK_HOLE) == 0 else 0
            found += begin - position
            position = os.lseek(descriptor, begin, os.SEEK_HOLE)
    finally:
        os.close(descriptor)
    return found
