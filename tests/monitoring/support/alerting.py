"""A real Alertmanager, a Prometheus that sends to it, and a webhook that keeps what it is told; all on loopback."""

from __future__ import annotations

import json
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import yaml

from tests.monitoring.support.prometheus import Job, Prometheus
from tests.support.ports import free_ports
from tests.support.quiet_server import QuietServer
from tools.toolchain import binary

_SECONDS = 120
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Webhook:
    """Keeps each message by the receiver that it was sent to; `address(receiver)` is where it takes them."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self._server = QuietServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Webhook:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def address(self, receiver: str) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/{receiver}"

    def told(self, status: str = "firing") -> dict[tuple[str, str], list[dict[str, Any]]]:
        """Every alert that was told of, by receiver and name."""
        found: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for message in list(self.messages):
            for alert in message["alerts"]:
                if alert["status"] == status:
                    found.setdefault((message["path"], alert["labels"]["alertname"]), []).append(alert)
        return found

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        kept = self.messages

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                kept.append({**body, "path": self.path.strip("/")})
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


class Alertmanager:
    """A context manager; the configuration is given whole."""

    def __init__(self, folder: Path, configuration: dict[str, Any]) -> None:
        self.folder, self._configuration = folder, configuration
        (self.port,) = free_ports(1)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Alertmanager:
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "alertmanager.yaml"
        config.write_text(yaml.safe_dump(self._configuration))
        words = [f"--config.file={config}", f"--web.listen-address=127.0.0.1:{self.port}"]
        words += [f"--storage.path={self.folder / 'data'}", "--cluster.listen-address=", "--log.level=warn"]
        with (self.folder / "alertmanager.log").open("ab") as log:
            self._process = subprocess.Popen([binary("alertmanager"), *words], stdout=log, stderr=log)
        until(self._ready, lambda: (self.folder / "alertmanager.log").read_text()[-2000:])
        return self

    def __exit__(self, *_: object) -> None:
        end(self._process)

    def names(self) -> set[str]:
        """Names of the alerts that it holds, silenced or not."""
        with _OPENER.open(f"http://127.0.0.1:{self.port}/api/v2/alerts", timeout=10) as answer:
            return {alert["labels"]["alertname"] for alert in json.load(answer)}

    def _ready(self) -> bool:
        try:
            _OPENER.open(f"http://127.0.0.1:{self.port}/-/ready", timeout=2).close()
        except (urllib.error.URLError, OSError):
            return False
        return True


class AlertingPrometheus(Prometheus):
    """A Prometheus that sends its alerts to an Alertmanager."""

    def __init__(
        self, folder: Path, jobs: Sequence[Job], rules: Sequence[Path], alertmanager: Alertmanager, *, every: str = "1s"
    ) -> None:
        super().__init__(folder, jobs, rules=rules, every=every)
        target = {"static_configs": [{"targets": [f"127.0.0.1:{alertmanager.port}"]}]}
        self._config["alerting"] = {"alertmanagers": [target]}


def until(what: Callable[[], bool], why: Callable[[], object] = lambda: "", seconds: float = _SECONDS) -> float:
    """Wait until it holds and return the seconds that it took; raises AssertionError."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if what():
            return time.monotonic() - began
        time.sleep(0.1)
    raise AssertionError(f"not in {seconds:g} s: {why()}")


def end(process: subprocess.Popen[bytes] | None) -> None:
    """Stop a process of this test."""
    if process is not None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
