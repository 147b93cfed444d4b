"""A real Perses takes every dashboard in, and refuses what is out of its form."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from components.observability.dashboards import perses
from components.observability.dashboards.boards import BoardArgs, all_dashboards
from tests.dashboards.support.holder import Holder
from tests.dashboards.support.made import CURRENCY, ENVIRONMENT
from tests.dashboards.support.perses_server import PROJECT, serving

BOARD = perses.dashboard(all_dashboards(BoardArgs(environment=ENVIRONMENT, currency=CURRENCY))[0], ENVIRONMENT, PROJECT)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, nothing: Holder) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("perses"), nothing.address) as found:
        yield found


def told(address: str, board: dict[str, Any]) -> tuple[int, str]:
    """What Perses says to a new dashboard."""
    named = {**board, "metadata": {**board["metadata"], "name": "another"}}
    path = f"{address}/api/v1/projects/{PROJECT}/dashboards"
    asked = Request(path, json.dumps(named).encode(), {"Content-Type": "application/json"})  # noqa: S310
    try:
        with urlopen(asked, timeout=30) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def test_every_dashboard_is_taken_in(address: str) -> None:
    """`serving` waits for all of them; a new one of the same form is taken too."""
    assert told(address, BOARD)[0] == 200


@pytest.mark.parametrize(("part", "value", "said"), [
    ("plugin", {"kind": "StatChart", "spec": {"calculation": "last", "format": {}, "colour": "red"}}, "colour"),
    ("plugin", {"kind": "StatChart", "spec": {"calculation": "median", "format": {}}}, "calculation"),
    ("plugin", {"kind": "StatusChart", "spec": {}}, "StatusChart"),
])  # fmt: skip
def test_a_panel_out_of_form_is_refused_by_name(part: str, value: dict[str, Any], said: str, address: str) -> None:
    board = copy.deepcopy(BOARD)
    board["spec"]["panels"]["panel-1"]["spec"][part] = value
    status, text = told(address, board)
    assert status == 400
    assert said in text
