"""What a plan asks of Git: which commit is the base, what differs from it, and its files."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from infra.faults import MISSING, Fault, FaultsError, printable
from tools.plan.code import ABOVE, ATTRIBUTES, OTHER, PROGRAM, is_program, is_told, kind_of, stack_of

_OUTER = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_LITERAL_PATHSPECS")
_BRANCHES = ("GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
"""Where pipelines name the branch that a change is to go to."""

_MAIN = "main"
_KINDS = ("tags", "heads", "remotes")
_SHALLOW = "must be a commit that the work tree comes from; a shallow clone has few of them (fetch-depth: 0)"

_NOT_HERE = "must be in the clone: a shallow one has few commits (fetch-depth: 0), and --base names what it does have"
_DEEPER = f"git fetch --unshallow origin {_MAIN}:refs/remotes/origin/{_MAIN}"

_AT_ONCE = 500
"""Names of files in one command."""

_DIFF = ("diff", "-z", "--no-renames", "--no-ext-diff")

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
        self._is_readable()
        if asked is not None:
            self._means_one(asked)
            found = None if asked.startswith("-") else self._git("merge-base", "HEAD", f"{asked}^{{commit}}")
            if found is None:
                raise FaultsError(
                    "plan", [Fault(path="--base", value=asked, rule=_SHALLOW, example="--base origin/main")]
                )
            return found
        for variable in _BRANCHES:
            if name := os.environ.get(variable):
                if (found := self._common(name)) is None:
                    raise FaultsError("plan", [Fault(path=variable, value=name, rule=_SHALLOW, example="main")])
                return found
        found = self._common(_MAIN)
        if found is None and self._git("rev-parse", "--is-shallow-repository") == "true":
            raise FaultsError("plan", [Fault(path="git branch main", value=MISSING, rule=_NOT_HERE, example=_DEEPER)])
        return found

    def _is_readable(self) -> None:
        """Raise FaultsError where there is a repository that Git refuses, such as one of another user."""
        done = self._run("rev-parse", "--git-dir")
        said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        if done.returncode and "not a git repository" not in said:
            rule = f"must be a repository that git reads: {printable(said)}"
            example = f"git config --global --add safe.directory {printable(str(self.project))}"
            raise FaultsError("plan", [Fault(path="git", value=str(self.project), rule=rule, example=example)])

    def _common(self, branch: str) -> str | None:
        """Where the work tree left a branch: as the remote has it, else as this clone has it.

        By its whole name: a tag that is called `origin/main` would come before it, and whoever pushes it would name the
        base.
        """
        names = (f"refs/remotes/origin/{branch}", f"refs/heads/{branch}")
        every = (self._git("merge-base", "HEAD", f"{name}^{{commit}}") for name in names)
        return next((commit for commit in every if commit), None)

    def _means_one(self, asked: str) -> None:
        """Raise FaultsError for a name of several things: Git would take the tag, and say so to nobody."""
        names = [f"refs/{kind}/{asked}" for kind in _KINDS]
        commits = [self._git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") for name in names]
        known = {name: commit for name, commit in zip(names, commits, strict=True) if commit}
        if len(set(known.values())) > 1:
            rule = f"must name one commit; it is the name of {' and '.join(known)}: say which"
            example = f"--base {list(known)[-1]}"
            raise FaultsError("plan", [Fault(path="--base", value=asked, rule=rule, example=example)])

    def stacks(self, commit: str) -> list[str]:
        """Stacks that have a settings file at a commit, sorted."""
        names = self._whole("ls-tree", "--name-only", "-z", commit)
        return sorted(filter(None, map(stack_of, names)))

    def program_sum(self, commit: str, stack: str) -> str:
        """A sum of what a stack's resources come from at a commit."""
        rows = self._whole("ls-tree", "-r", "-z", commit)
        text = "\0".join(row for row in rows if _is_of(row.partition("\t")[2], stack))
        return hashlib.sha256(os.fsencode(text)).hexdigest()

    def program(self, commit: str) -> list[str]:
        """Files and folders that programs of a commit are made of, beside their settings."""
        names = self._whole("ls-tree", "-r", "-z", "--name-only", commit)
        return [*PROGRAM, *(name for name in names if kind_of(name) == OTHER)]

    def differs(self, commit: str, stack: str) -> bool:
        """Whether the work tree has another program, catalog or settings for a stack than a commit.

        What Git ignores counts, too: the program runs it, or is read from it.
        """
        told = self._names(*_DIFF, "--relative", "--name-only", "--ignore-submodules=none", commit, "--")
        added = self._names("ls-files", "--others", "-z", "--", *PROGRAM, settings_file(stack))
        beside = self._names("ls-files", "--others", "--exclude-standard", "-z")
        if told is None or added is None or beside is None:
            return True
        fresh = (name for name in (*added, *beside) if not _is_compiled(name))
        return any(_is_of(name, stack) for name in (*told, *fresh))

    def files(self) -> list[str]:
        """Everything in the project's folder that Git knows or could know."""
        return self._names("ls-files", "--cached", "--others", "--exclude-standard", "-z") or []

    @property
    def place(self) -> str:
        """The project's folder in its repository; empty at the top."""
        said = self._bytes("rev-parse", "--show-prefix") or b""
        return os.fsdecode(said).removesuffix("\n")

    def unwatched(self) -> list[str]:
        """Files that Git is told to take for unchanged (assume-unchanged, skip-worktree)."""
        rows = self._names("ls-files", "-v", "-z") or []
        return [row[2:] for row in rows if row[0].islower() or row[0] == "S"]

    def changed(self, commit: str) -> dict[str, str]:
        """Files that the work tree has otherwise than a commit and that decide something, by their new sums.

        A sum is of mode and content, so that a link is no file with its text; a file that is gone has an empty one.
        Content is what Git would keep: how this machine ends lines is no part of it.
        """
        modes = self._modes(commit)
        if parents := Path(self.place).parents:
            between = [str(folder / ATTRIBUTES) for folder in parents[:-1]]
            paths = (f":(top,literal){name}" for name in (*ABOVE, *between))
            modes |= self._modes(commit, *paths, up="../" * len(parents))
        names = [name for name in sorted(modes) if is_told(name)]
        kept = self._kept([name for name in names if _is_plain(self.project / name)])
        return {name: self._sum(name, modes[name], kept) for name in names}

    def _modes(self, commit: str, *paths: str, up: str = "") -> dict[str, str]:
        """By their names from the project's folder the new modes of files that differ; `up` leads to the top."""
        # What `.gitmodules` says of a repository in the repository is part of the change: it hides nothing here.
        from_where, full = ("--no-relative", ["--full-name"]) if up else ("--relative", [])
        told = self._whole(*_DIFF, from_where, "--raw", "--ignore-submodules=dirty", commit, "--", *paths)
        added = self._whole("ls-files", "--others", "--exclude-standard", *full, "-z", "--", *paths)
        # `:100644 100755 1f.. 2e.. M`, then the path
        modes = {f"{up}{name}": row.split()[1] for row, name in zip(told[::2], told[1::2], strict=True)}
        return modes | {f"{up}{name}": self._mode(f"{up}{name}") for name in added}

    def _kept(self, names: Sequence[str]) -> dict[str, str]:
        """Git's own names of what it would keep of files."""
        found: dict[str, str] = {}
        for index in range(0, len(names), _AT_ONCE):
            some = names[index : index + _AT_ONCE]
            said = self._git("hash-object", "--", *some)
            if said is None:
                raise _damaged(("hash-object", *some[:2]))
            found |= dict(zip(some, said.split(), strict=True))
        return found

    def _whole(self, *words: str) -> list[str]:
        """What git says with `-z`; raise FaultsError where it fails, as a part would stand for the whole."""
        if (said := self._names(*words)) is None:
            raise _damaged(words)
        return said

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

    def _sum(self, name: str, mode: str, kept: Mapping[str, str]) -> str:
        path = self.project / name
        if name in kept:
            content = kept[name].encode()
        elif path.is_symlink():  # as Git keeps it
            link = os.fsencode(path.readlink())
            content = hashlib.sha1(b"blob %d\0" % len(link) + link, usedforsecurity=False).hexdigest().encode()
        elif path.is_dir():  # a repository in the repository: what it is at
            content = (self._git("ls-files", "--stage", "--", name) or "").encode()
        else:
            return ""
        return hashlib.sha256(f"{mode} ".encode() + content).hexdigest()

    def extract(self, commit: str, folder: Path, paths: Sequence[str]) -> None:
        """Write those of some files and folders that a commit has into a folder; no link that leads out of it."""
        there = self._whole("ls-tree", "--name-only", "-z", commit, "--", *paths)
        if there:
            packed = self._bytes("archive", "--format=tar", commit, "--", *there)
            if packed is None:
                raise _damaged(("archive", commit))
            # An archive of nothing cannot be opened; what is missing is added below.
            with suppress(tarfile.ReadError), tarfile.open(fileobj=io.BytesIO(packed)) as archive:
                archive.extractall(folder, filter=_inside)  # noqa: S202 - tarfile's own filter, without its error
            self._complete(commit, folder, there)

    def _complete(self, commit: str, folder: Path, paths: Sequence[str]) -> None:
        """Add what an archive leaves out (`export-ignore` in `.gitattributes`): it would be told as new."""
        for row in self._whole("ls-tree", "-r", "-z", commit, "--", *paths):
            kind, _, name = row.partition("\t")
            if Path(name).is_absolute() or ".." in Path(name).parts:  # a tree that git itself would not write
                raise _damaged(("ls-tree", name))
            if kind.startswith("100") and not os.path.lexists(folder / name):
                content = self._bytes("cat-file", "blob", kind.split()[2])
                if content is None:
                    raise _damaged(("cat-file", name))
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)

    def _git(self, *words: str) -> str | None:
        """What git says; None where it fails."""
        said = self._bytes(*words)
        return None if said is None else said.decode("utf-8", "replace").strip()

    def _bytes(self, *words: str) -> bytes | None:
        done = self._run(*words)
        return done.stdout if done.returncode == 0 else None

    def _run(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        env = {key: value for key, value in os.environ.items() if key not in _OUTER} | {"LC_ALL": "C"}
        try:
            return subprocess.run(
                ["git", *words], cwd=self.project, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False
            )
        except FileNotFoundError:
            rule = "git must be on the PATH: it holds what the change is compared with"
            raise FaultsError(
                "plan", [Fault(path="git", value=printable(str(self.project)), rule=rule, example="git")]
            ) from None


def _damaged(words: Sequence[str]) -> FaultsError:
    rule = "must have every object of the commits that are compared: a partial clone has few of them"
    return FaultsError("plan", [Fault(path="git", value=" ".join(words), rule=rule, example="git fsck")])


def _inside(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
    try:
        return tarfile.data_filter(member, folder)
    except tarfile.FilterError:
        return None


def settings_file(stack: str) -> str:
    """The name of a stack's settings file."""
    return f"Pulumi.{stack}.yaml"


def _is_of(name: str, stack: str) -> bool:
    """Whether a stack's resources may come from a file: what nobody knows Python may find before its own modules."""
    return is_program(name) or name == settings_file(stack) or kind_of(name) == OTHER


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _is_compiled(name: str) -> bool:
    """Whether Python has written it, of a module that Git knows."""
    return "__pycache__" in Path(name).parts and name.endswith(".pyc")
