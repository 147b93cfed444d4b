"""Progress of the bench: what has been measured, how far it is, how long it has taken so far."""

from __future__ import annotations

import time

from tools.progress import elapsed_text, say


class Progress:
    """Prints one line for each figure of a part: its number of how many, and the time since the part began."""

    def __init__(self, part: str, steps: int) -> None:
        """Expect `steps` figures of the part."""
        self._part, self._steps, self._told = part, steps, 0
        self._start = time.monotonic()

    def told(self, what: str) -> None:
        """One figure more."""
        self._told += 1
        elapsed = elapsed_text(time.monotonic() - self._start)
        say(f"bench: {self._part} [{self._told}/{self._steps}, {elapsed}] {what}")
