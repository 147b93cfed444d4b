"""A plan goes on where its folder cannot be used, and says so in one line."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from infra.faults import FaultsError
from tools.plan.cache import BaseCache
from tools.plan.goal import Goal
from tools.plan.place import place


def test_a_folder_that_can_be_used_is_the_place(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with place(tmp_path / "k") as found:
        assert found == tmp_path / "k"
        assert (found / "plan" / "cache").is_dir()
    assert (tmp_path / "k" / "plan").stat().st_mode & 0o777 == 0o700
    with place(tmp_path / "k"):
        pass
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("path", ["k", "k/plan", "k/plan/cache", "k/plan/dev-head", "k/logs"])
@pytest.mark.parametrize("kind", ["file", "link to nothing", "link to itself"])
def test_one_that_is_none_is_said_and_another_is_taken(
    path: str, kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    name = tmp_path / path
    name.parent.mkdir(parents=True, exist_ok=True)
    if kind == "file":
        name.write_text("x")
    else:
        name.symlink_to("nowhere/at/all" if kind == "link to nothing" else name.name)
    with place(tmp_path / "k") as found:
        assert not found.is_relative_to(tmp_path / "k")
        assert (found / "plan").is_dir()
    assert not found.exists()
    assert name.is_symlink() or name.read_text() == "x"
    (line,) = capfd.readouterr().err.splitlines()
    assert str(name) in line
    assert "goes on without what earlier ones have kept" in line
    assert "KITCHEN_DIRECTORY=" in line


def test_a_folder_that_may_not_be_written_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """As for another account than the one that made it; whoever runs the tests may be allowed everything."""
    kept = tmp_path / "k" / "plan" / "dev-head"
    kept.mkdir(parents=True)
    real = tempfile.TemporaryFile

    def refused(*, dir: Path) -> object:
        if Path(dir) == kept:
            raise PermissionError(13, "Permission denied", str(dir))
        return real(dir=dir)

    monkeypatch.setattr(tempfile, "TemporaryFile", refused)
    with place(tmp_path / "k") as found:
        assert found != tmp_path / "k"
    assert f"{kept}: cannot be used (Permission denied)" in capfd.readouterr().err


def test_without_any_folder_there_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "k").write_text("x")

    def none(**_: object) -> object:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", none)
    with pytest.raises(FaultsError, match=r"TMPDIR.*must name a folder that can be written to"), place(tmp_path / "k"):
        pytest.fail("there is none")


def test_what_cannot_be_kept_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cache").write_text("x")
    cache = BaseCache(tmp_path / "cache")
    cache.write("dev", "a" * 32, Goal())
    assert cache.read("dev", "a" * 32) is None
    (line,) = capfd.readouterr().err.splitlines()
    assert "what this plan has found is not kept: " in line
