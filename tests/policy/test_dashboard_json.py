"""What of a dashboard's JSON is understood: what this project draws is, and each way out of figures is refused."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from components.observability.dashboards import grafana, perses
from components.observability.dashboards.boards import BoardArgs, all_dashboards
from policies.judging.values import UNKNOWN
from policies.manifests.dashboard_json import text_faults
from policies.pack import RULES
from tests.policy.support.objects import manifest
from tests.policy.support.sample import violations

BOARDS = all_dashboards(BoardArgs(environment="dev", currency="JPY"))
BY_ID = {rule.id: rule for rule in RULES}
Board = dict[str, Any]

SOURCE = {"type": "prometheus", "uid": "${source}"}
BOARD: Board = {
    "title": "a team's",
    "templating": {
        "list": [
            {"type": "datasource", "name": "source", "query": "prometheus"},
            {"type": "query", "name": "pod", "query": "label_values(up, pod)", "datasource": SOURCE},
        ]
    },
    "annotations": {"list": [{"builtIn": 1, "datasource": {"type": "grafana", "uid": "-- Grafana --"}}]},
    "links": [{"type": "dashboards", "tags": ["a"], "title": "others", "url": ""}],
    "panels": [
        {"type": "row", "title": "a", "panels": []},
        {
            "type": "table",
            "title": "calls",
            "description": "Calls a second, by pod (without those of today).",
            "datasource": {"type": "datasource", "uid": "-- Mixed --"},
            "targets": [{"refId": "A", "expr": 'sum(rate(a{b=~"http://.*"}[5m])) < 3', "datasource": SOURCE}],
            "transformations": [{"id": "organize", "options": {"renameByName": {"Value #A": "calls", "a//b": "c"}}}],
            "fieldConfig": {
                "defaults": {"unit": "reqps", "links": []},
                "overrides": [
                    {
                        "matcher": {"id": "byName", "options": "pod"},
                        "properties": [
                            {"id": "links", "value": [{"title": "pod", "url": "/d/pods/pods?var-pod=${__value.raw}"}]},
                            {"id": "custom.cellOptions", "value": {"type": "color-text"}},
                        ],
                    }
                ],
            },
        },
    ],
}
OLD_PANEL = {"type": "stat", "datasource": "$source", "targets": [{"expr": "up"}]}


def faults(board: object) -> list[tuple[str, str]]:
    return [(fault.path, fault.text) for fault in text_faults(json.dumps(board), "data.a.json")]


def test_a_dashboard_that_draws_figures_is_understood() -> None:
    assert faults(BOARD) == []
    assert faults({}) == []
    assert faults({**BOARD, "panels": [OLD_PANEL]}) == []


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_the_project_s_own_are_understood(board: Any) -> None:
    text = grafana.rendered(board, "dev")
    assert [*text_faults(text, "a")] == []
    made = manifest("perses.dev/v1alpha1", "PersesDashboard", perses.spec(board, "dev"))
    kind = "kubernetes:perses.dev/v1alpha1:PersesDashboard"
    assert violations(BY_ID["rendered-elsewhere"], kind, made) == []
    shown = {"metadata": {"name": "a", "namespace": "monitoring-dev", "labels": {"grafana_dashboard": "1"}}}
    one = {"apiVersion": "v1", "kind": "ConfigMap", **shown, "data": {"a.json": text}}
    assert violations(BY_ID["controllers-configured"], "kubernetes:core/v1:ConfigMap", one) == []


def panel(**said: Any) -> Callable[[Board], None]:
    return lambda board: board["panels"][1].update(said)


def put(*path: Any, value: Any) -> Callable[[Board], None]:
    def change(board: Board) -> None:
        for step in path[:-1]:
            board = board[step]
        board[path[-1]] = value

    return change


_OVERRIDE = ("panels", 1, "fieldConfig", "overrides", 0, "properties")
_ASKED = ("panels", 1, "targets", 0, "datasource")
ANY_KIND = "is chosen by no variable of the kind `datasource` for prometheus"
WRONG: dict[str, tuple[Callable[[Board], None], str, str]] = {
    "a page": (panel(type="text", options={"mode": "html", "content": "<iframe>"}), "panels[1].type", "is 'text'"),
    "a panel of others": (panel(type="volkovlabs-echarts-panel"), "panels[1].type", "'volkovlabs-echarts-panel'"),
    "no kind of panel": (lambda board: board["panels"][1].pop("type"), "panels[1].type", "is None"),
    "a panel within a row": (put("panels", 0, "panels", value=[{"type": "news"}]), "[0].panels[0].type", "'news'"),
    "a panel that is kept elsewhere": (panel(libraryPanel={"uid": "a"}), "panels[1].libraryPanel", "'libraryPanel'"),
    "a link of the dashboard": (
        put("links", value=[{"type": "link", "url": "https://a.example"}]), "links[0]", "leads to no other dashboard"),
    "a link by tags with an address": (
        put("links", value=[{"type": "dashboards", "url": "https://a.example"}]), "links[0]", "leads to no other"),
    "a link of a panel": (panel(links=[{"url": "https://a.example"}]), "panels[1].links[0]", "leads to no other"),
    "a link of a value": (
        put("panels", 1, "fieldConfig", "defaults", "links", value=[{"url": "//a.example/d/a"}]),
        "panels[1].fieldConfig.defaults.links[0]", "leads to no other"),
    "a link of an override": (
        put(*_OVERRIDE, 0, "value", value=[{"url": "/d/a/../../api/admin"}]),
        "overrides[0].properties[0].value[0]", "leads to no other"),
    "an action of an override": (put(*_OVERRIDE, 0, "id", value="actions"), "properties[0].id", "id 'actions'"),
    "a cell that is a page": (
        put(*_OVERRIDE, 1, "value", "type", value="markdown"), "properties[1].value.type", "type 'markdown'"),
    "a cell that is a picture": (
        panel(fieldConfig={"defaults": {"custom": {"displayMode": "image"}}}), "custom.displayMode", "'image'"),
    "a picture in a description": (
        panel(description="![](https://a.example/a.png)"), "panels[1].description", "markup"),
    "another kind of source": (
        put("templating", "list", 0, "query", value="loki"), "templating.list[0].query", "of Prometheus alone"),
    "a source by its uid": (put(*_ASKED, value={**SOURCE, "uid": "P18"}), "targets[0].datasource", ANY_KIND),
    "a source by its name": (put(*_ASKED, value="Loki"), "targets[0].datasource", ANY_KIND),
    "a source by another variable": (put(*_ASKED, value="$pod"), "targets[0].datasource", ANY_KIND),
    "a source by half a variable": (put(*_ASKED, value="x$source"), "targets[0].datasource", ANY_KIND),
    "another kind than the variable": (
        put(*_ASKED, value={"type": "loki", "uid": "$source"}), "targets[0].datasource", ANY_KIND),
    "a source with an address": (
        put(*_ASKED, value={**SOURCE, "url": "https://a.example"}), "targets[0].datasource", "is not understood"),
    "the default source": (put("panels", value=[{**OLD_PANEL, "datasource": None}]), "targets[0]", "the default one"),
    "a choice of the default source": (
        lambda board: board["templating"]["list"][1].pop("datasource"), "templating.list[1]", "the default one"),
    "marks of the default source": (
        put("annotations", "list", value=[{"expr": "up"}]), "annotations.list[0]", "the default one"),
    "a variable that nobody knows": (
        put("templating", "list", 1, "type", value="system"), "templating.list[1].type", "is 'system'"),
    "a question of another language": (
        put("panels", 1, "targets", 0, "rawSql", value="select 1"), "targets[0].rawSql", "the field 'rawSql'"),
    "rows of old": (put("rows", value=[{"panels": [{"type": "text"}]}]), "rows", "the field 'rows'"),
    "panels by name": (put("panels", value={"0": {"type": "text"}}), "panels.0", "the field '0'"),
    "a transformation that nobody knows": (
        put("panels", 1, "transformations", 0, "id", value="extractFields"), "[0].id", "'extractFields'"),
    "a field below a column": (
        put("panels", 1, "transformations", 0, "options", "renameByName", value={"a": {"html": "a"}}),
        "renameByName.a.html", "the field 'html'"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_understood_is_refused_by_name(name: str) -> None:
    change, path, text = WRONG[name]
    board = copy.deepcopy(BOARD)
    change(board)
    found = faults(board)
    assert any(where.endswith(path) and text in said for where, said in found), found
    assert all(where.startswith("data.a.json: ") for where, _ in found)


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"title": 1, "title": 2}', "[" * 100_000])
def test_what_is_no_dashboard_is_refused(text: str) -> None:
    assert [fault.path for fault in text_faults(text, "data.a.json")] == ["data.a.json"]


def test_what_is_not_known_is_refused() -> None:
    assert [fault.path for fault in text_faults(UNKNOWN, "data.a.json")] == ["data.a.json"]


def test_one_fault_is_told_once() -> None:
    board = {"panels": [{"type": "text"} for _ in range(50)]}
    assert len(faults(board)) == 1
