"""The local commands that need no cluster, without an engine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tools.engine.outcome import Outcome
from tools.local import offline
from tools.local.workspace import Workspace


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Mapping[str, str]]]:
    """Engine commands that were given, with what they add to the environment."""
    found: list[tuple[str, Mapping[str, str]]] = []

    def run(
        _: Workspace, command: str, *_options: str, extra: Mapping[str, str] | None = None, **_more: Any
    ) -> Outcome:
        found.append((command, extra or {}))
        return Outcome(status=0)

    monkeypatch.setattr(Workspace, "run", run)
    monkeypatch.setattr(Workspace, "prepare", lambda *_: None)
    # It reads the settings file that `prepare` would have written; tests/engine have it.
    monkeypatch.setattr(offline, "write_monitoring", lambda *_: [])
    return found


def test_a_render_writes_its_state_once(tmp_path: Path, calls: list[tuple[str, Mapping[str, str]]]) -> None:
    offline.render("dev", tmp_path)
    assert calls == [("up", {"PULUMI_SKIP_CHECKPOINTS": "true"})]


def test_a_render_begins_with_nothing(tmp_path: Path, calls: list[tuple[str, Mapping[str, str]]]) -> None:
    """So what a killed one left, which has no state, is of no use to anybody."""
    for left in (tmp_path / "rendered" / "dev" / "old.yaml", tmp_path / "render" / "dev" / "state" / "half.json"):
        left.parent.mkdir(parents=True)
        left.write_text("half")
    offline.render("dev", tmp_path)
    assert {path.parent.name for path in tmp_path.rglob("*") if path.is_file()} == {"logs"}
    assert len(calls) == 1
