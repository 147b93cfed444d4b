"""How far a run of the engine is, and what it waits for when nothing moves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tools.engine.change import SAME, Change
from tools.engine.outcome import Outcome
from tools.engine.words import some

QUIET_SECONDS = 5.0
"""After so long without an event, what is waited for is told."""
PROVIDER_LIMIT = "at most 10 min each"
"""How long the Kubernetes provider waits for an object (provider/pkg/await); 5 minutes for a claim."""
_FEW = 3
_MOST_REASONS = 10
"""Reasons that one run tells: some change their words all the time."""


class Pace:
    """Takes an outcome after each event and says, at any time, how far it is."""

    def __init__(
        self,
        expected: int | None = None,
        *,
        reasons: Callable[[], list[str]] | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        """`expected` changes are known from a preview.

        `reasons` looks at the cluster for why something waits; each one is given to `tell`, once.
        """
        self._expected = expected
        self._reasons = reasons
        self._tell = tell
        self._told: set[str] = set()
        self._outcome: Outcome | None = None
        self._moves: tuple[int, ...] = ()
        self._moved = time.monotonic()
        self._asked = 0.0
        self._asking: threading.Thread | None = None

    def take(self, outcome: Outcome) -> None:
        """Note that something moved; an ephemeral message of a provider that waits is no move."""
        moves = _moves(outcome)
        if moves != self._moves:
            self._moved = time.monotonic()
        self._outcome, self._moves = outcome, moves

    def __str__(self) -> str:
        """Return such as `47 of 101`, with what is waited for where nothing has moved for some seconds."""
        if self._outcome is None:
            return "starts"
        parts = [_count(self._outcome, self._expected)]
        if time.monotonic() - self._moved >= QUIET_SECONDS and (waited := self._waited(self._outcome)):
            parts.append(waited)
        return "; ".join(parts)

    def _waited(self, outcome: Outcome) -> str:
        open_ = in_work(outcome)
        if not open_:
            return ""
        self._ask_beside()
        why = next((text.splitlines()[0] for change in open_ if (text := outcome.waits.get(change.urn))), "")
        return f"waiting for {some(map(str, open_), _FEW)}, {PROVIDER_LIMIT}" + (f": {why}" if why else "")

    def _ask_beside(self) -> None:
        """Look at the cluster every few seconds, beside everything else."""
        is_asking = self._asking is not None and self._asking.is_alive()
        if self._reasons and not is_asking and time.monotonic() - self._asked >= QUIET_SECONDS:
            self._asked = time.monotonic()
            self._asking = threading.Thread(target=self._ask, args=(self._reasons,), daemon=True)
            self._asking.start()

    def _ask(self, reasons: Callable[[], list[str]]) -> None:
        for reason in reasons()[:_FEW]:
            if self._tell and reason not in self._told and len(self._told) < _MOST_REASONS:
                self._told.add(reason)
                self._tell(reason)


def in_work(outcome: Outcome) -> list[Change]:
    """Objects whose change has begun and not ended."""
    ended = {change.urn for change in (*outcome.done, *outcome.failed)}
    return [c for c in outcome.started if c.is_object and c.operation != SAME and c.urn not in ended]


def _moves(outcome: Outcome) -> tuple[int, ...]:
    return len(outcome.started), len(outcome.done), len(outcome.failed), len(outcome.messages)


def _count(outcome: Outcome, expected: int | None) -> str:
    done = sum(change.is_object and change.operation != SAME for change in outcome.done)
    seen = sum(change.is_object for change in outcome.started)
    if expected == 0:
        return "nothing to change"
    return f"{done} of {expected}" if expected is not None else f"{seen} objects seen"
