"""Every name and label in rules, and in what scales kitchens, is one that a scrape has."""

from __future__ import annotations

import pytest

from components.observability.rules import all_alerts, all_records
from components.serving.autoscaling import Autoscaling, query
from tests.monitoring.rules.worlds import WORLDS
from tests.monitoring.support.names import NEWER, Known, documents, known
from tests.monitoring.support.prometheus import Prometheus
from tests.monitoring.support.promql import Reading, unknown_names, with_alerts, with_records


def world(name: str, parser: Prometheus, *, newer: bool = False) -> Known:
    """What exporters have and what the rules of a world record."""
    facts = WORLDS[name]
    rules = [(record.name, parser.parsed(record.expression), record.labels) for record in all_records(facts)]
    made = with_records(known(newer=newer), rules)
    with_alerts(made, (label for alert in all_alerts(facts) for label in alert.keeps))
    return made


@pytest.mark.parametrize("newer", [False, True])
@pytest.mark.parametrize("name", WORLDS)
def test_rules_name_what_is_scraped(name: str, newer: bool, parser: Prometheus) -> None:
    have = world(name, parser, newer=newer)
    told = {
        rule: unknown
        for rule, expression in (
            *((record.name, record.expression) for record in all_records(WORLDS[name])),
            *((alert.id, alert.expression) for alert in all_alerts(WORLDS[name])),
        )
        if (unknown := unknown_names(parser.parsed(expression), have))
    }
    assert told == {}


@pytest.mark.parametrize("name", WORLDS)
def test_alerts_keep_labels_that_their_expressions_have(name: str, parser: Prometheus) -> None:
    have = world(name, parser)
    told = {
        alert.id: sorted(lacking)
        for alert in all_alerts(WORLDS[name])
        if (lacking := set(alert.keeps) - Reading(have).labels(parser.parsed(alert.expression)) - {"environment"})
    }
    assert told == {}


@pytest.mark.parametrize("newer", [False, True])
@pytest.mark.parametrize("metric", ["waiting", "running", "kvCache"])
def test_kitchens_scale_by_what_is_scraped(metric: str, newer: bool, parser: Prometheus) -> None:
    args = Autoscaling(
        namespace="helpdesk-dev",
        kitchen="support",
        min_replicas=1,
        max_replicas=2,
        metric=metric,
        target=5,
        prometheus="http://prometheus.example",
        quiet_seconds=60,
    )
    assert unknown_names(parser.parsed(query(args)), known(newer=newer)) == []


def test_what_is_not_scraped_says_where_its_names_are_from() -> None:
    for document in documents():
        assert document["how"] in ("scraped", "source"), document["exporter"]
        if document["how"] == "source":
            assert document["source"] and document["licence"] == "Apache-2.0", document["exporter"]


def test_a_newer_version_is_of_an_exporter_that_is_pinned() -> None:
    pinned = {document["exporter"]: document["version"] for document in documents()}
    newer = {document["exporter"]: document["version"] for document in documents(newer=True)}
    assert {name for name in newer if newer[name] != pinned[name]} == {path.stem for path in NEWER.glob("*.json")}
