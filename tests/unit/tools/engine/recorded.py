"""Runs of the real engine out of `recordings/` (tests/engine/support/recordings.py)."""

from __future__ import annotations

from pathlib import Path

from tests.support.lines import json_lines
from tools.engine.outcome import Outcome

FOLDER = Path(__file__).parent / "recordings"


def outcome(name: str, status: int = 0) -> Outcome:
    """What the engine's events of a recording tell."""
    found = Outcome()
    for event in json_lines(FOLDER / f"{name}.jsonl"):
        found.take(event)
    found.status = status
    return found
