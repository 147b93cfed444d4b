"""The files of a base as Git has them: all of them, and nothing that leads out."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.faults import FaultsError
from tests.unit.tools.plan.repository import Repository
from tools.plan.code import PROGRAM
from tools.plan.git import Git


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_the_files_of_a_commit_are_written(repository: Repository, tmp_path: Path) -> None:
    repository.commit("infra/a.py", "2")
    folder = tmp_path / "tree"
    folder.mkdir()
    Git(repository.folder).extract(repository.first, folder, [*PROGRAM, "Pulumi.dev.yaml"])
    assert (folder / "infra" / "a.py").read_text() == "1"
    assert not (folder / "docs").exists()


def test_a_link_of_a_commit_that_leads_out_is_left_out(repository: Repository, tmp_path: Path) -> None:
    """The change that removes it is to have its plan."""
    (repository.folder / "infra" / "out").symlink_to("/etc/hostname")
    (repository.folder / "infra" / "up").symlink_to("../../../x")
    last = repository.commit("infra/a.py", "2")
    folder = tmp_path / "tree"
    folder.mkdir()
    Git(repository.folder).extract(last, folder, PROGRAM)
    assert [path.name for path in (folder / "infra").iterdir()] == ["a.py"]


@pytest.mark.parametrize("lost", ["HEAD^{tree}", "HEAD:infra", "HEAD:infra/a.py"])
def test_what_is_lost_of_a_base_is_told(repository: Repository, tmp_path: Path, lost: str) -> None:
    """Everything would be new without it, and the change's own groups would approve it."""
    name = repository.git("rev-parse", lost)
    repository.commit("infra/a.py", "2")
    (repository.folder / ".git" / "objects" / name[:2] / name[2:]).unlink()
    git, folder = Git(repository.folder), tmp_path / "tree"
    folder.mkdir()

    def ask() -> None:
        git.stacks(repository.first)
        git.program_sum(repository.first, "dev")
        git.extract(repository.first, folder, PROGRAM)

    with pytest.raises(FaultsError, match="git fsck"):
        ask()


def test_what_archives_leave_out_is_written_too(repository: Repository, tmp_path: Path) -> None:
    """An environment would be new without its settings, and those of others would approve it."""
    repository.commit(".gitattributes", "*.yaml export-ignore\ninfra export-ignore\n")
    last = repository.commit("Pulumi.dev.yaml", "1")
    folder = tmp_path / "tree"
    folder.mkdir()
    Git(repository.folder).extract(last, folder, [*PROGRAM, "Pulumi.dev.yaml"])
    assert {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()} == {
        "Pulumi.dev.yaml": "1", "infra/a.py": "1"
    }  # fmt: skip


def test_a_sum_is_the_same_however_a_machine_ends_lines(repository: Repository, tmp_path: Path) -> None:
    repository.git("checkout", "--quiet", "-b", "change")
    repository.commit("Makefile", "a:\n\tb\n")
    (repository.folder / "tools").symlink_to("infra")
    repository.commit("pyproject.toml", "x")
    found = []
    for end, links in (("false", "true"), ("true", "false")):
        folder = tmp_path / f"clone-{end}"
        words = ["--quiet", f"--config=core.autocrlf={end}", f"--config=core.symlinks={links}", "--branch=change"]
        repository.git("clone", *words, ".", str(folder))
        found.append(Git(folder).changed(repository.first))
    assert (tmp_path / "clone-true" / "Makefile").read_bytes() == b"a:\r\n\tb\r\n"
    assert list(found[0]) == ["Makefile", "pyproject.toml", "tools"]
    assert found[0] == found[1]
