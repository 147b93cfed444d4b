"""Every query of every panel on a real Prometheus: it answers, it is bounded, and it says nothing where nothing is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from components.observability.dashboards import perses
from components.observability.dashboards.boards import BoardArgs, all_dashboards
from components.observability.dashboards.model import Dashboard, Lines, Panel, Query, Table, Tile
from components.observability.rules import all_alerts
from tests.dashboards.support.clock import END, HOUR
from tests.dashboards.support.holder import Holder
from tests.dashboards.support.made import BUSY, CURRENCY, ENVIRONMENT, SLEEPING, TENANTS
from tools.docs.alert_pages import everything

CHOICES = {"tenant": "helpdesk", "kitchen": BUSY, "adapter": "support-answers"}
BOARDS = all_dashboards(BoardArgs(environment=ENVIRONMENT, currency=CURRENCY))
ASKED = [(board, panel, query) for board in BOARDS for panel in board.panels for query in panel.queries]
MOST_LINES = 8

every_query = pytest.mark.parametrize(
    ("board", "panel", "query"), ASKED, ids=[f"{board.uid}: {panel.title}" for board, panel, _ in ASKED]
)


def filled(expression: str, choices: Mapping[str, str] = CHOICES) -> str:
    """The expression as Grafana and Perses send it."""
    for name, value in {"__rate_interval": "2m", "__range": "1h", "environment": ENVIRONMENT, **choices}.items():
        expression = re.sub(rf"\${name}\b", value, expression)
    assert "$" not in expression
    return expression


def now(holder: Holder, expression: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = holder.ask("query", query=expression, time=str(END))["result"]
    return found


def hour(holder: Holder, expression: str) -> list[dict[str, Any]]:
    asked = {"query": expression, "start": str(END - HOUR), "end": str(END), "step": "30"}
    found: list[dict[str, Any]] = holder.ask("query_range", **asked)["result"]
    return found


def legend(query: Query, labels: Mapping[str, str]) -> str:
    """What stands beside a line."""
    return re.sub(r"\{\{(\w+)\}\}", lambda match: labels.get(match[1], ""), query.legend)


def chosen(tenant: str, kitchen: str) -> dict[str, str]:
    return {"tenant": tenant, "kitchen": kitchen, "adapter": f"{kitchen}-answers"}


@every_query
def test_it_has_data_on_a_day_like_a_real_one(board: Dashboard, panel: Panel, query: Query, day: Holder) -> None:
    assert (hour if isinstance(panel, Lines) else now)(day, filled(query.expression))


@every_query
def test_it_says_nothing_where_nothing_was_ever_scraped(
    board: Dashboard, panel: Panel, query: Query, nothing: Holder
) -> None:
    """No data is not zero, and not `well`."""
    assert now(nothing, filled(query.expression)) == []


@every_query
def test_fifty_kitchens_are_no_five_hundred_lines(board: Dashboard, panel: Panel, query: Query, day: Holder) -> None:
    if isinstance(panel, Lines):
        assert len(hour(day, filled(query.expression))) <= MOST_LINES
    elif isinstance(panel, Tile):
        assert len(now(day, filled(query.expression))) == 1
    else:
        assert len(now(day, filled(query.expression))) <= 20


@every_query
def test_a_table_has_the_labels_that_it_shows(board: Dashboard, panel: Panel, query: Query, day: Holder) -> None:
    if not isinstance(panel, Table):
        return
    labels = {label for found in now(day, filled(query.expression)) for label in found["metric"]}
    assert {column.key for column in panel.columns if column.query is None} == labels


@every_query
def test_a_line_has_a_name_of_its_own(board: Dashboard, panel: Panel, query: Query, day: Holder) -> None:
    if not isinstance(panel, Lines):
        return
    found = hour(day, filled(query.expression))
    names = {legend(query, one["metric"]) for one in found}
    assert len(names) == len(found)
    assert "" not in names


@pytest.mark.parametrize(("name", "choices", "values"), [
    ("tenant", {}, set(TENANTS)),
    ("kitchen", {"tenant": "sales"}, set(TENANTS["sales"])),
    ("adapter", {"tenant": "sales", "kitchen": "crm"}, {"crm-answers", "crm-classifier", "crm-short"}),
])  # fmt: skip
def test_choices_are_what_git_declares(name: str, choices: dict[str, str], values: set[str], day: Holder) -> None:
    (choice,) = {choice for board in BOARDS for choice in board.variables if choice.name == name}
    found = {one["metric"][choice.value_of] for one in now(day, filled(choice.series, choices))}
    assert found == values


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_every_kitchen_has_its_dashboard(board: Dashboard, day: Holder) -> None:
    """Not the chosen one alone: each of the fifty has figures in each tile, but for the one without a server."""
    if not any(choice.name == "kitchen" for choice in board.variables):
        return
    silent = {
        (kitchen, panel.title)
        for tenant, kitchens in TENANTS.items()
        for kitchen in kitchens
        for panel in board.rows[0].panels
        for query in panel.queries
        if not now(
            day, filled(query.expression, {"tenant": tenant, "kitchen": kitchen, "adapter": f"{kitchen}-answers"})
        )
    }
    assert {kitchen for kitchen, _ in silent} <= {"contracts", SLEEPING}


@pytest.mark.parametrize(("tenant", "kitchen", "word"), [
    ("helpdesk", BUSY, "all answer"),
    ("legal", "contracts", "one is down"),
    ("logistics", SLEEPING, "scaled to none"),
])  # fmt: skip
def test_a_kitchen_without_servers_is_a_fault_only_where_it_should_have_some(
    tenant: str, kitchen: str, word: str, day: Holder
) -> None:
    (panel,) = [panel for board in BOARDS for panel in board.panels if panel.title == "Servers"]
    (found,) = now(day, filled(panel.queries[0].expression, chosen(tenant, kitchen)))
    value = float(found["value"][1])
    assert [step.word for step in panel.steps if step.at <= value][-1] == word


def test_an_alert_that_fires_says_where(day: Holder) -> None:
    """Of a pod that waits, a GPU or a signer no tenant is told: its namespace, node or name stands there."""
    (panel,) = [panel for board in BOARDS for panel in board.panels if panel.title == "Alerts that fire"]
    found = {
        one["metric"]["alertname"]: one["metric"].get("tenant", "")
        for one in now(day, filled(panel.queries[0].expression))
    }
    assert found["KitchenPodsPending"] == "legal-dev"
    assert found["KitchenGpuXid"] == "gpu-01.kitchen.example"
    assert found["KitchenEndsSoon"] == "adapters-2025"
    assert "" not in found.values()


def test_alerts_of_the_made_day_are_in_the_table(day: Holder) -> None:
    told = {one["metric"]["alertname"]: one["metric"] for one in now(day, "ALERTS")}
    table = {alert.id: alert for alert in all_alerts(everything())}
    assert set(told) <= set(table)
    assert {name: labels["subject"] for name, labels in told.items()} == {name: table[name].subject for name in told}
    assert {name: labels["severity"] for name, labels in told.items()} == {name: table[name].severity for name in told}


def test_a_pod_that_waits_holds_no_gpu() -> None:
    asked = {query.expression for _, _, query in ASKED if "kube_pod_container_resource_requests{" in query.expression}
    assert asked
    assert [one for one in asked if one.count("kube_pod_container_resource_requests{") != one.count('node!=""')] == []


def test_a_kitchen_scaled_to_none_is_no_kitchen_without_a_server(day: Holder) -> None:
    (panel,) = [panel for board in BOARDS for panel in board.panels if panel.title == "Kitchens without a server"]
    assert [one["value"][1] for one in now(day, filled(panel.queries[0].expression))] == ["1"]


def test_a_word_of_perses_is_the_word_of_now(day: Holder) -> None:
    """What was so half an hour ago, and is not told any more, has no tile."""
    gone = 'vllm:num_requests_running{kitchen="contracts"}'
    assert hour(day, gone)
    assert hour(day, f"({gone}) {perses.NOW}") == []
    (there,) = hour(day, f'(max(up{{kitchen="contracts"}})) {perses.NOW}')
    assert [float(value) for _, value in there["values"]] == [0.0] * len(there["values"])


def test_markers_of_updates_are_few_moments(day: Holder) -> None:
    (mark,) = [mark for board in BOARDS for mark in board.marks]
    found = hour(day, filled(mark.expression))
    assert {one["metric"]["deployment"] for one in found} == {f"{BUSY}-predictor"}
    assert all(len(one["values"]) <= 5 for one in found)
