"""A repository of the test's own with this working tree in it: what is tried there touches no branch of this one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.local.workspace import REPOSITORY

_OUTER = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "KUBECONFIG", "PULUMI_BACKEND_URL", "KITCHEN_DIRECTORY")

OWN = "ai/kitchen"
NAMED = f"https://github.com/{OWN}.git"


class Scratch:
    """A clone that commits; `bare` is the remote that it pushes to, as a forge would hold it."""

    def __init__(self, folder: Path) -> None:
        self.root, self.bare = folder / "kitchen", folder / "git" / "kitchen.git"

    def make(self) -> None:
        """Copy every file that git would take, commit, and push to a remote of its own."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=REPOSITORY, capture_output=True, check=True,
        ).stdout  # fmt: skip
        for name in filter(None, listed.decode().split("\0")):
            if os.path.lexists(REPOSITORY / name):
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(REPOSITORY / name, self.root / name, follow_symlinks=False)
        self.bare.parent.mkdir(parents=True)
        subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", self.bare], check=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.name", "ana")
        self.git("config", "user.email", "ana@example.com")
        self.git("remote", "add", "origin", str(self.bare))
        (self.root / ".venv").symlink_to(REPOSITORY / ".venv")
        self.commit("the kitchen")
        self.git("push", "--quiet", "origin", "main")

    def git(self, *words: str, cwd: Path | None = None) -> str:
        done = subprocess.run(["git", *words], cwd=cwd or self.root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", f"--message={message}")
        return self.git("rev-parse", "HEAD").strip()

    def change(self, name: str, before: str, after: str) -> None:
        """One place of a file, which must be there once at least."""
        path = self.root / name
        text = path.read_text()
        assert before in text, f"{name}: {before}"
        path.write_text(text.replace(before, after))

    def kitchen(self, *words: str, more: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """The command `kitchen` of the clone."""
        env = {key: value for key, value in os.environ.items() if key not in _OUTER}
        env |= {"PYTHONPATH": str(self.root), **(more or {})}
        return subprocess.run(
            [sys.executable, "-m", "ops", *words], cwd=self.root, env=env, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip

    def on_branch(self, branch: str, files: Mapping[str, str | None], message: str) -> None:
        """A commit of somebody else's on the remote's branch: texts by path, None removes one."""
        work = self.root.with_name("elsewhere")
        shutil.rmtree(work, ignore_errors=True)
        self.git("clone", "--quiet", "--branch", branch, str(self.bare), str(work))
        for name, text in files.items():
            if text is None:
                (work / name).unlink()
            else:
                (work / name).parent.mkdir(parents=True, exist_ok=True)
                (work / name).write_text(text)
        self.git("add", "--all", cwd=work)
        who = ("-c", "user.name=eve", "-c", "user.email=eve@example.com")
        self.git(*who, "commit", "--quiet", f"--message={message}", cwd=work)
        self.git("push", "--quiet", "origin", branch, cwd=work)
