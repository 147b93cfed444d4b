"""A real Prometheus scrapes the real parts: the data of names is so, and the rules evaluate over what it took."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from components.observability.groups import groups
from tests.monitoring.rules.worlds import MAIN
from tests.monitoring.support.exporters import document, quick
from tests.monitoring.support.parts import quick_parts, used, wait_for_counter
from tests.monitoring.support.prometheus import Prometheus
from tests.monitoring.support.scraped import families, gone, stated
from tests.monitoring.support.values import CLOSED
from tools.toolchain import MONITORING, ensure

_RUNBOOK = "https://runbook.kitchen.example"


_OWN = ("up", "scrape_")
_NEAR = 0.05
"""How far a number that is "about" so many may be from it."""


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    ensure(MONITORING)
    folder = tmp_path_factory.mktemp("scrape")
    rules = folder / "rules.json"
    told = [{**group.content(), "interval": "1s"} for group in groups(MAIN, _RUNBOOK)]
    rules.write_text(json.dumps({"groups": told}))
    with quick_parts(folder) as parts:
        used(parts)
        with Prometheus(folder / "prometheus", parts.jobs, rules=[rules]) as made:
            made.wait_for_scrapes()
            wait_for_counter(made)
            yield made


@pytest.mark.parametrize("exporter", quick())
def test_every_series_of_the_data_is_scraped(exporter: str, prometheus: Prometheus) -> None:
    about, held = quick()[exporter], document(exporter)
    assert held["version"] == about.version, "make metrics writes the data of another version anew"

    def lacking() -> list[str]:
        told = gone(held["metrics"], families(prometheus, exporter))
        return [line for line in told if not line.startswith(about.rare)]

    prometheus.wait(lambda: not lacking(), lacking)  # Envoy tells of its histograms every five seconds


def test_every_rule_evaluates_over_what_was_scraped(prometheus: Prometheus) -> None:
    prometheus.wait(lambda: all(rule["health"] != "unknown" for rule in prometheus.rules()))
    assert {rule["name"]: rule["lastError"] for rule in prometheus.rules() if rule["health"] != "ok"} == {}


def test_each_part_tells_what_was_done_to_it(prometheus: Prometheus) -> None:
    for series in (
        'envoy_kitchen_entry_calls_total{outcome="limited",kitchen="support"} > 0',
        'ratelimit_service_rate_limit_over_limit{key1=~"grant_support/.+",key2=~"counted_.+"} > 0',
        "kitchen_record_lines_total > 0",
        'kitchen_adapter_refused{adapter="spoilt",reason="sum"} == 1',
        "minio_s3_requests_5xx_errors_total > 0",
    ):
        prometheus.found(series)


def test_rules_find_the_series_that_were_scraped(prometheus: Prometheus) -> None:
    """By the labels that the program's monitors give: what the table records and tells is there."""
    for series in (
        'kitchen:adapter_calls:rate5m{environment="dev",kitchen="support",outcome="ok"}',
        'ALERTS{alertname="KitchenAdapterRefused",kitchen="summary",tenant="sales",reason="sum"}',
    ):
        prometheus.found(series)


def test_the_runbook_says_how_many_series_there_are(prometheus: Prometheus) -> None:
    """Of a sidecar, which also tells what it refused, and of a kitchen and a tenant's share in a pod of the entry."""
    told = [labels["__name__"] for labels in prometheus.series("sidecar") if not labels["__name__"].startswith(_OWN)]
    adapters, refused = told.count("kitchen_adapter_declared"), told.count("kitchen_adapter_refused")
    first, each = stated("sidecar tells N, and"), stated("sidecar tells 4, and N an adapter")
    assert len(told) - refused == first + each * adapters
    envoy = [labels for labels in prometheus.series("envoy") if labels["__name__"].startswith("envoy_cluster_")]
    named = Counter((labels["instance"], labels.get("envoy_cluster_name", "")) for labels in envoy)
    kitchens = [count for (_, cluster), count in named.items() if cluster.startswith("support")]
    assert kitchens
    about = stated("about N more for each kitchen")
    assert all(abs(count - about) < _NEAR * about for count in kitchens)


def test_labels_that_are_closed_lists_have_no_other_value(prometheus: Prometheus) -> None:
    found = {
        (name, label): {entry["metric"].get(label, "") for entry in prometheus.query(f"last_over_time({name}[5m])")}
        - {""}
        for name, label in CLOSED
    }
    assert {key: values - CLOSED[key] for key, values in found.items() if values - CLOSED[key]} == {}
    told = {label for (_, label), values in found.items() if values}
    assert {"outcome", "kind", "reason", "verdict", "operation", "level"} <= told, "the comparison is about something"
