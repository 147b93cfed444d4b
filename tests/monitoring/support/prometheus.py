"""A real Prometheus on loopback: it scrapes, answers, and parses PromQL with its own parser."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.ports import free_ports
from tools.toolchain import binary

_SECONDS = 120
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is scraped: `name` is the exporter's, `labels` are those of the target; `token` is a bearer token."""

    name: str
    ports: Sequence[int]
    path: str = "/metrics"
    labels: Mapping[str, str] = field(default_factory=dict)
    scheme: str = "http"
    token: str | None = None
    honour: bool = False

    def content(self) -> dict[str, Any]:
        """As Prometheus reads it."""
        return {
            "job_name": self.name,
            "scheme": self.scheme,
            "metrics_path": self.path,
            "honor_labels": self.honour,
            "static_configs": [{"targets": [f"127.0.0.1:{port}" for port in self.ports], "labels": dict(self.labels)}],
            **({"tls_config": {"insecure_skip_verify": True}} if self.scheme == "https" else {}),
            **({"authorization": {"credentials": self.token}} if self.token is not None else {}),
        }


class Prometheus:
    """A context manager. `rules` are files of rules; `every` is the time between scrapes."""

    def __init__(
        self, folder: Path, jobs: Sequence[Job] = (), *, rules: Sequence[Path] = (), every: str = "1s"
    ) -> None:
        self.folder, self.jobs = folder, jobs
        (self.port,) = free_ports(1)
        self._config = {
            "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
            "rule_files": [str(path) for path in rules],
            "scrape_configs": [job.content() for job in jobs],
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Prometheus:
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "prometheus.yaml"
        config.write_text(yaml.safe_dump(self._config))
        words = [f"--config.file={config}", f"--web.listen-address=127.0.0.1:{self.port}"]
        words += [f"--storage.tsdb.path={self.folder / 'data'}", "--log.level=warn"]
        with (self.folder / "prometheus.log").open("ab") as log:
            self._process = subprocess.Popen([binary("prometheus"), *words], stdout=log, stderr=log)
        self.wait(self._ready)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def parsed(self, expression: str) -> dict[str, Any]:
        """The tree of an expression, by Prometheus' own parser; raises ValueError for one that it refuses."""
        tree: dict[str, Any] = self._get("parse_query", query=expression)
        return tree

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The vector that an expression has now."""
        found: list[dict[str, Any]] = self._get("query", query=expression)["result"]
        return found

    def found(self, expression: str) -> list[dict[str, Any]]:
        """The same, once it is not empty: a scrape that comes too late ends all series of its target for a moment."""
        vectors: list[list[dict[str, Any]]] = []

        def look() -> bool:
            vectors.append(self.query(expression))
            return bool(vectors[-1])

        self.wait(look, lambda: expression)
        return vectors[-1]

    def series(self, job: str) -> list[dict[str, str]]:
        """The labels, name included, of every series that a job has ever had."""
        found: list[dict[str, str]] = self._get("series", **{"match[]": f"{{job={json.dumps(job)}}}"})
        return found

    def rules(self) -> list[dict[str, Any]]:
        """Every rule with its health and its last error."""
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def metadata(self, job: str) -> dict[str, str]:
        """The types of a job's metrics, as its exporter states them."""
        told = self._get("targets/metadata", match_target=f"{{job={json.dumps(job)}}}")
        return {entry["metric"]: entry["type"] for entry in told}

    def wait_for_scrapes(self, count: int = 2) -> None:
        """Until every job was scraped so often since it was first seen; raises AssertionError that names the others."""

        def late() -> list[str]:
            up = {
                entry["metric"]["job"]: entry["value"][1] for entry in self.query(f"sum_over_time(up[5m]) >= {count}")
            }
            return [job.name for job in self.jobs if job.name not in up]

        self.wait(lambda: not late(), lambda: f"not scraped: {late()}: {self._faults()}")

    def wait(self, what: Any, why: Any = lambda: "") -> None:
        """Until it holds; raises AssertionError with the log's end."""
        until = time.monotonic() + _SECONDS
        while time.monotonic() < until:
            if self._process is None or self._process.poll() is not None:
                break
            if what():
                return
            time.sleep(0.1)
        raise AssertionError(f"{why()}\n{(self.folder / 'prometheus.log').read_text()[-2000:]}")

    def _faults(self) -> dict[str, str]:
        told = self._get("targets", state="active")["activeTargets"]
        return {entry["labels"]["job"]: entry["lastError"] for entry in told if entry["lastError"]}

    def _ready(self) -> bool:
        try:
            _OPENER.open(f"http://127.0.0.1:{self.port}/-/ready", timeout=2).close()
        except (urllib.error.URLError, OSError):
            return False
        return True

    def _get(self, what: str, **asked: str) -> Any:
        address = f"http://127.0.0.1:{self.port}/api/v1/{what}?{urllib.parse.urlencode(asked)}"
        try:
            with _OPENER.open(address, timeout=60) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise ValueError(json.load(error)["error"]) from error
