"""From a real scrape to data: the families of an exporter with their types and labels, as Prometheus took them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.monitoring.support.names import expanded
from tests.monitoring.support.prometheus import Prometheus

_SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}
_OF_PARTS = {"histogram": {"le"}, "summary": {"quantile"}}
_OWN = ("up", "scrape_")


def families(prometheus: Prometheus, job: str, target: Iterable[str] = ()) -> dict[str, dict[str, Any]]:
    """What a job has: type and labels of each family, without labels of the target."""
    return by_family(prometheus.series(job), prometheus.metadata(job), {"job", "instance", *target, "__name__"})


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
