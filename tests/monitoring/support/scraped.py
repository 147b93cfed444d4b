"""From a real scrape to data: the families of an exporter with their types and labels, as Prometheus took them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.monitoring.support.names import expanded
from tests.monitoring.support.prometheus import Prometheus

_SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}
_OF_PARTS = {"histogram": {"le"}, "summary": {"quantile"}}
_OWN = ("up", "scrape_")


def families(prometheus: Prometheus, name: str) -> dict[str, dict[str, Any]]:
    """What a job has: type and labels of each family, without labels of the target."""
    (job,) = [job for job in prometheus.jobs if job.name == name]
    own = {"__name__", "job", "instance", *job.labels}
    return by_family(prometheus.series(name), prometheus.metadata(name), own)


def by_family(series: Iterable[Mapping[str, str]], types: Mapping[str, str], without: set[str]) -> dict[str, Any]:
    """The same of labels of series and of stated types. OpenMetrics states a counter without its `_total`."""
    found: dict[str, dict[str, Any]] = {}
    for labels in series:
        name = labels["__name__"]
        if name.startswith(_OWN):
            continue
        family, kind = _family(name, types)
        entry = found.setdefault(family, {"type": kind, "labels": set()})
        entry["labels"] |= set(labels) - without - _OF_PARTS.get(kind, set())
    return {name: {**found[name], "labels": sorted(found[name]["labels"])} for name in sorted(found)}


def _family(name: str, types: Mapping[str, str]) -> tuple[str, str]:
    for kind, suffixes in _SUFFIXES.items():
        for suffix in suffixes:
            base = name.removesuffix(suffix)
            if base != name and types.get(base) == kind:
                return base, kind
    kind = types.get(name) or types.get(name.removesuffix("_total")) or "unknown"
    return name, kind


RUNBOOK = Path(__file__).resolve().parents[3] / "docs" / "runbook.md"


def stated(text: str) -> int:
    """The number that the runbook states in these words; `N` stands for it. Raises AssertionError where it does not."""
    words = re.escape(" ".join(text.split())).replace("N", r"(\d+)")
    found = re.search(words, " ".join(RUNBOOK.read_text(encoding="utf-8").split()))
    assert found is not None, text
    return int(found[1])


def gone(data: Mapping[str, Any], scraped: Mapping[str, Any]) -> list[str]:
    """Series or labels of the data that a scrape did not have; one line each."""
    have, said = dict(expanded(scraped)), dict(expanded(data))
    lines = [f"{name}: gone" for name in said if name not in have]
    return lines + [
        f"{name}: label {label} is gone"
        for name, labels in said.items()
        if name in have
        for label in sorted(labels - have[name])
    ]
