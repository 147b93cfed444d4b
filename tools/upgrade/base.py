"""The tree of the commit whose versions are put beside those of the work tree."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.own_file import is_there, remove
from tools.upgrade.errors import UpgradeError

_MAIN = ("origin/main", "main")
_EXAMPLE = "make upgrade-check WITH=main"


@dataclass(frozen=True, kw_only=True)
class Base:
    """A commit, and the folder that holds its files."""

    commit: str
    tree: Path


def base_of(repository: Path, ref: str, folder: Path) -> Base:
    """Lay the files of a commit below `folder`; without a name it is the one where this branch left main.

    Nothing of the repository changes: no work tree is registered, no branch is switched. Raises UpgradeError.
    """
    commit = _commit(repository, ref) if ref else _fork(repository)
    tree = folder / f"base-{commit[:12]}"
    for other in folder.glob("base-*"):
        if other != tree:
            remove(other)
    if not is_there(tree):
        _unpack(repository, commit, tree)
    return Base(commit=commit, tree=tree)


def _commit(repository: Path, ref: str) -> str:
    found = _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if not found:
        raise UpgradeError(f"WITH={ref!r}: is no commit here; rule: a branch, tag or commit; example: {_EXAMPLE}")
    return found


def _fork(repository: Path) -> str:
    for main in _MAIN:
        if found := _git(repository, "merge-base", "HEAD", main):
            return found
    raise UpgradeError(f"there is neither {' nor '.join(_MAIN)} to begin from; name a commit; example: {_EXAMPLE}")


def _unpack(repository: Path, commit: str, tree: Path) -> None:
    fresh = tree.with_name(f".{tree.name}")
    remove(fresh)
    fresh.mkdir(parents=True)
    with subprocess.Popen(["git", "archive", commit], cwd=repository, stdout=subprocess.PIPE) as packed:
        unpacked = subprocess.run(["tar", "-x", "-C", str(fresh)], stdin=packed.stdout, check=False)
    if packed.returncode or unpacked.returncode:
        remove(fresh)
        raise UpgradeError(f"the files of {commit[:12]} cannot be laid below {tree.parent}")
    fresh.rename(tree)


def _git(repository: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=repository, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
