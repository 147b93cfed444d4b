"""Reads what the Python processes of a run have written about themselves."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.processes import role_of
from tools.local.workspace import REPOSITORY

HOOK = Path(__file__).resolve().parent / "hook"

_SHORTENED = ("/site-packages/", "/lib/python3.11/")


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """One process: its role, its CPU seconds, and those of functions, their own and with all that they call."""

    role: str
    cpu_seconds: float
    own: Mapping[str, float]
    with_calls: Mapping[str, float]

    def most(self, figures: Mapping[str, float], count: int) -> Sequence[tuple[str, float]]:
        """The functions with the largest figures, their paths shortened."""
        ranked = sorted(figures.items(), key=lambda entry: -entry[1])[:count]
        return [(shortened(name), seconds) for name, seconds in ranked]


def variables(folder: Path) -> dict[str, str]:
    """Variables that make every Python process below write its figures into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    before = os.environ.get("PYTHONPATH")
    return {"KITCHEN_PROFILE_FOLDER": str(folder), "PYTHONPATH": f"{HOOK}:{before}" if before else str(HOOK)}


def read(folder: Path) -> list[Sampled]:
    """The processes that have written something, the busiest first."""
    found = []
    for path in folder.glob("*.json"):
        content = json.loads(path.read_text())
        found.append(
            Sampled(
                role=role_of(f"{content['command']} "),
                cpu_seconds=content["cpuSeconds"],
                own=content["own"],
                with_calls=content["withCalls"],
            )
        )
    return sorted(found, key=lambda entry: -entry.cpu_seconds)


def shortened(name: str) -> str:
    """`path:line:function` with the part of the path that tells one file from another."""
    path, line, function = name.rsplit(":", 2)
    for mark in _SHORTENED:
        path = path.rpartition(mark)[2]
    return f"{path.removeprefix(f'{REPOSITORY}/')}:{line} {function}"
