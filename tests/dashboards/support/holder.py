"""A Prometheus that holds the made day, with what the recording rules make of it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import yaml

from components.observability.facts import DeclaredAdapter, End, KitchenFacts, Objective, RuleFacts
from components.observability.rules import all_records
from tests.dashboards.support.clock import END, HOUR
from tests.dashboards.support.made import ENVIRONMENT, kitchens, series
from tools.demo.processes import Processes, free_ports

_TOOLS = "/root/.cache/private-ai-kitchen/toolchain/prometheus-a87fbcc6bb66/"
_ROUNDS = 3
"""Rules read what others record: those of the next round see what the last one made."""


def facts() -> RuleFacts:
    """What Git says of the made day."""
    declared = tuple(
        KitchenFacts(
            name=kitchen.name,
            tenant=kitchen.tenant,
            namespace=kitchen.namespace,
            replicas=kitchen.servers,
            max_loras=4,
            hot=True,
            adapters=tuple(DeclaredAdapter(name=name, version=version) for name, version in kitchen.adapters),
            objective=Objective(ttft_seconds=2.5, token_seconds=0.05, availability=0.99),
        )
        for kitchen in kitchens()
    )
    ends = tuple(
        End(what=what, name=name, timestamp=END + days * 24 * HOUR)
        for what, name, days in (
            ("signer", "adapters-2025", 9),
            ("exemption", "pods-have-probes", 24),
            ("licence", "tsuzumi-7b", 130),
            ("grant", "agents of claims", 41),
        )
    )
    return RuleFacts(environment=ENVIRONMENT, kitchens=declared, ends=ends, entry=True, store=True)


class Holder:
    """Asks the Prometheus; `address` is its own."""

    def __init__(self, address: str) -> None:
        """Know the address."""
        self.address = address

    def ask(self, path: str, **asked: str) -> Any:
        """What the API answers as data; raise AssertionError for an error, with Prometheus' own words."""
        with urlopen(f"{self.address}/api/v1/{path}?{urlencode(asked)}", timeout=60) as answer:  # noqa: S310
            said = json.load(answer)
        assert said["status"] == "success", said
        return said["data"]


def blocks(folder: Path) -> None:
    """Write the made day into an empty data folder of Prometheus; about 20 seconds."""
    text = folder.parent / "day.txt"
    text.write_text(series().text())
    _run("tsdb", "create-blocks-from", "openmetrics", "--max-block-duration", "48h", str(text), str(folder))
    text.unlink()
    rules = folder.parent / "rules.yml"
    groups = [{"name": "kitchen", "rules": [record.rule() for record in all_records(facts())]}]
    rules.write_text(yaml.safe_dump({"groups": groups}))
    for _ in range(_ROUNDS):
        with holding(folder) as holder:
            for start, every in ((END - 26 * HOUR, "10m"), (END - 2 * HOUR, "30s")):
                stop = END - 2 * HOUR if every == "10m" else END
                _run(
                    *("tsdb", "create-blocks-from", "rules", "--url", holder.address, "--start", str(start)),
                    *("--end", str(stop), "--eval-interval", every, "--output-dir", str(folder), str(rules)),
                )


@contextmanager
def holding(folder: Path) -> Iterator[Holder]:
    """Start a Prometheus over a data folder, on a free port of loopback."""
    port = free_ports(1)[0]
    settings = folder.parent / "prometheus.yml"
    settings.write_text("global: {scrape_interval: 30s}\n")
    address = f"http://127.0.0.1:{port}"
    with Processes(folder.parent) as processes:
        words = [
            *(_TOOLS + "prometheus", f"--config.file={settings}", f"--storage.tsdb.path={folder}"),
            *(f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.retention.time=50y", "--log.level=warn"),
        ]
        processes.start("prometheus", words, dict(os.environ), folder.parent)
        processes.ready("prometheus", port, "/-/ready", 60)
        yield Holder(address)


def _run(*words: str) -> None:
    done = subprocess.run([_TOOLS + "promtool", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
