"""A runner that a forge's signed webhooks start: it runs the make targets of the workflow files, one job at a time."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import os
import queue
import secrets
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import yaml

from tests.forge.support.gitea import KITCHEN, OWNER
from tests.forge.support.repository import Repository, must
from tests.support.ports import free_ports
from tests.support.quiet_server import QuietServer
from tools.local.workspace import REPOSITORY

_OUTER = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "KUBECONFIG", "PULUMI_", "KITCHEN_OBJECT_STORE", "KITCHEN_FORGE",
          "KITCHEN_DIRECTORY", "GITHUB_", "GITEA_", "CI_", "PYTHONPATH")  # fmt: skip
_SECONDS = 900


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One step: its words, exit status, what it printed and how long it took."""

    words: str
    status: int
    text: str
    seconds: float


@dataclass(kw_only=True)
class Job:
    """What one event started."""

    event: str
    commit: str
    ran: list[Ran] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return all(step.status == 0 for step in self.ran)

    def text(self) -> str:
        """Everything that was printed, for a failing test."""
        return "\n".join(
            f"$ {step.words} ({step.seconds:.0f} s, status {step.status})\n{step.text}" for step in self.ran
        )

    def step(self, target: str) -> Ran:
        """The step of a make target."""
        (found,) = (step for step in self.ran if step.words.split()[1] == target)
        return found


class Pipeline:
    """Listens on loopback for one repository; use it as a context manager.

    A pull request runs without secrets but the token of the kitchen's own account; a merge into main has `secrets_`.
    """

    def __init__(self, repository: Repository, folder: Path, secrets_: Mapping[str, str]) -> None:
        self._repository = repository
        self._folder = folder
        self._secrets = secrets_
        self._key = secrets.token_hex(16)
        self._events: queue.Queue[Job | None] = queue.Queue()
        self._pulls: dict[str, int] = {}
        self.done: list[Job] = []
        self.refused: list[str] = []
        (port,) = free_ports(1)
        self.address = f"http://127.0.0.1:{port}/"
        self._server = QuietServer(("127.0.0.1", port), self._handler())
        self._worker = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self._worker.start()
        hook = {"url": self.address, "content_type": "json", "secret": self._key}
        asked = {"type": "gitea", "active": True, "events": ["pull_request", "push"], "config": hook}
        self._repository.gitea.must(OWNER, "POST", f"{self._repository.path}/hooks", asked)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._events.put(None)
        self._worker.join(_SECONDS)

    def wait(self, jobs: int) -> Job:
        """Wait until so many jobs are done, and return the last one."""
        limit = time.monotonic() + _SECONDS
        while len(self.done) < jobs and time.monotonic() < limit:
            time.sleep(0.2)
        assert len(self.done) == jobs, (self.refused, [job.text() for job in self.done])
        return self.done[-1]

    def take(self, event: str, content: Mapping[str, Any]) -> None:
        """Queue the job of an event; of other events there is none."""
        if event == "pull_request" and content["action"] in ("opened", "synchronized"):
            commit = content["pull_request"]["head"]["sha"]
            self._pulls[commit] = content["number"]
            self._events.put(Job(event=event, commit=commit))
        elif event == "push" and content["ref"] == "refs/heads/main":
            self._events.put(Job(event=event, commit=content["after"]))

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        pipeline = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                own = hmac.new(pipeline._key.encode(), raw, hashlib.sha256).hexdigest()
                signed = hmac.compare_digest(own, self.headers.get("X-Gitea-Signature", ""))
                self.send_response(202 if signed else 401)
                self.end_headers()
                if signed:
                    pipeline.take(self.headers["X-Gitea-Event"], json.loads(raw))
                else:
                    pipeline.refused.append(self.headers.get("X-Gitea-Event", ""))

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler

    def _work(self) -> None:
        while (job := self._events.get()) is not None:
            try:
                self._run(job)
            except Exception as error:  # noqa: BLE001 - a job that dies is one that failed: the test shows why
                job.ran.append(Ran(words="make (no step)", status=1, text=repr(error), seconds=0))
            self.done.append(job)

    def _run(self, job: Job) -> None:
        folder = self._folder / f"{len(self.done)}-{job.commit[:8]}"
        must(self._folder, "clone", "-q", self._repository.gitea.address(KITCHEN, self._repository.name), str(folder))
        must(folder, "checkout", "-q", job.commit)
        (folder / ".venv").symlink_to(REPOSITORY / ".venv")
        with (folder / ".git" / "info" / "exclude").open("a") as ignored:
            ignored.write(".venv\n")
        words = self._repository.words(KITCHEN_FORGE_COMMIT=job.commit)
        if job.event == "pull_request":
            name, env = "change", {**words, "KITCHEN_FORGE_PULL": str(self._pulls[job.commit])}
        else:
            name, env = "dev", {**words, **self._secrets}
        for line in targets(folder, job.event, name):
            job.ran.append(run(line, folder, env))


def targets(folder: Path, event: str, job: str) -> list[str]:
    """The make targets that a workflow's job runs, in order, as its file in this commit says."""
    file = {"pull_request": "pull-request", "push": "merge"}[event]
    said = yaml.safe_load((folder / ".github" / "workflows" / f"{file}.yaml").read_text())["jobs"][job]
    lines = [step["run"] for step in said["steps"] if "run" in step]
    return [line for line in lines if line.startswith("make ")]


def run(line: str, folder: Path, env: Mapping[str, str]) -> Ran:
    """Run one of them in a checkout, with the Python environment that is there already."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(_OUTER)}
    words = ["make", "--no-print-directory", "--old-file=.venv/.requirements.stamp", *line.split()[1:]]
    begun = time.monotonic()
    done = subprocess.run(
        words,
        cwd=folder,
        env={**clean, "PYTHONPATH": str(folder), **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    return Ran(words=line, status=done.returncode, text=done.stdout, seconds=time.monotonic() - begun)
