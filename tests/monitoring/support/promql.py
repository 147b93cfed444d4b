"""Names and labels in PromQL that no series has, found in the tree that Prometheus' own parser gives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tests.monitoring.support.names import Known

NAME = "__name__"
ANY = "*"
"""Stands among labels where a name is not known: then nothing is said of its labels."""
_ALERTS = frozenset({"alertname", "alertstate", "severity", "owner", "subject"})


class Reading:
    """Reads trees: `labels` gives the labels that an expression's series may have, `faults` gathers what is not so."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self.faults: list[str] = []

    def labels(self, tree: Mapping[str, Any]) -> frozenset[str]:
        """Labels that the result may have; every name on the way is looked at."""
        kind = tree["type"]
        if kind in ("vectorSelector", "matrixSelector"):
            return self._selector(tree)
        if kind == "call":
            return self._call(tree)
        if kind == "aggregation":
            return self._aggregation(tree)
        if kind == "binaryExpr":
            return self._binary(tree)
        if kind in ("parenExpr", "unaryExpr", "subquery", "stepInvariantExpr"):
            return self.labels(tree["expr"])
        if kind in ("numberLiteral", "stringLiteral"):
            return frozenset()
        raise AssertionError(f"{kind}: a kind of PromQL that this reading does not know")

    def _selector(self, tree: Mapping[str, Any]) -> frozenset[str]:
        matchers = tree["matchers"]
        names = [m for m in matchers if m["name"] == NAME]
        if len(names) != 1 or names[0]["type"] != "=":
            self.faults.append(f"{names}: a selector names one metric exactly")
            return frozenset()
        name = names[0]["value"]
        parts = [m["value"] for m in matchers if m["name"] == "part" and m["type"] in ("=", "=~")]
        among = frozenset(parts[0].split("|")) if parts else None
        found = self._known.labels(name, among)
        if found is None:
            where = f" in part {'|'.join(sorted(among))}" if among else ""
            self.faults.append(f"{name}: no scrape has it{where}")
            return frozenset({ANY})
        # What rules make has no job, and `job=""` asks for just that.
        asked = [m["name"] for m in matchers if (m["name"], m["type"], m["value"]) != ("job", "=", "")]
        self._need((label for label in asked if label != NAME), found, name)
        return found

    def _need(self, labels: Iterable[str], found: frozenset[str], what: str) -> None:
        for label in labels:
            if label and label not in found and ANY not in found:
                self.faults.append(f"{what}: has no label {label}")

    def _call(self, tree: Mapping[str, Any]) -> frozenset[str]:
        name, args = tree["func"]["name"], tree["args"]
        found = [self.labels(arg) for arg in args]
        if name in ("absent", "absent_over_time"):
            equal = [m["name"] for m in args[0].get("matchers", ()) if m["type"] == "=" and m["name"] != NAME]
            return frozenset(equal)
        if name in ("vector", "scalar", "time"):
            return frozenset()
        if name in ("label_replace", "label_join"):
            sources = [args[3]] if name == "label_replace" else args[3:]
            self._need((source["val"] for source in sources), found[0], name)
            return found[0] | {args[1]["val"]}
        all_of_them = frozenset[str]().union(*found)
        if name in ("histogram_quantile", "histogram_fraction"):
            self._need(["le"], all_of_them, name)
            return all_of_them - {"le"}
        return all_of_them

    def _aggregation(self, tree: Mapping[str, Any]) -> frozenset[str]:
        found = self.labels(tree["expr"])
        if tree["param"] is not None:
            self.labels(tree["param"])
        self._need(tree["grouping"], found, f"{tree['op']} {'without' if tree['without'] else 'by'}")
        if tree["op"] in ("topk", "bottomk", "limitk", "limit_ratio"):
            return found
        kept = found - set(tree["grouping"]) if tree["without"] else _among(tree["grouping"], found)
        return kept | {tree["param"]["val"]} if tree["op"] == "count_values" else kept

    def _binary(self, tree: Mapping[str, Any]) -> frozenset[str]:
        left, right = self.labels(tree["lhs"]), self.labels(tree["rhs"])
        matching = tree["matching"]
        if matching is None:  # one side is a number
            return left | right
        if matching["on"]:
            self._need(matching["labels"], left, f"left of {tree['op']}")
            self._need(matching["labels"], right, f"right of {tree['op']}")
        else:
            self._need(matching["labels"], left | right, f"{tree['op']} ignoring")
        if tree["op"] == "or":
            return left | right
        if tree["op"] in ("and", "unless"):
            return left
        many, one = (right, left) if matching["card"] == "one-to-many" else (left, right)
        self._need(matching["include"], one, f"group_left or group_right of {tree['op']}")
        if matching["card"] == "one-to-one":
            return _among(matching["labels"], many) if matching["on"] else many - set(matching["labels"])
        return many | set(matching["include"])


def _among(labels: Iterable[str], found: frozenset[str]) -> frozenset[str]:
    return frozenset(label for label in labels if label in found or ANY in found)


def unknown_names(tree: Mapping[str, Any], known: Known) -> list[str]:
    """What of an expression no series has: metrics, labels of matchers, `by`, `on`, `group_left`; one line each."""
    reading = Reading(known)
    reading.labels(tree)
    return list(dict.fromkeys(reading.faults))


def with_records(known: Known, records: Iterable[tuple[str, Mapping[str, Any], Iterable[str]]]) -> Known:
    """`known` and the series that recording rules make: each a name, the tree of its expression, labels of its own.

    A record that reads others comes to its labels in rounds, in whatever order they stand; one that reads itself too.
    """
    made = Known({name: dict(parts) for name, parts in known.series.items()})
    rules = [(name, tree, frozenset(own)) for name, tree, own in records]
    for name, _, own in rules:
        made.add("", name, own)
    while True:
        before = {name: made.labels(name) for name, _, _ in rules}
        for name, tree, own in rules:
            made.add("", name, Reading(made).labels(tree) | own)
        if before == {name: made.labels(name) for name, _, _ in rules}:
            return made


def with_alerts(known: Known, labels: Iterable[str]) -> None:
    """Let the series that Prometheus makes of alerts be known, with the labels that alerts keep."""
    for name in ("ALERTS", "ALERTS_FOR_STATE"):
        known.add("", name, _ALERTS | frozenset(labels))


_VARIABLE = re.compile(r"\$\{?(?:__rate_interval|__interval|__range|interval)\}?")


def without_variables(panel: str) -> str:
    """A panel's expression with a time in the place of its variables of times; those within quotes are only text."""
    return _VARIABLE.sub("5m", panel)
