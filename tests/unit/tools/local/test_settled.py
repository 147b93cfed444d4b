"""When an update is left out: only after the very same one, and only where the preview shows no change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.tools.engine.recorded import outcome
from tools.engine.journal import Journal
from tools.engine.outcome import Outcome
from tools.local import settled
from tools.local.settled import is_settled, settle, unsettle
from tools.local.workspace import Workspace

SAME = outcome("unchanged")


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    program = tmp_path / "program"
    (program / "infra" / "catalog").mkdir(parents=True)
    (program / "components").mkdir()
    for name in ("Pulumi.yaml", "requirements.lock", "infra/a.py", "infra/catalog/a.yaml", "components/a.py"):
        (program / name).write_text(f"name: {name}\n")
    monkeypatch.setattr(settled, "REPOSITORY", program)
    workspace = Workspace(tmp_path / "local", "dev", None, program)
    workspace.state_file.parent.mkdir(parents=True)
    workspace.state_file.write_text("{}")
    workspace.config_file.write_text("config: {b: c, d: [e], n: 3, t: true}\n")
    settle(workspace)
    return workspace


def test_after_the_very_same_update_the_next_is_left_out(made: Workspace) -> None:
    assert is_settled(made, SAME)
    assert is_settled(made, SAME), "asking changes nothing"


@pytest.mark.parametrize("recording", ["first", "adapters"])
def test_a_preview_with_a_change_is_followed_by_an_update(recording: str, made: Workspace) -> None:
    assert not is_settled(made, outcome(recording))


def test_a_preview_that_failed_or_was_cut_says_nothing(made: Workspace) -> None:
    assert not is_settled(made, Outcome(status=255, is_complete=True))
    assert not is_settled(made, Outcome(status=0, is_complete=False))


HARMS: dict[str, Callable[[Workspace], object]] = {
    "state": lambda made: made.state_file.write_text("{ }"),
    "settings": lambda made: made.config_file.write_text("config: {a: b}\n"),
    "program": lambda made: (made.project / "infra" / "a.py").write_text("other\n"),
    "catalog": lambda made: (made.project / "infra" / "catalog" / "a.yaml").write_text("other\n"),
    "new file": lambda made: (made.project / "components" / "b.py").write_text("\n"),
    "file gone": lambda made: (made.project / "components" / "a.py").unlink(),
    "packages": lambda made: (made.project / "requirements.lock").write_text("other\n"),
    "no state": lambda made: made.state_file.unlink(),
    "an update that began": unsettle,
    "damage": lambda made: (made.folder / "settled").write_bytes(b""),
    "a folder in its place": lambda made: ((made.folder / "settled").unlink(), (made.folder / "settled").mkdir()),
    "an update that was killed": lambda made: made.journal.write(
        Journal(since="2026-01-01T00:00:00+00:00", before="t")
    ),
}


@pytest.mark.parametrize("harm", HARMS)
def test_anything_else_is_followed_by_an_update(harm: str, made: Workspace) -> None:
    HARMS[harm](made)
    assert not is_settled(made, SAME)


def test_settings_in_another_form_are_no_change(made: Workspace) -> None:
    made.config_file.write_text('config:\n  d:\n    - e\n  b: c\n  n: "3"\n  t: "true"\n')
    assert is_settled(made, SAME)


def test_what_python_caches_is_no_change(made: Workspace) -> None:
    cache = made.project / "infra" / "__pycache__"
    cache.mkdir()
    (cache / "a.pyc").write_bytes(b"x")
    assert is_settled(made, SAME)
