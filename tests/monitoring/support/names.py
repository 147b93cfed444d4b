"""Which series there are: names and labels of each exporter's metrics, as data that real scrapes have made.

`tests/monitoring/names/NAME.json` is one exporter: `exporter`, `version`, `part` (the label of its series), `how`
(`scraped` by a real Prometheus, or `source`: read from its public source, with `source` and `licence`), and `metrics`:
by the name of each family its type and the labels that its series had, without those of the target. `honoured: false`
says that labels of the target take the place of its own, which are then `exported_LABEL`, as by most charts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "names"
NEWER = FOLDER / "newer"
"""Of exporters whose newest version was scraped beside the pinned one: what will be with the next pin."""

TARGET = frozenset({"job", "instance", "environment", "part", "namespace", "pod", "container", "endpoint", "service"})
"""Labels that Prometheus, its operator and the program's monitors give to every series."""

KITCHEN = frozenset({"tenant", "kitchen"})
"""Labels that the monitors give to series of a kitchen's own pods beside TARGET."""

OF_KITCHENS = frozenset({"server", "adapters", "load"})
"""Parts whose targets have the labels KITCHEN."""

_SCRAPES = ("up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling")

_PARTS_OF = {
    "histogram": {"_bucket": frozenset({"le"}), "_sum": frozenset(), "_count": frozenset()},
    "summary": {"": frozenset({"quantile"}), "_sum": frozenset(), "_count": frozenset()},
}


@dataclass
class Known:
    """`series` has the possible labels of each series' name, by part."""

    series: dict[str, dict[str, frozenset[str]]] = field(default_factory=dict)

    def add(self, part: str, name: str, labels: frozenset[str]) -> None:
        """Let it be known; labels come together where it is known already."""
        held = self.series.setdefault(name, {})
        held[part] = held.get(part, frozenset()) | labels

    def labels(self, name: str, parts: frozenset[str] | None = None) -> frozenset[str] | None:
        """Labels that series of this name may have, in one of these parts if any are named; None: there are none.

        What rules record is of no part; it may have a label `part` of its own.
        """
        held = self.series.get(name, {})
        ours = [part for part in held if parts is None or part in parts or (not part and "part" in held[part])]
        found = [held[part] for part in ours]
        return frozenset().union(*found) if found else None


def documents(*, newer: bool = False) -> Iterator[dict[str, Any]]:
    """Every exporter's data; `newer`: that of the newest version where there is one."""
    for path in sorted(FOLDER.glob("*.json")):
        held = NEWER / path.name
        yield json.loads((held if newer and held.is_file() else path).read_text(encoding="utf-8"))


def known(*, newer: bool = False) -> Known:
    """What all exporters together have, and what Prometheus itself makes."""
    made = Known()
    for document in documents(newer=newer):
        part = document["part"]
        target = TARGET | KITCHEN if part in OF_KITCHENS else TARGET
        honoured = document.get("honoured", True)
        for name, labels in expanded(document["metrics"]):
            renamed = frozenset() if honoured else frozenset(f"exported_{label}" for label in labels & target)
            made.add(part, name, labels | target | renamed)
        for name in _SCRAPES if part else ():
            made.add(part, name, target)
    return made


def expanded(metrics: Mapping[str, Any]) -> Iterator[tuple[str, frozenset[str]]]:
    """The series of each family, exactly: a histogram has three, of which one has `le`, and none of its own name."""
    for name, family in metrics.items():
        for suffix, more in _PARTS_OF.get(family["type"], {"": frozenset()}).items():
            yield f"{name}{suffix}", frozenset(family["labels"]) | more
