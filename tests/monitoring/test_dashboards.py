"""What panels, choices and marks of the dashboards ask for by name and label is what a scrape or a rule has."""

from __future__ import annotations

import re

import pytest

from components.observability.dashboards.boards import BoardArgs, all_dashboards
from tests.monitoring.rules.worlds import WORLDS
from tests.monitoring.support.names import Known
from tests.monitoring.support.prometheus import Prometheus
from tests.monitoring.support.promql import unknown_names
from tests.monitoring.test_names import world

BOARDS = all_dashboards(BoardArgs(environment="dev"))
ASKED = [
    *((f"{board.uid}: {panel.title}", query.expression) for board in BOARDS for panel in board.panels
      for query in panel.queries),
    *((f"{board.uid}: {choice.label}", choice.series) for board in BOARDS for choice in board.variables),
    *((f"{board.uid}: {mark.title}", mark.expression) for board in BOARDS for mark in board.marks),
]  # fmt: skip


@pytest.fixture(scope="module")
def everything(parser: Prometheus) -> Known:
    """What exporters have, and what the rules of all made environments record."""
    found = Known()
    for name in WORLDS:
        for series, parts in world(name, parser).series.items():
            for part, labels in parts.items():
                found.add(part, series, labels)
    return found


def filled(expression: str) -> str:
    """Something in the place of each variable, so that it parses."""
    return re.sub(r"\$\w+", "x", re.sub(r"\$__(rate_interval|range)", "5m", expression))


@pytest.mark.parametrize(("panel", "expression"), ASKED, ids=[name for name, _ in ASKED])
def test_a_panel_asks_for_what_there_is(panel: str, expression: str, parser: Prometheus, everything: Known) -> None:
    assert unknown_names(parser.parsed(filled(expression)), everything) == []


def test_a_name_that_is_not_there_is_told(parser: Prometheus, everything: Known) -> None:
    retired = filled('sum by (pod) (rate(vllm:time_per_output_token_seconds_sum{part="server"}[$__rate_interval]))')
    assert unknown_names(parser.parsed(retired), everything) != []
