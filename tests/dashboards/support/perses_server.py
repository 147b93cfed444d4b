"""A real Perses with the dashboards as files, over a Prometheus."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from components.observability.dashboards import perses
from components.observability.dashboards.boards import BoardArgs, all_dashboards
from tests.dashboards.support.made import CURRENCY, ENVIRONMENT
from tests.support.ports import free_ports
from tools.demo.processes import Processes

HOME = "KITCHEN_PERSES"
"""Where `make` has installed it."""

PROJECT = "kitchen"


def files(folder: Path, prometheus: str) -> None:
    """What Perses takes in at its start: a project, the source of figures, the dashboards."""
    source = {
        "kind": "PrometheusDatasource",
        "spec": {"proxy": {"kind": "HTTPProxy", "spec": {"url": prometheus}}, "scrapeInterval": "30s"},
    }
    boards = [
        perses.dashboard(board, ENVIRONMENT, PROJECT)
        for board in all_dashboards(BoardArgs(environment=ENVIRONMENT, currency=CURRENCY))
    ]
    objects = [
        {"kind": "Project", "metadata": {"name": PROJECT}},
        {"kind": "GlobalDatasource", "metadata": {"name": "prometheus"}, "spec": {"default": True, "plugin": source}},
        *boards,
    ]
    folder.mkdir()
    for number, made in enumerate(objects):
        (folder / f"{number:02d}.json").write_text(json.dumps(made))


@contextmanager
def serving(folder: Path, prometheus: str) -> Iterator[str]:
    """Start it in an empty folder; its address. Raises AssertionError where it does not take each dashboard in."""
    home, port = Path(os.environ[HOME]), free_ports(1)[0]
    shutil.copytree(home / "plugins", folder / "plugins")
    for name in ("archives", "data"):
        (folder / name).mkdir()
    files(folder / "provision", prometheus)
    settings = {
        "database": {"file": {"folder": str(folder / "data"), "extension": "json"}},
        "plugin": {"path": str(folder / "plugins"), "archive_path": str(folder / "archives")},
        "provisioning": {"folders": [str(folder / "provision")], "interval": "1h"},
        "security": {"enable_auth": False, "encryption_key": "=tW$56zytgB&3jN2E%7-+qrGZE?v6LCc"},
    }
    (folder / "perses.json").write_text(json.dumps(settings))
    with Processes(folder) as processes:
        words = [str(home / "perses"), f"--config={folder / 'perses.json'}", f"--web.listen-address=127.0.0.1:{port}"]
        processes.start("perses", words, dict(os.environ), folder)
        processes.ready("perses", port, "/api/v1/health", 60)
        address = f"http://127.0.0.1:{port}"
        wanted = {board.uid for board in all_dashboards(BoardArgs(environment=ENVIRONMENT, currency=CURRENCY))}
        end = time.monotonic() + 30
        while (taken := _taken(address)) != wanted:
            assert time.monotonic() < end, (wanted - taken, (folder / "perses.log").read_text()[-3000:])
            time.sleep(0.3)
        yield address


def _taken(address: str) -> set[str]:
    with urlopen(f"{address}/api/v1/projects/{PROJECT}/dashboards", timeout=30) as answer:  # noqa: S310
        return {found["metadata"]["name"] for found in json.load(answer)}
