"""What commands ask of git, through its command."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from infra.faults import Fault, FaultsError, printable

_SECONDS = 60
_OUTER = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")


class GitError(Exception):
    """git is not there, or refused; `str()` is its own last line."""


@dataclass(frozen=True, kw_only=True)
class Revision:
    """A commit: its whole name, and date and subject on one line."""

    commit: str
    title: str

    @property
    def short(self) -> str:
        """The name as people write it."""
        return self.commit[:12]


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A commit's whole name, and when it was made, in seconds since 1970."""

    commit: str
    seconds: int


class Repository:
    """The repository that a file lies in; raise FaultsError where it lies in none."""

    def __init__(self, path: Path, source: str = "rollback") -> None:
        """Find the repository of `path`, which must be a file; faults are those of the command `source`."""
        self.path, self._source = path.resolve(), source
        try:
            self.root = Path(self._git("rev-parse", "--show-toplevel").strip()).resolve()
        except GitError as error:
            rule = f"must lie in a git repository: {error}"
            raise self._faults("--settings", str(path), rule, "a clone of your repository") from None

    def revision(self, name: str) -> Revision:
        """The commit that a name stands for; raise FaultsError where there is none."""
        try:
            commit = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").strip()
            title = self._git("show", "--no-patch", "--format=%as %s", commit, "--").strip()
        except GitError:
            rule = "must be a commit, tag or branch of this repository; a shallow clone has few of them"
            raise self._faults("--to", name, rule, "HEAD~1") from None
        return Revision(commit=commit, title=printable(title))

    def first_parents(self, most: int) -> tuple[list[Commit], bool]:
        """Commits of the branch that changed the file, the newest first, and whether these are all that there are."""
        words = ("log", "--first-parent", f"--max-count={most}", "--format=%H %ct", "HEAD", "--", self.path.name)
        lines = [line.split() for line in self._git(*words).splitlines()]
        commits = [Commit(commit=commit, seconds=int(seconds)) for commit, seconds in lines]
        is_shallow = self._git("rev-parse", "--is-shallow-repository").strip() != "false"
        return commits, len(commits) < most and not is_shallow

    def text_at(self, revision: Revision | Commit, path: Path) -> str | None:
        """A file as it was, byte for byte; None where it was not there or is outside of the repository."""
        try:
            inside = path.resolve().relative_to(self.root).as_posix()
            return self._git("cat-file", "blob", f"{revision.commit}:{inside}")
        except (GitError, ValueError):
            return None

    def changed(self) -> bool:
        """Whether the file in the working tree is not the committed one."""
        return bool(self._git("status", "--porcelain", "--", self.path.name))

    def commit(self, message: str) -> str:
        """Commit this file alone, whatever else is staged, and return the new commit; raise GitError."""
        self._git("commit", "--quiet", "--only", f"--message={message}", "--", self.path.name)
        return self._git("rev-parse", "HEAD").strip()

    def _faults(self, path: str, value: str, rule: str, example: str) -> FaultsError:
        return FaultsError(self._source, [Fault(path=path, value=value, rule=rule, example=example)])

    def _git(self, *words: str) -> str:
        env = {key: value for key, value in os.environ.items() if key not in _OUTER} | {"LC_ALL": "C"}
        try:
            done = subprocess.run(
                ["git", *words],
                cwd=self.path.parent,
                env=env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=_SECONDS,
            )
            text = done.stdout.decode("utf-8")
        except FileNotFoundError:
            raise GitError("git is not on PATH") from None
        except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError) as error:
            raise GitError(f"git {words[0]}: {type(error).__name__}") from None
        if done.returncode != 0:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            raise GitError(printable(lines[-1]) if lines else f"git {words[0]} ended with {done.returncode}")
        return text
