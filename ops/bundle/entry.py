"""The files of a bundle as they are read: where the bytes of each lie, in a folder or within an archive."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from infra.faults import MISSING, Fault

CHUNK_BYTES = 512 * 1024
"""What is read is hashed and written from the processor's own cache: pieces of a MiB cost a third more of its time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A file's bytes: `size` of them in `path` from `offset` on."""

    name: str
    path: Path
    size: int
    offset: int = 0


@dataclass(kw_only=True)
class Source:
    """The files of a bundle by name, and what was wrong with their kinds and names already.

    `broken`: the listing ends before the bundle does.
    """

    where: Path
    archive: bool
    broken: bool = False
    entries: dict[str, Entry] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def content(entry: Entry, *, buffers: int = 1) -> Iterator[memoryview]:
    """Yield the bytes of an entry in chunks, each valid until so many more have been asked for; raise OSError.

    Yield fewer than `size` when the file has become shorter.
    """
    views = cycle([memoryview(bytearray(min(CHUNK_BYTES, max(entry.size, 1)))) for _ in range(buffers)])
    descriptor = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        position, end = entry.offset, entry.offset + entry.size
        while position < end:
            view = next(views)
            count = os.preadv(descriptor, [view[: end - position]], position)
            if count == 0:
                return
            yield view[:count]
            position += count
    finally:
        os.close(descriptor)


def small(entry: Entry, limit: int) -> bytes | None:
    """Return the bytes of an entry, or None when it is larger than `limit`; raise OSError."""
    return None if entry.size > limit else b"".join(bytes(chunk) for chunk in content(entry))


def missing(name: str, rule: str) -> Fault:
    """Return the fault of a file that is not there."""
    return Fault(path=name, value=MISSING, rule=rule, example=name)
