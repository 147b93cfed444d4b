"""What runners of pipelines have in common: `make` with the packages that are there, and a clean environment."""

from __future__ import annotations

import os
import subprocess
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.delivery.support.scratch import Scratch
from tools.local.workspace import REPOSITORY

_OUTER = (
    *("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "KUBECONFIG", "PYTHONPATH", "KITCHEN_DIRECTORY"),
    *("PULUMI_", "KITCHEN_OBJECT_STORE", "KITCHEN_FORGE", "GITHUB_", "GITLAB_", "CI_", "AWS_"),
)
_MAKE = """\
#!/bin/sh
# The environment of Python that is there already, in place of one that a runner's first job would make.
ln -sfn {venv} .venv
PYTHONPATH="$PWD"; export PYTHONPATH
exec /usr/bin/make --no-print-directory --old-file=.venv/.requirements.stamp "$@"
"""
_SECONDS = 900


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a run printed, and the files that its jobs uploaded, by job or artifact and path."""

    status: int
    text: str
    uploaded: Mapping[str, bytes]

    @abstractmethod
    def ended(self, job: str) -> str:
        """`succeeded`, `failed`, or "" for a job that did not run."""

    @abstractmethod
    def printed(self) -> str:
        """What the jobs' commands printed."""


def _shims(folder: Path) -> Path:
    """A folder of programs that come before all others; `make` is in it."""
    folder.mkdir(parents=True)
    make = folder / "make"
    make.write_text(_MAKE.format(venv=REPOSITORY / ".venv"))
    make.chmod(0o755)
    return folder


class Runner:
    """Works on `scratch`, whose remote has the address `remote`; folders are this one's own."""

    def __init__(self, folder: Path, scratch: Scratch, remote: str) -> None:
        self._folder, self._scratch, self._remote = folder, scratch, remote
        scratch.git("remote", "set-url", "origin", remote)  # a runner reads the repository's name out of the address
        self._programs = _shims(folder / "bin")

    def by_hand(self, *words: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """A make target as a person types it in the repository, with variables that a shell has."""
        return self._said(["make", *words], environment)

    def _said(self, words: list[str], more: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run it to its end in the repository; both streams are one."""
        return subprocess.run(
            words, cwd=self._scratch.root, env=self._env(more), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=_SECONDS,
        )  # fmt: skip

    def _env(self, more: Mapping[str, str]) -> dict[str, str]:
        """This process' environment without what would be told to the project by it."""
        env = {key: value for key, value in os.environ.items() if not key.startswith(_OUTER)}
        at_home = {
            "PATH": f"{self._programs}{os.pathsep}{os.environ['PATH']}",
            "GIT_CONFIG_GLOBAL": str(self._folder / "gitconfig"),  # actions/checkout writes it
        }
        named = (self._remote, self._remote.removesuffix(".git"))
        for number, address in enumerate(named, int(env.get("GIT_CONFIG_COUNT", "0"))):
            key = f"url.{self._scratch.bare}.insteadOf"
            at_home |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": address}
            at_home["GIT_CONFIG_COUNT"] = str(number + 1)
        return env | at_home | dict(more)


def files(kept: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path there."""
    return {path.relative_to(kept).as_posix(): path.read_bytes() for path in sorted(kept.rglob("*")) if path.is_file()}
