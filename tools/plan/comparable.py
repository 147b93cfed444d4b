"""What Git would not compare, though a program is made of it: refused, as a change there would be told to nobody."""

from __future__ import annotations

from collections.abc import Iterator

from infra.faults import Fault, printable
from tools.plan.code import NOTHING, is_program, kind_of, stack_of
from tools.plan.git import Git

_ENVIRONMENT = "infra/.venv"
"""The one link: by it the engine finds the packages."""


def faults(git: Git) -> Iterator[Fault]:
    """Links, repositories in the repository, and files that Git has been told to take for unchanged."""
    for name in git.files():
        path = git.project / name
        if name == _ENVIRONMENT or not (is_program(name) or stack_of(name)):
            continue
        if path.is_symlink():
            yield _fault(name, "must be a file: what a link leads to is compared with nothing", "git rm")
        elif path.is_dir():
            yield _fault(name, "must hold files of this repository: those of another one are not compared", "git rm")
    for name in git.unwatched():
        if kind_of(name) != NOTHING and (git.project / name).is_file():
            yield _fault(
                name,
                "must be compared: Git has been told to take it for unchanged",
                "git update-index --no-assume-unchanged --no-skip-worktree",
            )


def _fault(name: str, rule: str, way: str) -> Fault:
    return Fault(path="work tree", value=printable(name), rule=rule, example=f"{way} {printable(name)}")
