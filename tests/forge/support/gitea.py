"""A real Gitea on a free loopback port: accounts with tokens of their own, each question with the asker's token."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.support.ports import free_ports
from tools.toolchain import data

OWNER, AUTHOR, REVIEWER, KITCHEN = "owner", "author", "reviewer", "kitchen-bot"
SCOPES = "write:repository,write:issue,read:user"
_START_SECONDS = 60
_STOP_SECONDS = 10

_CONFIG = """\
APP_NAME = forge of tests
RUN_MODE = prod
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = {port}
ROOT_URL = http://127.0.0.1:{port}/
DISABLE_SSH = true
OFFLINE_MODE = true
LFS_START_SERVER = false
STATIC_ROOT_PATH = {static}
APP_DATA_PATH = {folder}/data
[database]
DB_TYPE = sqlite3
PATH = {folder}/gitea.db
[repository]
ROOT = {folder}/repositories
[security]
INSTALL_LOCK = true
SECRET_KEY = {secret}
[service]
DISABLE_REGISTRATION = true
[webhook]
ALLOWED_HOST_LIST = loopback
[actions]
ENABLED = false
[log]
LEVEL = Warn
ROOT_PATH = {folder}/log
[cron.update_checker]
ENABLED = false
"""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What Gitea answered."""

    status: int
    value: Any


class Gitea:
    """One process; use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (self.port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"
        self.tokens: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._config = folder / "app.ini"

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        # Debian's git asks the user's own settings; a test has none.
        self._config.write_text(
            _CONFIG.format(port=self.port, folder=self.folder, static=data("gitea"), secret=secrets.token_hex(32))
        )
        self._start()
        for name in (OWNER, AUTHOR, REVIEWER, KITCHEN):
            self._user(name)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def ask(self, user: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """Ask the REST interface with the user's token."""
        request = urllib.request.Request(  # noqa: S310 - our own address
            f"{self.url}/api/v1{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"token {self.tokens[user]}"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                text = answer.read()
                return Answer(status=answer.status, value=json.loads(text) if text else None)
        except urllib.error.HTTPError as error:
            return Answer(status=error.code, value=error.read().decode(errors="replace"))

    def must(self, user: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """As `ask`, for what has to succeed."""
        answer = self.ask(user, method, path, body)
        assert 200 <= answer.status < 300, (method, path, answer)
        return answer.value

    def token(self, user: str, scopes: str) -> str:
        """One more token of a user, with these scopes alone."""
        words = ["--username", user, "--token-name", secrets.token_hex(4), "--scopes", scopes, "--raw"]
        return self._run("admin", "user", "generate-access-token", *words)

    def address(self, user: str, repository: str) -> str:
        """Where git finds a repository as the user, the token within: for a test's own clone alone."""
        return f"http://{user}:{self.tokens[user]}@127.0.0.1:{self.port}/{repository}.git"

    def _user(self, name: str) -> None:
        words = ["--username", name, "--email", f"{name}@example.com", "--random-password"]
        self._run("admin", "user", "create", *words, "--must-change-password=false")
        self.tokens[name] = self.token(name, "all" if name == OWNER else SCOPES)

    def _environment(self) -> dict[str, str]:
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        return {"PATH": os.environ["PATH"], "HOME": str(home), "USER": "root", "GITEA_WORK_DIR": str(self.folder)}

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            [data("gitea") / "gitea", "--config", self._config, *words],
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip().splitlines()[-1]

    def _start(self) -> None:
        with (self.folder / "gitea.log").open("ab") as log:
            self._process = subprocess.Popen(
                [data("gitea") / "gitea", "--config", self._config, "web"],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        limit = time.monotonic() + _START_SECONDS
        while time.monotonic() < limit and self._process.poll() is None:
            try:
                opener.open(f"{self.url}/api/healthz", timeout=2).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError(f"Gitea did not start:\n{(self.folder / 'gitea.log').read_text()[-3000:]}")
