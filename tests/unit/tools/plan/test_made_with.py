"""What else a preview comes from: another of these, and a base is not known."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from tools.plan import made_with as module
from tools.plan.made_with import made_with
from tools.toolchain import Provided


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("repository/tools/plan", "repository/components", "project"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "repository/tools/plan/a.py").write_text("1")
    (tmp_path / "repository/components/restarts.py").write_text("1")
    (tmp_path / "project/requirements.lock").write_text("1")
    monkeypatch.setattr(module, "REPOSITORY", tmp_path / "repository")
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "repository/tools/plan/a.py",
        "repository/tools/plan/new.py",
        "repository/tools/go.mod",
        "repository/components/restarts.py",
        "project/requirements.lock",
        "project/pyproject.toml",
    ],
)
def test_another_file_is_another_sum(places: Path, name: str) -> None:
    before = made_with(places / "project")
    assert made_with(places / "project") == before
    (places / name).write_text("2")
    assert made_with(places / "project") != before


def test_another_engine_or_python_is_another_sum(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {made_with(places / "project")}
    one = Provided(family="pulumi", version="9.9.9", source="path", folder=places)
    monkeypatch.setattr(module, "look_up", lambda name: one)
    found.add(made_with(places / "project"))
    monkeypatch.setattr(platform, "python_version", lambda: "3.99.0")
    found.add(made_with(places / "project"))
    assert len(found) == 3


def test_what_python_compiles_and_where_it_lies_say_nothing(places: Path) -> None:
    before = made_with(places / "project")
    (places / "repository/tools/__pycache__").mkdir()
    (places / "repository/tools/__pycache__/a.pyc").write_text("1")
    assert made_with(places / "project") == before
    (places / "repository").rename(places / "moved")
    module.REPOSITORY = places / "moved"
    assert made_with(places / "project") == before
