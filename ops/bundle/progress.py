"""Progress for people: one line at most once a second, on standard error."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

_EVERY_SECONDS = 1.0


class StoppedError(Exception):
    """The command was stopped while threads were still at work."""


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


class Progress:
    """Counts bytes of one step, from any thread."""

    def __init__(self, what: str, total_bytes: int, *, quiet: bool = False, say: Callable[[str], None] = _say) -> None:
        """Start the clock; `total_bytes` may be 0."""
        self._what, self._total, self._quiet, self._say = what, total_bytes, quiet, say
        self._start = self._told = time.monotonic()
        self._done = self._skipped = 0
        self._lock = threading.Lock()
        self._stopped = False

    def advance(self, count: int, name: str = "", *, skipped: bool = False) -> None:
        """Add bytes; `skipped` ones were done by an earlier run and do not count as speed.

        Raise StoppedError after `stop`.
        """
        with self._lock:
            if self._stopped:
                raise StoppedError
            self._done += count
            self._skipped += count if skipped else 0
            now = time.monotonic()
            due = not self._quiet and now - self._told >= _EVERY_SECONDS
            if due:
                self._told = now
        if due:
            self._say(self.line(now, name))

    def stop(self) -> None:
        """Make every thread end at its next chunk."""
        self._stopped = True

    def line(self, now: float, name: str = "") -> str:
        """Return what is told: bytes done and in all, speed, time left and passed."""
        elapsed = now - self._start
        rate = (self._done - self._skipped) / elapsed if elapsed > 0 else 0.0
        left = f"{(self._total - self._done) / rate:.0f} s left" if rate > 0 else "time left unknown"
        head = f"{self._what}: {size(self._done)} of {size(self._total)}, {size(rate)}/s, {left}, {elapsed:.0f} s"
        return f"{head}: {name}" if name else head


def size(count: float) -> str:
    """Return a number of bytes as people read it, in powers of 1000."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
