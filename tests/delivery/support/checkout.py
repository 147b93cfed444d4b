"""Stands for rsync, which gitlab-ci-local calls: a job's files are a new checkout, and what jobs keep is copied."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

_ALL = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
_DEPTH = re.compile(r"variables: \{GIT_DEPTH: \"0\"\}")


def _git(*words: str) -> None:
    subprocess.run(["git", *words], check=True)


def _is_whole(job: str) -> bool:
    """Whether a job wants all of the history; GitLab gives 20 commits of its one branch."""
    blocks = re.split(r"^(?=\S)", Path(".gitlab-ci.yml").read_text(), flags=re.MULTILINE)
    return any(_DEPTH.search(block) and block.partition(":")[0].replace(" ", "IA") == job for block in blocks)


def _check_out(target: Path) -> None:
    """As GitLab's runner: the pipeline's own ref, and all branches where a job asks for no depth; no branch is out."""
    shutil.rmtree(target, ignore_errors=True)
    remote = os.environ["KITCHEN_TEST_REMOTE"]
    named = subprocess.run(["git", "remote", "get-url", "origin"], capture_output=True, text=True, check=True)
    _git("init", "--quiet", "--initial-branch=none", str(target))
    _git("-C", str(target), "remote", "add", "origin", named.stdout.strip())
    refs = ["+refs/pipelines/1:refs/pipelines/1"]
    depth = [] if _is_whole(target.name) else ["--depth=20"]
    _git("-C", str(target), "fetch", "--quiet", *depth, f"file://{remote}", *refs, *([] if depth else _ALL))
    _git("-C", str(target), "checkout", "--quiet", "--detach", "refs/pipelines/1")


def _copy(sources: list[Path], target: Path, *, relative: bool) -> None:
    for source in sources:
        if source.exists():
            to = target / source if relative else target
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(source, to, dirs_exist_ok=True) if source.is_dir() else shutil.copy2(source, to)


def _main(words: list[str]) -> None:
    *sources, target = (word for word in words if not word.startswith("-"))
    options = [word for word in words if word.startswith("-")]
    listed = [word.partition("=")[2] for word in options if word.startswith("--files-from=")]
    if "--delete" in options:
        _check_out(Path(target))
        return
    names = Path(listed[0]).read_text().splitlines() if listed else sources
    relative = any(re.fullmatch("-[a-z]*R[a-z]*", word) for word in options)
    _copy([Path(name) for name in names], Path(target), relative=relative)


if __name__ == "__main__":
    _main(sys.argv[1:])
