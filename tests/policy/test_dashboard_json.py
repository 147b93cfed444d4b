"""What of a dashboard's JSON is understood: what this project draws is, and each way out of figures is refused."""

from __future__ import annotations

import copy
import dataclasses
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
from tests.policy.support.sample import WORLD, violations

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


def test_values_that_are_told_by_words_and_colours_are_understood() -> None:
    said = {"text": "yes", "color": "semi-dark-green", "index": 0}
    mappings = [
        {"type": "value", "options": {"1": said, "up": {**said, "color": "rgba(245, 54, 54, 0.9)"}}},
        {"type": "range", "options": {"from": 0, "to": 1, "result": said}},
        {"type": "special", "options": {"match": "null", "result": {**said, "color": "#F2495C"}}},
        {"type": "regex", "options": {"pattern": "a.*", "result": said}},
    ]
    fixed = {"mode": "fixed", "fixedColor": "super-light-blue"}
    shown = {"description": "More than $5 a day.", "fieldConfig": {"defaults": {"mappings": mappings, "color": fixed}}}
    assert faults({**BOARD, "panels": [{**BOARD["panels"][1], **shown}]}) == []


def test_heatmaps_pies_and_what_an_editor_keeps_are_understood() -> None:
    """As the dashboards of vLLM and of MinIO have them."""
    asked = {"refId": "A", "expr": "up", "disableTextWrap": False, "fullMetaSearch": False, "includeNullMetadata": True}
    heat = {
        "calculate": False,
        "cellGap": 1,
        "color": {"exponent": 0.5, "fill": "dark-orange", "mode": "scheme", "reverse": False, "scheme": "Spectral"},
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "filterValues": {"le": 1e-9},
        "rowsFrame": {"layout": "auto"},
        "yAxis": {"axisPlacement": "left", "reverse": False, "unit": "s"},
    }
    hidden = {
        "__systemRef": "hideSeriesFrom",
        "matcher": {"id": "byNames", "options": {"mode": "exclude", "names": ["a"], "prefix": "All except:"}},
        "properties": [{"id": "custom.hideFrom", "value": {"viz": True}}],
    }
    panels = [
        {"type": "heatmap", "datasource": SOURCE, "targets": [asked], "options": heat},
        {"type": "piechart", "datasource": SOURCE, "options": {"pieType": "donut", "displayLabels": ["name"]}},
        {"type": "timeseries", "datasource": SOURCE, "fieldConfig": {"defaults": {}, "overrides": [hidden]}},
    ]
    assert faults({**BOARD, "panels": panels, "timepicker": {"time_options": ["5m"]}}) == []


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
    "a picture by a variable in a description": (
        panel(description="calls ${pod}"), "panels[1].description", "with a variable"),
    "a link above the dashboards": (
        put("links", value=[{"type": "link", "url": "/d/../logout"}]), "links[0]", "leads to no other"),
    "a link by a value": (panel(links=[{"url": "/d/${__value.raw}/a"}]), "panels[1].links[0]", "leads to no other"),
    "links by name": (panel(links={"0": {"url": "https://a.example"}}), "panels[1].links", "is {'0'"),
    "links of an override by name": (
        put(*_OVERRIDE, 0, "value", value={"url": "https://a.example"}), "properties[0].value", "is {'url'"),
    "a colour with an address": (
        put("panels", 1, "fieldConfig", "defaults", "color", value={"mode": "fixed", "fixedColor": "url(//a.example)"}),
        "color.fixedColor", "is no colour"),
    "a variable twice": (
        lambda board: board["templating"]["list"].append({"type": "textbox", "name": "source", "query": "loki"}),
        "templating.list[2].name", "as another variable"),
    "all sources as a word": (
        lambda board: board["templating"]["list"][0].update(includeAll=True, allValue="loki"),
        "templating.list[0].allValue", "a word may be any"),
    "a link below a value that is mapped": (
        panel(fieldConfig={"defaults": {"mappings": [{"type": "value", "options": {"1": {"url": ""}}}]}}),
        "mappings[0].options.1.url", "the field 'url'"),
    "values by name elsewhere": (
        panel(options={"type": "value", "options": {"1": {"text": "a"}}}), "options.options.1", "the field '1'"),
    "a picture in a description of an override": (
        put(*_OVERRIDE, 1, value={"id": "description", "value": "![](https://a.example/a.png)"}),
        "properties[1].value", "markup"),
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


@pytest.mark.parametrize(
    ("key", "board", "path"),
    [
        ("kitchen-prod-environment.json", {}, "data.kitchen-prod-environment.json: is"),
        ("a.json", {"uid": "kitchen-prod-environment"}, "data.a.json: uid: is"),
        ("a.json", {"uid": "Kitchen-prod-entry"}, "data.a.json: uid: is"),
        ("a.json", {"uid": "sales-kitchen"}, None),
    ],
)
def test_no_tenant_s_dashboard_takes_the_place_of_the_project_s(key: str, board: Board, path: str | None) -> None:
    world = dataclasses.replace(WORLD, settings={**WORLD.settings, "tenants": {"sales": {}}})
    text = json.dumps(board)
    for namespace, told in (("sales-prod", path), ("monitoring-prod", None)):
        named = {"name": "a", "namespace": namespace, "labels": {"grafana_dashboard": "1"}}
        one = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named, "data": {key: text}}
        found = violations(BY_ID["controllers-configured"], "kubernetes:core/v1:ConfigMap", one, world=world)
        assert [told in fault for fault in found] == [True] if told else found == []
        spec = {"json": text, "uid": key.removesuffix(".json")}
        of_operator = {**manifest("grafana.integreatly.org/v1beta1", "GrafanaDashboard", spec), "metadata": named}
        kind = "kubernetes:grafana.integreatly.org/v1beta1:GrafanaDashboard"
        assert bool(told) == bool(violations(BY_ID["rendered-elsewhere"], kind, of_operator, world=world))
