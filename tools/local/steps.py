"""Progress of a long command: which step, how far, how long."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager


class Steps:
    """Prints one line at the start and end of every step on stderr."""

    def __init__(self, total: int, tell: Callable[[str], None] | None = None) -> None:
        """Expect `total` steps; each one's title goes to `tell` as well."""
        self._total = total
        self._tell = tell
        self._done = 0
        self._start = time.monotonic()

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Frame one step; one that fails is not reported as done. What follows a colon is told once, at the start."""
        self._done += 1
        head = f"[{self._done}/{self._total}]"
        started = time.monotonic()
        if self._tell:
            self._tell(f"{head} {title.partition(':')[0]}")
        say(f"{head} {title} ...")
        yield
        took, every = time.monotonic() - started, time.monotonic() - self._start
        say(f"{head} {title.partition(':')[0]}: done ({took:.0f}s, {every:.0f}s in all)")


def say(line: str) -> None:
    """Print a line of progress on stderr at once."""
    print(line, file=sys.stderr, flush=True)


def table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Lay out rows in columns as wide as their longest cell."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
