"""What a plan asks of Git: which commit is the base, what differs from it, and its files."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

from infra.faults import Fault, FaultsError, printable
from tools.plan.code import PROGRAM, is_told, stack_of

_OUTER = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
_BRANCHES = ("GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
"""Where pipelines name the branch that a change is to go to."""

_MAIN = ("origin/main", "main")
_SHALLOW = "must be a commit that the work tree comes from; a shallow clone has few of them (fetch-depth: 0)"

SAID = "infra/catalog"
"""What a program's settings are about, beside their own file."""


class Git:
    """The repository of a project folder."""

    def __init__(self, project: Path) -> None:
        """Nothing is asked."""
        self.project = project

    def head(self) -> str | None:
        """The commit of the work tree; None where something in it is not committed, or where there is none."""
        if self._git("status", "--porcelain", "--untracked-files=normal") != "":
            return None
        return self._git("rev-parse", "--verify", "--quiet", "HEAD")

    def base(self, asked: str | None) -> str | None:
        """The commit that the work tree comes from: of the branch that is asked for, or of the target branch.

        None where nobody names one and no branch `main` is there. Raise FaultsError where the one that is asked for, or
        that a pipeline names, has no commit in common with the work tree: another base would be another change.
        """
        if asked is not None:
            found = None if asked.startswith("-") else self._git("merge-base", "HEAD", f"{asked}^{{commit}}")
            if found is None:
                raise FaultsError(
                    "plan", [Fault(path="--base", value=asked, rule=_SHALLOW, example="--base origin/main")]
                )
            return found
        for variable in _BRANCHES:
            if name := os.environ.get(variable):
                if (found := self._common(f"origin/{name}", name)) is None:
                    raise FaultsError("plan", [Fault(path=variable, value=name, rule=_SHALLOW, example="main")])
                return found
        return self._common(*_MAIN)

    def _common(self, *names: str) -> str | None:
        """Where the work tree left the first of some branches that is there."""
        every = (self._git("merge-base", "HEAD", f"{name}^{{commit}}") for name in names if name[0] != "-")
        return next((commit for commit in every if commit), None)

    def stacks(self, commit: str) -> list[str]:
        """Stacks that have a settings file at a commit, sorted."""
        names = self._names("ls-tree", "--name-only", "-z", commit) or []
        return sorted(filter(None, map(stack_of, names)))

    def program_sum(self, commit: str, stack: str) -> str:
        """A sum of what a stack's resources come from at a commit."""
        paths = [*PROGRAM, settings_file(stack)]
        return hashlib.sha256((self._git("ls-tree", "-r", commit, "--", *paths) or "").encode()).hexdigest()

    def differs(self, commit: str, stack: str) -> bool:
        """Whether the work tree has another program, catalog or settings for a stack than a commit."""
        paths = [*PROGRAM, settings_file(stack)]
        new = self._git("ls-files", "--others", "--exclude-standard", "--", *paths)
        return new != "" or self._git("diff", "--quiet", "--no-ext-diff", commit, "--", *paths) is None

    def changed(self, commit: str) -> dict[str, str]:
        """Files that the work tree has otherwise than a commit and that decide something, by their new sums.

        A sum is of mode and content, so that a link is no file with its text; a file that is gone has an empty one.
        """
        # What `.gitmodules` says of a repository in the repository is part of the change: it hides nothing here.
        told = self._names("diff", "--raw", "-z", "--relative", "--no-renames", "--no-ext-diff",
                           "--ignore-submodules=dirty", commit, "--")  # fmt: skip
        added = self._names("ls-files", "--others", "--exclude-standard", "-z")
        if told is None or added is None:
            rule = "must say what differs"
            raise FaultsError("plan", [Fault(path="git", value=commit, rule=rule, example="git fsck")])
        # `:100644 100755 1f.. 2e.. M`, then the path
        modes = {name: row.split()[1] for row, name in zip(told[::2], told[1::2], strict=True)}
        modes |= {name: self._mode(name) for name in added}
        return {name: self._sum(name, modes[name]) for name in sorted(modes) if is_told(name)}

    def _names(self, *words: str) -> list[str] | None:
        """What git says with `-z`, whatever bytes names are made of; None where it fails."""
        said = self._bytes(*words)
        return None if said is None else [os.fsdecode(part) for part in said.split(b"\0") if part]

    def holds(self, folder: Path) -> bool:
        """Whether Git holds anything in a folder of the project, or a link on the way to it."""
        if not folder.absolute().is_relative_to(self.project.absolute()):
            return False
        place = folder.absolute().relative_to(self.project.absolute())
        names = (self._git("ls-files", "-z", "--", place.parts[0]) or "").split("\0") if place.parts else []
        held = [Path(name) for name in names if name]
        return any(one.is_relative_to(place) or place.is_relative_to(one) for one in held)

    def _mode(self, name: str) -> str:
        """As Git would write it."""
        path = self.project / name
        return "120000" if path.is_symlink() else "100755" if os.access(path, os.X_OK) else "100644"

    def _sum(self, name: str, mode: str) -> str:
        path = self.project / name
        if path.is_symlink():
            content = os.fsencode(path.readlink())
        elif path.is_file():
            content = path.read_bytes()
        elif path.is_dir():  # a repository in the repository: what it is at
            content = (self._git("ls-files", "--stage", "--", name) or "").encode()
        else:
            return ""
        return hashlib.sha256(f"{mode} ".encode() + content).hexdigest()

    def extract(self, commit: str, folder: Path, paths: Sequence[str]) -> None:
        """Write those of some files and folders that a commit has into a folder."""
        there = self._names("ls-tree", "--name-only", "-z", commit, "--", *paths) or []
        packed = self._bytes("archive", "--format=tar", commit, "--", *there) if there else None
        if packed is not None:
            with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
                archive.extractall(folder, filter="data")

    def _git(self, *words: str) -> str | None:
        """What git says; None where it fails."""
        said = self._bytes(*words)
        return None if said is None else said.decode("utf-8", "replace").strip()

    def _bytes(self, *words: str) -> bytes | None:
        env = {key: value for key, value in os.environ.items() if key not in _OUTER} | {"LC_ALL": "C"}
        try:
            done = subprocess.run(
                ["git", *words], cwd=self.project, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False
            )
        except FileNotFoundError:
            rule = "git must be on the PATH: it holds what the change is compared with"
            raise FaultsError(
                "plan", [Fault(path="git", value=printable(str(self.project)), rule=rule, example="git")]
            ) from None
        return done.stdout if done.returncode == 0 else None


def settings_file(stack: str) -> str:
    """The name of a stack's settings file."""
    return f"Pulumi.{stack}.yaml"
