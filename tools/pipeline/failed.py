"""How a deploy ends that the engine could not do."""

from __future__ import annotations

from tools.engine import report
from tools.engine.outcome import Outcome
from tools.local.errors import LocalError
from tools.local.screen import Screen


def failed(text: str, outcome: Outcome, screen: Screen) -> LocalError:
    """What the engine said, then `text`, then where everything is."""
    lines = [*report.failure(outcome), f"{text}{screen.everything()}"]
    return LocalError("\n".join(lines).removeprefix("error: "))
