"""Panels of rare counters: the first hit is counted, and nothing of weeks after a gap in the scrapes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from components.observability.dashboards.expressions import ENVIRONMENT, appeared
from components.observability.names import REFUSALS
from tests.monitoring.rules.case import own
from tests.monitoring.rules.promtool import failures

_UP, _UPTIME = own("up", "entry", pod="entry-0"), own("envoy_server_uptime", "entry", pod="entry-0")
_REFUSED = own(REFUSALS, "entry", pod="entry-0", tenant="sales", kitchen="support", reason="token")
_OLD = {_UP: "1x60", _UPTIME: "900000+60x60"}
_SERIES = {
    "a first hit of three": ({**_OLD, _REFUSED: "_x27 3x30"}, 3),
    "one that goes on": ({**_OLD, _REFUSED: "0+2x60"}, 10),
    "a pod of two minutes": ({_UP: "_x27 1x30", _UPTIME: "_x27 5+60x30", _REFUSED: "_x27 4x30"}, 4),
    "a gap in the scrapes": (
        {_UP: "1x10 _x16 1x60", _UPTIME: "900000x10 _x16 901620x60", _REFUSED: "500x10 _x16 500x60"},
        None,
    ),
    "a pod that did not answer": (
        {_UP: "1x10 0x16 1x60", _UPTIME: "900000x10 _x16 901620x60", _REFUSED: "500x10 stale _x15 500x60"},
        None,
    ),
}


@pytest.mark.parametrize("what", _SERIES)
def test_what_appeared_within_five_minutes(what: str, tmp_path: Path) -> None:
    told, expected = _SERIES[what]
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"groups": []}))
    test = {
        "name": what,
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in told.items()],
        "promql_expr_test": [
            {
                "expr": appeared(REFUSALS, ENVIRONMENT, by="reason").replace("$environment", "dev"),
                "eval_time": "29m",
                "exp_samples": [] if expected is None else [{"labels": '{reason="token"}', "value": expected}],
            }
        ],
    }
    said = failures(tmp_path, rules, [test])
    assert not said, said
