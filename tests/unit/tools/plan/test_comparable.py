"""What Git would not compare is refused, each with its way out."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.faults import FaultsError
from tools.local.workspace import REPOSITORY
from tools.plan.comparable import faults
from tools.plan.git import Git
from tools.plan.making import Asked, report_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("infra/a.py", "docs/a.md", "tests/a.py", "Makefile", "Pulumi.dev.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1")
    (tmp_path / "infra/.venv").symlink_to("../.venv")
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    git(tmp_path, "add", "--all")
    who = ["-c", "user.name=dana", "-c", "user.email=dana@example.com"]
    git(tmp_path, *who, "commit", "--quiet", "--message=x")
    return tmp_path


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True)


def _linked(name: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to("docs/a.md")
        git(folder, "add", "--all")

    return make


def _inner(folder: Path) -> None:
    (folder / "infra/part").mkdir()
    git(folder / "infra/part", "init", "--quiet")
    (folder / "infra/part/a.py").write_text("1")


def _told(word: str, name: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        git(folder, "update-index", word, name)
        (folder / name).write_text("2")

    return make


CASES = {
    "linked-settings": (_linked("Pulumi.dev.yaml"), ["Pulumi.dev.yaml"]),
    "linked-module": (_linked("infra/b.py"), ["infra/b.py"]),
    "repository": (_inner, ["infra/part/"]),
    "assumed": (_told("--assume-unchanged", "Pulumi.dev.yaml"), ["Pulumi.dev.yaml"]),
    "skipped": (_told("--skip-worktree", "Makefile"), ["Makefile"]),
    "page": (_told("--assume-unchanged", "docs/a.md"), []),
    "linked-page": (_linked("docs/b.md"), []),
    "nothing": (lambda folder: None, []),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_named(folder: Path, case: str) -> None:
    make, names = CASES[case]
    make(folder)
    found = list(faults(Git(folder)))
    assert [fault.value for fault in found] == names
    if names:
        with pytest.raises(FaultsError, match=names[0]):
            report_of(["dev"], Asked(project=folder, directory=folder / "k"))


def test_what_a_sparse_clone_leaves_out_is_as_it_was(folder: Path) -> None:
    git(folder, "update-index", "--skip-worktree", "Makefile")
    (folder / "Makefile").unlink()
    assert list(faults(Git(folder))) == []


def test_this_repository_has_nothing_of_the_kind() -> None:
    assert list(faults(Git(REPOSITORY))) == []
