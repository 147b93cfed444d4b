"""A Prometheus that holds the made day, with what the recording rules make of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from components.observability.alert import Record
from components.observability.facts import DeclaredAdapter, End, KitchenFacts, Objective, RuleFacts
from components.observability.rules import all_records
from tests.dashboards.support.clock import COARSE_SECONDS, DAY_STARTS, END, FINE_SECONDS, FINE_STARTS, HOUR
from tests.dashboards.support.made import (
    BUSY,
    CANARY,
    CURRENCY,
    ENVIRONMENT,
    NEW_VERSION,
    MadeKitchen,
    Text,
    kitchens,
    series,
)
from tests.support.ports import free_ports
from tools.demo.processes import Processes
from tools.toolchain import binary

_CONSTANT = re.compile(r"vector\((?P<value>[-+.e0-9]+)\)")
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
            adapters=_declared(kitchen),
            gpu_hour_price=120 if kitchen.weight < 1 else 480,
            canary_of=BUSY if kitchen.name == CANARY else None,
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
    return RuleFacts(environment=ENVIRONMENT, kitchens=declared, ends=ends, entry=True, store=True, currency=CURRENCY)


def _declared(kitchen: MadeKitchen) -> tuple[DeclaredAdapter, ...]:
    stable = tuple(DeclaredAdapter(name=name, version=version) for name, version in kitchen.adapters)
    canary = DeclaredAdapter(name=kitchen.adapters[0][0], version=NEW_VERSION, canary=True)
    return (*stable, canary) if kitchen.name == BUSY else stable


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
    """Write the made day into an empty data folder of Prometheus, and what the recording rules make of it."""
    text = series()
    rules = [*all_records(facts())]
    for rule in rules:
        if constant := _CONSTANT.fullmatch(rule.expression):
            text.add(rule.name, float(constant["value"]), **rule.labels)
    _write(folder, text)
    there = {*text.families}
    computed = [rule for rule in rules if rule.name not in there]
    for _ in range(_ROUNDS):
        with holding(folder) as holder:
            recorded = Text()
            for rule in computed:
                _record(holder, rule, recorded)
        _write(folder, recorded)


def _record(holder: Holder, rule: Record, text: Text) -> None:
    """What a rule would have recorded: of the day with coarse steps, and of its end with those of scrapes."""
    for start, end, step in ((DAY_STARTS, FINE_STARTS - 1, COARSE_SECONDS), (FINE_STARTS, END, FINE_SECONDS)):
        asked = {"query": rule.expression, "start": str(start), "end": str(end), "step": str(step)}
        for found in holder.ask("query_range", **asked)["result"]:
            labels = {**{key: value for key, value in found["metric"].items() if key != "__name__"}, **rule.labels}
            text.points(rule.name, [(float(time), float(value)) for time, value in found["values"]], **labels)


def _write(folder: Path, text: Text) -> None:
    file = folder.parent / "series.txt"
    file.write_text(text.text())
    words = ("tsdb", "create-blocks-from", "openmetrics", "--max-block-duration", "48h", str(file), str(folder))
    done = subprocess.run([str(binary("promtool")), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    file.unlink()


@contextmanager
def holding(folder: Path) -> Iterator[Holder]:
    """Start a Prometheus over a data folder, on a free port of loopback."""
    port = free_ports(1)[0]
    settings = folder.parent / "prometheus.yml"
    settings.write_text("global: {scrape_interval: 30s}\n")
    address = f"http://127.0.0.1:{port}"
    with Processes(folder.parent) as processes:
        words = [
            *(str(binary("prometheus")), f"--config.file={settings}", f"--storage.tsdb.path={folder}"),
            *(f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.retention.time=50y", "--log.level=warn"),
            *("--storage.tsdb.min-block-duration=2h", "--storage.tsdb.max-block-duration=2h"),
        ]
        processes.start("prometheus", words, dict(os.environ), folder.parent)
        processes.ready("prometheus", port, "/-/ready", 60)
        yield Holder(address)
