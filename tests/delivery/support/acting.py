"""act runs the very workflow files of a scratch repository on this machine, each job in a copy of its own.

Three things stand for what a test has no network for: act itself answers `actions/checkout` with a copy of the
repository, `support/upload-artifact` uploads to act's own artifact server, and `support/cache` keeps what
`actions/cache` would in a folder, for every run alike. Python's packages are those that are there. Where
KITCHEN_ACTIONS names a folder with the real actions at their pinned commits (`checkout`, `upload-artifact`, `cache`),
those run.
"""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.delivery.support.runner import Ran, Runner, files
from tests.delivery.support.scratch import NAMED, Scratch
from tests.support.forge_server import TOKEN
from tests.support.ports import free_ports

_HERE = Path(__file__).parent
_STAND_INS = {"upload-artifact": _HERE / "upload-artifact", "cache": _HERE / "cache"}
_REAL = {name: Path(os.environ.get("KITCHEN_ACTIONS", "/nowhere")) / name for name in (*_STAND_INS, "checkout")}
_USED = re.compile(r"uses: (actions/([a-z-]+))(?:/[a-z]+)?(@[0-9a-f]{40})")


@dataclass(frozen=True, kw_only=True)
class ActRan(Ran):
    """What act says of jobs and steps."""

    def ended(self, job: str) -> str:
        found = re.findall(rf"^\[[^]]*/{job} *\].* Job (succeeded|failed)$", self.text, re.MULTILINE)
        return found[-1] if found else ""

    def step(self, title: str) -> str:
        """`Success`, `Failure`, or "" for a step that was left out."""
        found = re.findall(rf"  (Success|Failure) - Main {re.escape(title)}(?: \[|$)", self.text, re.MULTILINE)
        return found[-1] if found else ""

    def printed(self) -> str:
        return "\n".join(re.findall(r"^\[[^]]*\]   \| (.*)$", self.text, re.MULTILINE))


class Act(Runner):
    """Runs a workflow of `scratch`; folders and ports are this one's own."""

    def __init__(self, folder: Path, scratch: Scratch) -> None:
        super().__init__(folder, scratch, NAMED)
        self._runs = 0

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
    ) -> ActRan:
        """Run one workflow for an event; `said` is the event as the forge tells it, `environment` the runner's own.

        The forge's own token is there, as GitHub makes one for each job.
        """
        self._runs += 1
        here = self._folder / f"run-{self._runs}"
        here.mkdir()
        (here / "event.json").write_text(json.dumps(said or {}))
        words = [os.environ["KITCHEN_ACT"], event, "--workflows", f".github/workflows/{workflow}.yaml"]
        words += ["--platform", "self-hosted=-self-hosted", "--eventpath", str(here / "event.json")]
        words += ["--job", job] if job else []
        words += self._offline(here)
        for option, given in (("--var", variables or {}), ("--secret", {"GITHUB_TOKEN": TOKEN, **(secrets or {})})):
            words += [word for key, value in given.items() for word in (option, f"{key}={value}")]
        done = self._said(words, {"KITCHEN_TEST_KEPT": str(self._folder / "kept"), **(environment or {})})
        (here / "log.txt").write_text(done.stdout)
        return ActRan(status=done.returncode, text=done.stdout, uploaded=_uploaded(here / "artifacts"))

    def _offline(self, here: Path) -> list[str]:
        artifacts, cache = map(str, free_ports(2))
        texts = [path.read_text() for path in (self._scratch.root / ".github" / "workflows").glob("*.yaml")]
        actions = {found for text in texts for found in _USED.findall(text)}
        real = "KITCHEN_ACTIONS" in os.environ
        words = ["--action-cache-path", str(here / "work"), "--action-offline-mode"]
        for name, last, commit in sorted(actions):
            if where := (_REAL if real else _STAND_INS).get(last):
                words += ["--local-repository", f"{name}{commit}={where}"]
        words += ["--artifact-server-path", str(here / "artifacts"), "--artifact-server-addr", "127.0.0.1"]
        words += ["--artifact-server-port", artifacts]
        if not real:
            return [*words, "--no-cache-server"]
        words += ["--cache-server-path", str(self._folder / "cache"), "--cache-server-addr", "127.0.0.1"]
        return [*words, "--cache-server-port", cache, "--no-skip-checkout"]


def _uploaded(kept: Path) -> dict[str, bytes]:
    """By artifact and path; the real action uploads an archive."""
    found: dict[str, bytes] = {}
    for path, content in files(kept).items():
        name = path.partition("/")[2]
        if not name.endswith(".zip"):
            found[name] = content
            continue
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found |= {f"{name.partition('/')[0]}/{each}": archive.read(each) for each in archive.namelist()}
    return found
