"""What earlier plans have found of a base: its reduced resources, by a sum of what they come from."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tools.damaged_error import DamagedError
from tools.engine.outcome import Message, Outcome, Violation
from tools.local.logs import shown
from tools.own_file import read_json, remove, write
from tools.own_form import each, flag, number, record, rows
from tools.plan.goal import Goal
from tools.plan.planned import planned_from
from tools.progress import note

_KEPT = 16
_VERSION = 3
"""Another form of the resources, or another way to sum them up, is another version."""


def _text(value: Any) -> str:
    """A text, which may be empty."""
    return "" if isinstance(value, str) else "must be a text"


_RESOURCE = record({
    **dict.fromkeys(("type", "name", "parent", "namespace", "called", "manner"), _text),
    "protected": flag,
    "leaves": each(_text),
    "pods": each(_text),
    "images": rows(_text),
})  # fmt: skip
_FORM = record({
    "version": number(1, 2**31),
    "status": number(0, 0),
    "judged": flag,
    "resources": each(_RESOURCE),
    "messages": rows(record(dict.fromkeys(("severity", "text", "urn"), _text))),
    "violations": rows(record(dict.fromkeys(("policy", "level", "urn", "text"), _text))),
})  # fmt: skip


class BaseCache:
    """A folder of files that their owner alone may read; they hold paths and sums, and no values."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read."""
        self._folder = folder
        self._lock = threading.Lock()

    def read(self, stack: str, key: str) -> Goal | None:
        """What is known of a base; None where it is not known, or where its file cannot be read."""
        path = self._path(stack, key)
        try:
            found: dict[str, Any] = read_json(path, _FORM)
        except FileNotFoundError:
            return None
        except DamagedError:
            with suppress(OSError):
                remove(path)
            return None
        return _goal(found) if found["version"] == _VERSION else None

    def write(self, stack: str, key: str, goal: Goal) -> None:
        """Keep it; of older ones the newest stay. What cannot be kept is said, and costs the next plan its time."""
        try:
            self._write(stack, key, goal)
        except OSError as error:
            note(f"{shown(self._folder)}: what this plan has found is not kept: {error.strerror}")

    def _write(self, stack: str, key: str, goal: Goal) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = {
            "version": _VERSION,
            "status": 0,  # none but a preview that ended well is kept
            "judged": goal.judged,
            "resources": {urn: one.as_json() for urn, one in goal.after.items()},
            "messages": [asdict(one) for one in goal.outcome.messages if one.severity == "warning"],
            "violations": [asdict(one) for one in goal.outcome.violations],
        }
        with self._lock:
            write(self._path(stack, key), json.dumps(content))
            files = sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
            for path in files[:-_KEPT]:
                remove(path)

    def _path(self, stack: str, key: str) -> Path:
        return self._folder / f"{stack}-{key[:32]}.json"


def _goal(found: dict[str, Any]) -> Goal:
    outcome = Outcome(status=found["status"], is_complete=True)
    outcome.messages = [Message(**entry) for entry in found["messages"]]
    outcome.violations = [Violation(**entry) for entry in found["violations"]]
    resources = {urn: planned_from(entry) for urn, entry in found["resources"].items()}
    return Goal(after=resources, outcome=outcome, judged=found["judged"])
