"""A branch of texts in a clone's repository: compared, committed and pushed; the working tree is not touched."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from infra.faults import Fault, FaultsError, printable
from tools.gitops.manifests import SOURCE

_SECONDS = 120
_OUTER = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
RENDERED_FROM = "Rendered-From"
"""The trailer of our commits' messages."""
_NAME, _MAIL = "kitchen gitops", "gitops@kitchen.example"


class GitError(Exception):
    """git is not there or refused; `str()` is its own last line."""


class Repository:
    """The repository of a clone, through git's own command."""

    def __init__(self, root: Path, remote: str = "origin") -> None:
        """Describe it; nothing is asked."""
        self._root, self._remote = root, remote

    def source(self) -> tuple[str, str]:
        """The checked out commit and its subject; raise FaultsError where a file is not as it is committed."""
        changed = self._git("status", "--porcelain").splitlines()
        if changed:
            names = ", ".join(line[3:] for line in changed[:5])
            rule = "no change that is not committed: the branch says which commit it was rendered from"
            raise FaultsError(SOURCE, [Fault(path="working tree", value=names, rule=rule, example="git stash")])
        commit, _, subject = self._git("log", "-1", "--format=%H %s").strip().partition(" ")
        return commit, printable(subject)

    def tip(self, branch: str) -> str:
        """The branch's last commit: the remote's where there is a remote, else the clone's own; "" without one."""
        if self._remote not in self._git("remote").split():
            return self._commit_of(f"refs/heads/{branch}")
        listed = self._git("ls-remote", self._remote, f"refs/heads/{branch}").split()
        if listed:
            self._git("fetch", "--quiet", "--no-tags", "--", self._remote, f"refs/heads/{branch}")
        return listed[0] if listed else ""

    def own_tip(self, branch: str) -> str:
        """The last commit of the clone's own branch, or of what it knows of the remote's; "" without one."""
        return self._commit_of(f"refs/heads/{branch}") or self._commit_of(f"refs/remotes/{self._remote}/{branch}")

    def tree(self, texts: Mapping[str, str]) -> str:
        """Write the texts as git's objects and return the name of their tree."""
        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            rows = [f"100644 {self._git('hash-object', '-w', '--stdin', given=text).strip()}\t{path}"
                    for path, text in sorted(texts.items())]  # fmt: skip
            self._git("update-index", "--add", "--index-info", given="\n".join(rows) + "\n", more=index)
            return self._git("write-tree", more=index).strip()

    def tree_of(self, commit: str) -> str:
        """The name of a commit's tree."""
        return self._git("rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}").strip()

    def rendered_from(self, commit: str) -> str:
        """The source of the newest render in a branch's history; "" where it has none, and so is a person's own."""
        told = f"--format=%(trailers:key={RENDERED_FROM},valueonly)"
        words = self._git("log", "-1", told, f"--grep=^{RENDERED_FROM}: [0-9a-f]", commit).split()
        return words[-1] if words else ""

    def is_older(self, commit: str, other: str) -> bool:
        """Whether a commit is behind another one, as far as this clone has both."""
        try:
            return commit != other and self._git("merge-base", commit, other).strip() == commit
        except GitError:
            return False

    def difference(self, before: str, after: str) -> list[str]:
        """Each file that differs between two trees, as git names it: `A`, `M` or `D` and the path."""
        return self._git("diff-tree", "-r", "--name-status", "--no-renames", before, after).splitlines()

    def commit(self, branch: str, tree: str, parent: str, message: str) -> str:
        """Make the clone's branch one commit longer and return its name; nobody's own branch is moved aside."""
        known = self._git("config", "--default", "", "--get", "user.email").strip()
        who = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER")
               for key, value in (("NAME", _NAME), ("EMAIL", _MAIL))}  # fmt: skip
        parents = ("-p", parent) if parent else ()
        made = self._git("commit-tree", tree, *parents, given=message, more={} if known else who).strip()
        self._git("update-ref", f"refs/heads/{branch}", made)
        return made

    def push(self, commit: str, branch: str) -> None:
        """Bring a commit to the remote's branch, which must be its parent's still; raise GitError."""
        try:
            self._git("push", "--quiet", self._remote, f"{commit}:refs/heads/{branch}")
        except GitError as error:
            raise GitError(
                f"branch {branch}: not pushed: {error}; where somebody has committed there meanwhile, the same command "
                "goes on from that"
            ) from None

    def _commit_of(self, name: str) -> str:
        try:
            return self._git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").strip()
        except GitError:
            return ""

    def _git(self, *words: str, given: str = "", more: Mapping[str, str] | None = None) -> str:
        env = {key: value for key, value in os.environ.items() if key not in _OUTER}
        env |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"} | dict(more or {})
        try:
            done = subprocess.run(
                ["git", *words], cwd=self._root, env=env, input=given.encode(), capture_output=True, check=False,
                timeout=_SECONDS,
            )  # fmt: skip
        except FileNotFoundError:
            raise GitError("git is not on PATH") from None
        except subprocess.TimeoutExpired:
            raise GitError(f"git {words[0]}: no end after {_SECONDS} s") from None
        if done.returncode != 0:
            lines = [line.strip() for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
            telling = [line for line in lines if line.startswith(("!", "fatal:", "error:"))] or lines[-1:]
            raise GitError(f"git {words[0]}: {printable(telling[0]) if telling else f'status {done.returncode}'}")
        return done.stdout.decode(errors="replace")
