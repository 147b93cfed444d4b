"""What Grafana and Perses take in: made of the same description, and whole by Grafana's own model."""

from __future__ import annotations

import ast
import json
from itertools import pairwise
from typing import Any

import pytest

from components.observability.dashboards import grafana, perses
from components.observability.dashboards.boards import BoardArgs, all_dashboards
from components.observability.dashboards.model import Dashboard, Lines, Table, Tile
from tests.unit.support.imports import modules
from tools.local.workspace import REPOSITORY

BOARDS = all_dashboards(BoardArgs(environment="dev"))
every_board = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
KINDS = {Tile: ("stat", "StatChart"), Lines: ("timeseries", "TimeSeriesChart"), Table: ("table", "Table")}


def of_grafana(board: Dashboard) -> list[dict[str, Any]]:
    panels = json.loads(grafana.rendered(board, "dev"))["panels"]
    return [panel for panel in panels if panel["type"] != "row"]


def of_perses(board: Dashboard) -> list[dict[str, Any]]:
    spec = perses.spec(board, "dev")
    items = [item for layout in spec["layouts"] for item in layout["spec"]["items"]]
    return [spec["panels"][item["content"]["$ref"].removeprefix("#/spec/panels/")] for item in items]


@every_board
def test_grafanas_own_model_loses_nothing_of_it(board: Dashboard) -> None:
    text = grafana.rendered(board, "dev")
    assert grafana.checked(text) == text


@every_board
def test_a_field_that_the_model_does_not_know_is_lost(board: Dashboard) -> None:
    """The comparison above can fail."""
    read = json.loads(grafana.rendered(board, "dev"))
    read["panels"][1]["targts"] = []
    text = json.dumps(read, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    assert grafana.checked(text) != text


@every_board
def test_the_same_text_each_time(board: Dashboard) -> None:
    assert grafana.rendered(board, "dev") == grafana.rendered(board, "dev")


@every_board
def test_both_ask_the_same_in_the_same_order(board: Dashboard) -> None:
    theirs, others = of_grafana(board), of_perses(board)
    assert len(theirs) == len(others) == len(board.panels)
    for panel, made, other in zip(board.panels, theirs, others, strict=True):
        kind, plugin = KINDS[type(panel)]
        assert (made["type"], other["spec"]["plugin"]["kind"]) == (kind, plugin)
        asked = [query.expression for query in panel.queries]
        assert [target["expr"] for target in made["targets"]] == asked
        queries = [query["spec"]["plugin"]["spec"]["query"] for query in other["spec"]["queries"]]
        assert all(expression in query for expression, query in zip(asked, queries, strict=True))


@every_board
def test_an_empty_panel_says_why_in_both(board: Dashboard) -> None:
    for panel, made, other in zip(board.panels, of_grafana(board), of_perses(board), strict=True):
        assert made["fieldConfig"]["defaults"]["noValue"] == panel.empty
        assert made["description"] == panel.shows
        assert panel.empty in other["spec"]["display"]["description"]


@every_board
def test_each_panel_of_grafana_has_a_unit_and_asks_the_chosen_source(board: Dashboard) -> None:
    for made in of_grafana(board):
        assert made["fieldConfig"]["defaults"]["unit"]
        assert made["datasource"] == {"type": "prometheus", "uid": "${source}"}
        assert all(target["datasource"] == made["datasource"] for target in made["targets"])


@every_board
def test_no_two_panels_of_grafana_have_one_number(board: Dashboard) -> None:
    numbers = [panel["id"] for panel in json.loads(grafana.rendered(board, "dev"))["panels"]]
    assert len(set(numbers)) == len(numbers) == len(board.panels) + len(board.rows)


@every_board
def test_panels_of_grafana_lie_below_their_row(board: Dashboard) -> None:
    read = json.loads(grafana.rendered(board, "dev"))["panels"]
    taken: set[tuple[int, int]] = set()
    for panel in read:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken
        taken |= cells
    assert [row["title"] for row in read if row["type"] == "row"] == [row.title for row in board.rows]


@every_board
def test_words_stand_for_every_value_without_a_gap(board: Dashboard) -> None:
    for panel, made, other in zip(board.panels, of_grafana(board), of_perses(board), strict=True):
        if panel.unit != "words":
            continue
        theirs = [mapping["options"] for mapping in made["fieldConfig"]["defaults"]["mappings"]]
        assert [mapping["result"]["text"] for mapping in theirs] == [step.word for step in panel.steps]
        assert theirs[-1]["to"] is None
        assert all(one["to"] < next_one["from"] for one, next_one in pairwise(theirs))
        words = [mapping["spec"] for mapping in other["spec"]["plugin"]["spec"]["mappings"]]
        assert [word["result"]["value"] for word in words] == [step.word for step in panel.steps]
        assert "to" not in words[-1]


@every_board
def test_a_tile_of_perses_shows_nothing_that_is_gone(board: Dashboard) -> None:
    for panel, other in zip(board.panels, of_perses(board), strict=True):
        queries = [query["spec"]["plugin"]["spec"]["query"] for query in other["spec"]["queries"]]
        assert all(query.endswith(perses.NOW) for query in queries) is isinstance(panel, Tile)


def test_the_environment_is_a_constant_of_both() -> None:
    made = json.loads(grafana.rendered(BOARDS[0], "prod"))["templating"]["list"]
    assert [(one["type"], one["query"]) for one in made if one["name"] == "environment"] == [("constant", "prod")]
    (first, *_) = perses.spec(BOARDS[0], "prod")["variables"]
    assert (first["spec"]["value"], first["spec"]["constant"]) == ("prod", True)


def test_updates_are_marked_over_the_lines_of_grafana() -> None:
    marked = [board for board in BOARDS if board.marks]
    assert [board.uid for board in marked] == ["kitchen-dev-delivery"]
    (mark,) = json.loads(grafana.rendered(marked[0], "dev"))["annotations"]["list"]
    assert "kube_deployment_metadata_generation" in mark["expr"]


def test_one_module_alone_knows_the_library() -> None:
    users = set()
    for name, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [one.name for one in node.names] if isinstance(node, ast.Import) else []
            users |= {name for found in names if found.startswith("grafana_foundation_sdk")}
    assert users == {"components.observability.dashboards.grafana"}


def test_the_table_holds_no_type_of_a_library() -> None:
    text = (REPOSITORY / "components/observability/dashboards/model.py").read_text()
    assert [line for line in text.splitlines() if line.startswith(("from", "import"))] == [
        "from __future__ import annotations",
        "from collections.abc import Iterator",
        "from dataclasses import dataclass, field",
        "from typing import Literal",
    ]


@every_board
def test_a_line_has_the_colour_of_its_meaning_in_both(board: Dashboard) -> None:
    """Green is what is well and red what fails, whatever else is drawn beside it."""
    for panel, made, other in zip(board.panels, of_grafana(board), of_perses(board), strict=True):
        stated = {number: query.colour for number, query in enumerate(panel.queries) if query.colour}
        theirs = {
            override["matcher"]["options"]: field["value"]["fixedColor"]
            for override in made["fieldConfig"].get("overrides", [])
            for field in override["properties"]
            if field["id"] == "color"
        }
        others = {
            said["queryIndex"]: said["colorValue"] for said in other["spec"]["plugin"]["spec"].get("querySettings", [])
        }
        assert theirs == {"ABCDEFGH"[number]: grafana._COLOURS[colour] for number, colour in stated.items()}
        assert others == {number: perses.COLOURS[colour] for number, colour in stated.items()}


def test_failed_is_red_and_ok_is_green() -> None:
    drawn = {
        (panel.title, query.expression.partition('outcome="')[2].partition('"')[0]): query.colour
        for board in BOARDS
        for panel in board.panels
        for query in panel.queries
        if isinstance(panel, Lines)
    }
    assert drawn["Calls by what became of them", "ok"] == "good"
    assert drawn["Calls by what became of them", "failed"] == "bad"
