"""The description of the dashboards: whole, in the grid, bounded, and honest about what is not there."""

from __future__ import annotations

import re
from itertools import combinations

import pytest

from components.observability.dashboards.boards import BoardArgs, all_dashboards
from components.observability.dashboards.expressions import MANY
from components.observability.dashboards.model import (
    WIDTH,
    Column,
    Dashboard,
    Lines,
    Panel,
    Placed,
    Row,
    Table,
    Tile,
    placed,
)

BOARDS = all_dashboards(BoardArgs(environment="dev"))
PANELS = [(board.uid, panel) for board in BOARDS for panel in board.panels]
BOUNDED = {
    *("outcome", "kind", "reason", "finished_reason", "verdict", "version", "modelName", "le", "part", "look", "role"),
}
"""Labels with few values whatever the number of kitchens; `version` is of one chosen adapter, `role` is a kitchen's or
its canary's."""

every_board = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
every_panel = pytest.mark.parametrize(
    "panel", [panel for _, panel in PANELS], ids=[f"{uid}: {p.title}" for uid, p in PANELS]
)


def grid(board: Dashboard) -> list[Placed]:
    places: list[Placed] = []
    top = 0
    for row in board.rows:
        places += placed(row, first=len(places) + 1, top=top)
        top = max(place.y + place.height for place in places)
    return places


def test_each_dashboard_is_one_of_a_kind_and_has_a_reader() -> None:
    assert len({board.uid for board in BOARDS}) == len(BOARDS) == 6
    assert len({board.title for board in BOARDS}) == len({board.reader for board in BOARDS}) == 6


def test_two_environments_share_no_address() -> None:
    other = {board.uid for board in all_dashboards(BoardArgs(environment="prod"))}
    assert other.isdisjoint(board.uid for board in BOARDS)


@every_board
def test_nothing_overlaps_and_nothing_leaves_the_grid(board: Dashboard) -> None:
    places = grid(board)
    assert len({place.key for place in places}) == len({place.number for place in places}) == len(board.panels)
    for place in places:
        assert place.x >= 0 and place.x + place.panel.width <= WIDTH
    for one, other in combinations(places, 2):
        beside = one.x + one.panel.width <= other.x or other.x + other.panel.width <= one.x
        apart = one.y + one.height <= other.y or other.y + other.height <= one.y
        assert beside or apart, f"{one.panel.title} lies over {other.panel.title}"


@every_board
def test_rows_are_full(board: Dashboard) -> None:
    lines: dict[int, int] = {}
    for place in grid(board):
        lines[place.y] = lines.get(place.y, 0) + place.panel.width
    assert set(lines.values()) == {WIDTH}


@every_board
def test_the_first_row_says_in_words_whether_all_is_well(board: Dashboard) -> None:
    first = board.rows[0]
    assert first.title == "Is it well?"
    assert all(isinstance(panel, Tile) for panel in first.panels)
    words = [panel for panel in first.panels if panel.unit == "words"]
    assert len(words) >= 2
    assert first.panels[0].title == "Is it well?"


@every_panel
def test_a_panel_says_what_it_shows_and_why_it_may_be_empty(panel: Panel) -> None:
    assert panel.shows.endswith(".") and panel.empty.endswith(".")
    assert panel.shows != panel.empty
    assert panel.queries and all(query.expression for query in panel.queries)


@every_panel
def test_words_have_a_word_for_every_step_and_a_bad_one_is_red(panel: Panel) -> None:
    if panel.unit == "words":
        assert len(panel.steps) >= 2 and all(step.word for step in panel.steps)
        assert len({step.word for step in panel.steps}) == len(panel.steps)
    assert [step.at for step in panel.steps] == sorted(step.at for step in panel.steps)


@every_panel
def test_lines_are_few_in_an_environment_with_many_kitchens(panel: Panel) -> None:
    """A sum, the leading ones, or labels with few values: never a line for each of 500 adapters."""
    if not isinstance(panel, Lines):
        return
    for query in panel.queries:
        labels = re.findall(r"^\(?(?:sum|avg|max|min) by \(([^)]*)\)", query.expression)
        by = {label.strip() for found in labels for label in found.split(",")}
        leads = f"topk({MANY}, " in query.expression
        assert not (leads and panel.stack) or panel.queries[-1].legend == "all others"
        one = re.match(r"\(?(?:sum|max|min|count|avg|histogram_quantile)\(", query.expression) is not None
        of_few = bool(by) and by <= BOUNDED | ({"pod"} if "downstream_rq_active" in query.expression else set())
        ratio = re.match(r"\(sum(?: by \((?P<by>[^)]*)\))?", query.expression)
        of_ratio = ratio is not None and {ratio["by"]} <= BOUNDED | {None}
        assert leads or one or of_few or of_ratio, query.expression


@every_panel
def test_a_table_has_few_lines_and_shows_each_of_its_queries(panel: Panel) -> None:
    if not isinstance(panel, Table):
        return
    assert {column.query for column in panel.columns} - {None} == set(range(len(panel.queries)))
    assert panel.order.removeprefix("-") in {column.key for column in panel.columns}
    limited = re.search(r"(?:top|bottom)k\((?:10|20), ", panel.queries[0].expression) is not None
    assert limited or "ALERTS" in panel.queries[0].expression or "label_replace" in panel.queries[0].expression


@every_panel
def test_what_is_asked_is_of_this_environment(panel: Panel) -> None:
    """Two environments may be in one Prometheus: a series of ours without the matcher would show both."""
    for query in panel.queries:
        for name, matchers in re.findall(
            r"\b((?:vllm:|envoy_|kitchen[_:]|ALERTS|up|minio_)[\w:]*)(\{[^}]*\})?", query.expression
        ):
            assert "$environment" in matchers, f"{name} in {query.expression}"


@every_panel
def test_variables_are_those_of_the_dashboard(panel: Panel) -> None:
    board = next(board for board in BOARDS if panel in board.panels)
    known = {"environment", "__rate_interval", "__range", *(choice.name for choice in board.variables)}
    for query in panel.queries:
        assert set(re.findall(r"\$(\w+)", query.expression)) <= known


def test_a_letter_is_a_query_and_a_word_is_a_label() -> None:
    assert [Column(key=key, heading="a").query for key in ("A", "C", "pod", "a")] == [0, 2, None, None]


def test_a_panel_that_does_not_fit_goes_below() -> None:
    tile = next(panel for panel in BOARDS[0].panels if panel.width == 6)
    places = list(placed(Row(title="a", panels=(tile,) * 5, height=3), first=7, top=10))
    assert [(place.number, place.x, place.y) for place in places] == [
        (7, 0, 10),
        (8, 6, 10),
        (9, 12, 10),
        (10, 18, 10),
        (11, 0, 13),
    ]
