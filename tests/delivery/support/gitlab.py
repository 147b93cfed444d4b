"""gitlab-ci-local runs the very `.gitlab-ci.yml` of a scratch repository on this machine, by its own reading of rules,
needs, environments, artifacts and caches.

What it does with rsync is done by `support/checkout.py`: a job's checkout is as GitLab's runner makes one, by the
depth that the job asks for, with no branch checked out. Labels of runners, resource groups, limits of time and
protected variables are GitLab's own, and not tried here.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.delivery.support.runner import Ran, Runner, files
from tests.delivery.support.scratch import OWN, Scratch

NAMED = f"git@gitlab.example.com:{OWN}.git"
_CHECKOUT = Path(__file__).with_name("checkout.py")
_PIPELINE = {"GITLAB_CI": "true", "CI_PROJECT_ID": "7", "CI_PROJECT_PATH": OWN, "CI_DEFAULT_BRANCH": "main"}
_ENDS = {"PASS": "succeeded", "FAIL": "failed", "WARN": "failed"}


@dataclass(frozen=True, kw_only=True)
class GitLabRan(Ran):
    """What gitlab-ci-local says of jobs; `prefix` is what their names begin with."""

    prefix: str = ""

    def ended(self, job: str) -> str:
        found = re.findall(rf"^ (PASS|FAIL|WARN) +{re.escape(self.prefix + job)} *$", self.text, re.MULTILINE)
        return _ENDS[found[-1]] if found else ""

    def printed(self) -> str:
        return "\n".join(re.findall(r"^\S.*? +> (.*)$", self.text, re.MULTILINE))


class GitLab(Runner):
    """Runs pipelines of `scratch`; what a cache keeps, later pipelines find."""

    def __init__(self, folder: Path, scratch: Scratch) -> None:
        super().__init__(folder, scratch, NAMED)
        stand_in = self._programs / "rsync"
        stand_in.write_text(f"#!{sys.executable}\n{_CHECKOUT.read_text()}")
        stand_in.chmod(0o755)

    def run(
        self,
        source: str,
        *,
        variables: Mapping[str, str] | None = None,
        secrets: Mapping[str, Mapping[str, str]] | None = None,
        environment: Mapping[str, str] | None = None,
        manual: Sequence[str] = (),
        jobs: Sequence[str] = (),
        prefix: str = "",
    ) -> GitLabRan:
        """One pipeline, as `source` starts it: those of its jobs that `jobs` names, by hand `manual`.

        `secrets` are variables by name and then by environment, `environment` is the runner's own.
        """
        state, held = self._folder / "state", self._folder / "variables.yml"
        for before in ("artifacts", "builds"):
            shutil.rmtree(state / before, ignore_errors=True)
        self._scratch.git("push", "--quiet", "--force", str(self._scratch.bare), "HEAD:refs/pipelines/1")
        held.write_text(
            json.dumps({name: {"type": "variable", "values": dict(of)} for name, of in (secrets or {}).items()})
        )
        given = {**_PIPELINE, "CI_PIPELINE_SOURCE": source, **(variables or {})}
        words = ["node", os.environ["KITCHEN_GITLAB_CI_LOCAL"], *jobs, "--home", str(self._folder)]
        for option, path in (("--state-dir", state), ("--variables-file", held)):
            words += [option, os.path.relpath(path, self._scratch.root)]
        words += ["--shell-isolation", "--no-artifacts-to-source", "--no-color"]
        words += ["--ignore-predefined-vars", ",".join(given)]
        words += [word for name, value in given.items() for word in ("--variable", f"{name}={value}")]
        words += ["--unset-variable", "CI_COMMIT_BRANCH"] if source == "merge_request_event" else []
        words += [word for job in manual for word in ("--manual", job)]
        more = {"KITCHEN_TEST_REMOTE": str(self._scratch.bare), **(environment or {})}
        done = self._said(words, more)
        return GitLabRan(status=done.returncode, text=done.stdout, uploaded=files(state / "artifacts"), prefix=prefix)
