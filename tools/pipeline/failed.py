"""How a deploy ends that the engine could not do."""

from __future__ import annotations

from tools.engine import report
from tools.engine.outcome import Outcome
from tools.local.errors import LocalError
from tools.local.screen import Screen

_LOCKED = "currently locked by"
"""The engine's words where another run has the stack."""


class LockedError(LocalError):
    """Another run is at work on the stack; `str()` names it, as the engine does."""


class UnfinishedError(LocalError):
    """The update is done, and a kitchen is not Ready, or something is left to a person."""


def failed(text: str, outcome: Outcome, screen: Screen) -> LocalError:
    """What the engine said, then `text`, then where everything is."""
    lines = [*report.failure(outcome), f"{text}{screen.everything()}"]
    said = [*(message.text for message in outcome.errors()), *outcome.last_words]
    kind = LockedError if any(_LOCKED in line for line in said) else LocalError
    return kind("\n".join(lines).removeprefix("error: "))
