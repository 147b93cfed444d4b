"""Numbers as Prometheus' own client library reads them."""

from __future__ import annotations

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

Samples = dict[tuple[str, ...], float]
"""By name and values of labels, in the order of the labels' names."""


def samples(path: Path) -> Samples:
    """Every sample of a file."""
    families = text_string_to_metric_families(path.read_text(encoding="utf-8"))
    return {
        (one.name, *(value for _, value in sorted(one.labels.items()))): one.value
        for family in families
        for one in family.samples
    }
