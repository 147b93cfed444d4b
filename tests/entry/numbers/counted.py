"""An entry whose models are adapters with versions, a canary among them; and what it tells Prometheus."""

from __future__ import annotations

import re
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from components.entry.plan import Grant, Limits, Server
from tests.entry.support.plan import PATHS
from tests.entry.support.running import Entry
from tests.entry.support.tokens import Providers
from tests.entry.support.upstream import Upstream

Series = tuple[str, frozenset[tuple[str, str]]]
"""A metric's name and its labels; a label that is empty is none."""

CALLS, TOKENS = "envoy_kitchen_entry_calls_total", "envoy_kitchen_entry_tokens_total"
REFUSALS, NEAR = "envoy_kitchen_entry_refusals_total", "envoy_kitchen_entry_near_limit_total"
CANARY = "support-next"
UNLIMITED = Limits()

_LINE = re.compile(r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?P<labels>.*)\})? (?P<value>\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def grants(servers: Mapping[str, Upstream], limit: int = 3) -> list[Grant]:
    """Of two tenants: an adapter with a canary, a base model for two groups, and one with a limit."""
    at = {name: Server(name=name, host="127.0.0.1", port=server.port) for name, server in servers.items()}
    old, new = at["support"], Server(name=CANARY, host="127.0.0.1", port=at["support"].port, weight=50)
    return [
        _grant("support/helpdesk/faq", "faq", ["helpdesk"], [Server(**{**vars(old), "weight": 50}), new]),
        _grant("support/helpdesk/few", "few", ["busy"], [old], Limits(requests_per_minute=limit)),
        Grant(
            name="legal/legal/legal",
            model="legal",
            groups=["legal", "staff"],
            paths=PATHS,
            servers=[at["legal"]],
            tenant="legal",
            facts={"tenant": "legal"},
        ),
    ]


def _grant(name: str, model: str, groups: list[str], servers: list[Server], limits: Limits = UNLIMITED) -> Grant:
    versions = {server.name: f"v{number}" for number, server in enumerate(servers, start=1)}
    facts = {
        "tenant": "helpdesk",
        "adapter": model,
        "adapters": {server: f"{model}/{version}" for server, version in versions.items()},
        "versions": versions,
    }
    return Grant(
        **{"name": name, "model": model, "groups": groups, "paths": PATHS, "servers": servers, "limits": limits},
        tenant="helpdesk",
        facts=facts,
    )


@contextmanager
def running(folder: Path, providers: Providers, servers: dict[str, Upstream], limit: int = 3) -> Iterator[Entry]:
    """The real Envoy with the check of bodies, while the context lasts."""
    made = Entry(folder, providers, servers, grants=grants(servers, limit))
    try:
        made.start()
        yield made
    finally:
        made.stop()


def scraped(entry: Entry, name: str = "") -> dict[Series, float]:
    """What Prometheus reads there, of one metric or of all."""
    with urllib.request.urlopen(f"http://127.0.0.1:{entry.metrics}/stats/prometheus", timeout=20) as answer:
        text = answer.read().decode()
    found = {}
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match is not None and (not name or match["name"] == name):
            labels = frozenset(pair for pair in _LABEL.findall(match["labels"] or "") if pair[1])
            found[match["name"], labels] = float(match["value"])
    return found


def total(entry: Entry, name: str, *by: str) -> Counter[tuple[str, ...]]:
    """Sums of a metric by the values of some labels; what is 0 is not there."""
    sums: Counter[tuple[str, ...]] = Counter()
    for (_, labels), value in scraped(entry, name).items():
        sums[tuple(dict(labels).get(label, "") for label in by)] += int(value)
    return +sums
