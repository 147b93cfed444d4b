"""act runs the very workflow files of a scratch repository on this machine, each job in a copy of its own.

Three things stand for what a test has no network for: act itself answers `actions/checkout` with a copy of the
repository, `support/upload-artifact` uploads to act's own artifact server, and `support/cache` keeps what
`actions/cache` would in a folder, for every run alike. Python's packages are those that are there.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.delivery.support.scratch import NAMED, Scratch
from tests.support.ports import free_ports
from tools.local.workspace import REPOSITORY

_HERE = Path(__file__).parent
_STAND_INS = {"actions/upload-artifact": _HERE / "upload-artifact", "actions/cache": _HERE / "cache"}
_USED = re.compile(r"uses: (actions/(?!checkout)[a-z-]+)(?:/[a-z]+)?(@[0-9a-f]{40})")
_OUTER = (
    *("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "KUBECONFIG", "PYTHONPATH", "KITCHEN_DIRECTORY"),
    *("PULUMI_", "KITCHEN_OBJECT_STORE", "KITCHEN_FORGE", "GITHUB_", "CI_", "AWS_"),
)
_MAKE = """\
#!/bin/sh
# The environment of Python that is there already, in place of one that a runner's first job would make.
ln -sfn {venv} .venv
PYTHONPATH="$PWD"; export PYTHONPATH
exec /usr/bin/make --no-print-directory --old-file=.venv/.requirements.stamp "$@"
"""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a run printed, how each job ended, and the files that it uploaded, by artifact and path."""

    status: int
    text: str
    uploaded: Mapping[str, bytes]

    def ended(self, job: str) -> str:
        """`succeeded`, `failed`, or "" for a job that did not run."""
        found = re.findall(rf"^\[[^]]*/{job} *\].* Job (succeeded|failed)$", self.text, re.MULTILINE)
        return found[-1] if found else ""

    def step(self, title: str) -> str:
        """`Success`, `Failure`, or "" for a step that was left out."""
        found = re.findall(rf"  (Success|Failure) - Main {re.escape(title)}(?: \[|$)", self.text, re.MULTILINE)
        return found[-1] if found else ""

    def printed(self) -> str:
        """What the steps printed."""
        return "\n".join(re.findall(r"^\[[^]]*\]   \| (.*)$", self.text, re.MULTILINE))


class Act:
    """Runs a workflow of `scratch`; folders and ports are this one's own."""

    def __init__(self, folder: Path, scratch: Scratch) -> None:
        self._folder, self._scratch, self._runs = folder, scratch, 0
        scratch.git("remote", "set-url", "origin", NAMED)  # act reads the repository's name out of the address
        shims = folder / "bin"
        shims.mkdir(parents=True)
        make = shims / "make"
        make.write_text(_MAKE.format(venv=REPOSITORY / ".venv"))
        make.chmod(0o755)

    def run(
        self,
        event: str,
        workflow: str,
        *,
        said: Mapping[str, Any] | None = None,
        variables: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        job: str = "",
    ) -> Ran:
        """Run one workflow for an event; `said` is the event as the forge tells it, `environment` the runner's own."""
        self._runs += 1
        here = self._folder / f"run-{self._runs}"
        here.mkdir()
        (here / "event.json").write_text(json.dumps(said or {}))
        words = [os.environ["KITCHEN_ACT"], event, "--workflows", f".github/workflows/{workflow}.yaml"]
        words += ["--platform", "self-hosted=-self-hosted", "--eventpath", str(here / "event.json")]
        words += ["--job", job] if job else []
        words += self._offline(here)
        for option, given in (("--var", variables), ("--secret", secrets)):
            words += [word for key, value in (given or {}).items() for word in (option, f"{key}={value}")]
        done = subprocess.run(
            words, cwd=self._scratch.root, env=self._env(environment or {}), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=900,
        )  # fmt: skip
        (here / "log.txt").write_text(done.stdout)
        kept = here / "artifacts"
        uploaded = {
            path.relative_to(kept).as_posix().partition("/")[2]: path.read_bytes()
            for path in sorted(kept.rglob("*")) if path.is_file()
        }  # fmt: skip
        return Ran(status=done.returncode, text=done.stdout, uploaded=uploaded)

    def by_hand(self, *words: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """A make target as a person types it in the repository, with variables that a shell has."""
        return subprocess.run(
            ["make", *words], cwd=self._scratch.root, env=self._env(environment), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=900,
        )  # fmt: skip

    def _offline(self, here: Path) -> list[str]:
        (port,) = free_ports(1)
        texts = [path.read_text() for path in (self._scratch.root / ".github" / "workflows").glob("*.yaml")]
        actions = {found for text in texts for found in _USED.findall(text)}
        words = ["--action-cache-path", str(here / "work")]
        for name, commit in sorted(actions):
            words += ["--local-repository", f"{name}{commit}={_STAND_INS[name]}"]
        words += ["--artifact-server-path", str(here / "artifacts"), "--artifact-server-addr", "127.0.0.1"]
        return [*words, "--artifact-server-port", str(port), "--no-cache-server", "--action-offline-mode"]

    def _env(self, more: Mapping[str, str]) -> dict[str, str]:
        env = {key: value for key, value in os.environ.items() if not key.startswith(_OUTER)}
        at_home = ("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_VALUE_0", NAMED)
        env |= {
            **dict(at_home),
            "KITCHEN_TEST_KEPT": str(self._folder / "kept"),
            "GIT_CONFIG_KEY_0": f"url.{self._scratch.bare}.insteadOf",
        }
        return env | {"PATH": f"{self._folder / 'bin'}{os.pathsep}{os.environ['PATH']}"} | dict(more)
