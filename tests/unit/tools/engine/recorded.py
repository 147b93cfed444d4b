"""Runs of the real engine out of `recordings/` (tests/engine/support/recordings.py)."""

from __future__ import annotations

import json
from pathlib import Path

from tools.engine.outcome import Outcome

FOLDER = Path(__file__).parent / "recordings"


def outcome(name: str, status: int = 0) -> Outcome:
    """What the engine's events of a recording tell."""
    found = Outcome()
    for line in (FOLDER / f"{name}.jsonl").read_text().splitlines():
        found.take(json.loads(line))
    found.status = status
    return found
