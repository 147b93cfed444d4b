"""A repository with one file of a program, on `main`."""

from __future__ import annotations

import subprocess
from pathlib import Path


class Repository:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "infra").mkdir()
        (folder / "docs").mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.first = self.commit("infra/a.py", "1")

    def git(self, *words: str) -> str:
        who = ["-c", "user.name=dana", "-c", "user.email=dana@example.com"]
        done = subprocess.run(["git", *who, *words], cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=x")
        return self.git("rev-parse", "HEAD")
