"""Archives that several runs would write, or that are there already."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from ops.__main__ import main
from tests.support import bundle_tools as tools


def words(folder: Path, target: str, ref: str = tools.FAQ) -> list[str]:
    listed = tools.bring_in(folder, tools.entry("adapter", ref))
    made = folder / "artifacts"
    source = made if made.exists() else tools.artifacts(folder)
    options = ["--list", str(listed), "--from", str(source), "--to", str(folder / target)]
    return ["bundle", "create", *options, "--archive", str(folder / "a.tar"), "--unsigned"]


def killed_behind_its_archive(folder: Path) -> None:
    """What a run leaves that was killed after the archive was written and before the folder got its name."""
    (folder / "one").rename(folder / "one.partial")


def test_an_archive_that_another_run_writes_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    part = tmp_path / "a.tar.part"
    with part.open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        other.write(b"half of it")
        other.flush()
        assert main(words(tmp_path, "one")) == 1
        assert part.read_bytes() == b"half of it"
    assert "another run writes this archive; wait for its end" in capsys.readouterr().err
    assert main(words(tmp_path, "one")) == 0, "what a kill has left blocks nobody"
    assert not part.exists()
    assert main(["bundle", "verify", str(tmp_path / "a.tar"), "--unsigned"]) == 0


def test_an_archive_of_another_bundle_is_never_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(tmp_path, "one")) == 0
    before = (tmp_path / "a.tar").read_bytes()
    (tmp_path / "two.partial").mkdir()  # begun before, as by a run that was killed
    other = next(path for path in (tmp_path / "artifacts" / "lora").glob("*/*") if not str(path).endswith(tools.FAQ))
    ref = other.relative_to(tmp_path / "artifacts" / "lora").as_posix()
    capsys.readouterr()
    assert main(words(tmp_path, "two", ref)) == 2
    assert "--archive" in (told := capsys.readouterr().err)
    assert "it is another bundle's, and a bundle is never changed" in told
    assert (tmp_path / "a.tar").read_bytes() == before
    assert not (tmp_path / "a.tar.part").exists()


def test_a_run_that_was_killed_behind_its_archive_goes_on(tmp_path: Path) -> None:
    assert main(words(tmp_path, "one")) == 0
    before = (tmp_path / "a.tar").read_bytes()
    killed_behind_its_archive(tmp_path)
    assert main(words(tmp_path, "one")) == 0
    assert (tmp_path / "a.tar").read_bytes() == before
