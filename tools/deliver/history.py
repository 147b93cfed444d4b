"""By which pull requests commits came in, back to the last one that was delivered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.faults import Fault, FaultsError
from ops.forge.things import SUCCESS, Forge, Pull
from ops.tell import statuses
from tools.deliver.steps import Steps
from tools.plan.git import Git

_MOST = 50
"""Commits that are looked at."""


@dataclass(frozen=True, kw_only=True)
class Landed:
    """What one pull request brought in: its newest commit on the branch, and the commit before its first one.

    `pull` is None for a commit that came in by none; `before` is None where nothing was there before it.
    """

    commit: str
    before: str | None
    pull: Pull | None

    @property
    def title(self) -> str:
        """As it is told."""
        short = self.commit[:12]
        return (
            f"pull request {self.pull.number} (commit {short})" if self.pull else f"commit {short}, of no pull request"
        )


class History(Git):
    """The branch that is delivered, by first parents."""

    branch = "main"
    """As the forge calls it: a pull request to another one has approved nothing here."""

    def commit(self) -> str:
        """The commit that is checked out; raise FaultsError where the work tree is not exactly it."""
        if (found := self.head()) is None:
            rule = "must be a commit, with nothing in it changed or added: what is delivered is a commit"
            fault = Fault(path="work tree", value=str(self.project), rule=rule, example="git stash --include-untracked")
            raise FaultsError("deliver", [fault])
        return found

    def parent(self, commit: str) -> str | None:
        """The first parent; None for the first commit. Raise FaultsError in a clone that does not have it."""
        found = self._git("rev-parse", "--verify", "--quiet", f"{commit}^1")
        if found is None and self._git("rev-parse", "--is-shallow-repository") != "false":
            rule = "must have the commits before it: a shallow clone has few of them"
            raise FaultsError("deliver", [Fault(path="clone", value=commit, rule=rule, example="fetch-depth: 0")])
        return found or None

    def landed(self, forge: Forge, stack: str) -> Iterator[Landed]:
        """From the newest on, until one that was delivered; the first one always. Raise ForgeError, FaultsError."""
        context = statuses.deliver_context(stack)
        commit: str | None = self.commit()
        for number in range(_MOST):
            if commit is None:
                return
            told = statuses.own(forge, commit).get(context) if number else None
            if told is not None and told.state == SUCCESS:
                return
            pull = merged(forge, commit, self.branch)
            before = self._before(forge, commit, pull)
            yield Landed(commit=commit, before=before, pull=pull)
            commit = before

    def newer(self, forge: Forge, stack: str) -> str | None:
        """A later commit of the branch, as this clone knows it, by which a delivery has changed something.

        A job that is run again after days, or that has waited for its approval, would undo it: each operation of its
        plan was approved once. Raise ForgeError.
        """
        span = f"{self.commit()}..refs/remotes/origin/{self.branch}"
        later = self._git("rev-list", "--first-parent", "--ancestry-path", f"--max-count={_MOST}", span, "--")
        context = statuses.deliver_context(stack)
        for commit in (later or "").split():
            told = statuses.own(forge, commit).get(context)
            if told is not None and Steps.touched(told.description):
                return commit
        return None

    def _before(self, forge: Forge, commit: str, pull: Pull | None) -> str | None:
        """A pull request that was rebased came in by several commits."""
        before = self.parent(commit)
        for _ in range(_MOST):
            if before is None or pull is None or len(self.parents(commit)) > 1:
                return before
            other = merged(forge, before, self.branch)
            if other is None or other.number != pull.number:
                return before
            before = self.parent(before)
        return before

    def parents(self, commit: str) -> list[str]:
        """Every parent of a commit."""
        return (self._git("rev-list", "--parents", "-n", "1", commit) or "").split()[1:]

    @contextmanager
    def tree(self, commit: str, folder: Path) -> Iterator[Path]:
        """The project's folder in a work tree of another commit while the block runs, with its own Python packages."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="tree-", dir=folder) as place:
            whole = Path(place) / "work"
            if self._git("worktree", "add", "--detach", "--quiet", str(whole), commit) is None:
                rule = "must be a commit of this clone"
                raise FaultsError("deliver", [Fault(path="clone", value=commit, rule=rule, example="fetch-depth: 0")])
            path = whole / self.place
            try:
                path.mkdir(parents=True, exist_ok=True)
                if not (path / ".venv").exists():
                    (path / ".venv").symlink_to((self.project / ".venv").resolve())
                yield path
            finally:
                self._git("worktree", "remove", "--force", str(whole))


def merged(forge: Forge, commit: str, branch: str) -> Pull | None:
    """The merged pull request that a commit came into a branch by; of several the one that says so, else None."""
    found = [pull for pull in forge.pulls_of(commit) if pull.merged and pull.branch == branch]
    exact = [pull for pull in found if commit in pull.landed]
    chosen = exact or found
    return chosen[0] if len({pull.number for pull in chosen}) == 1 else None
