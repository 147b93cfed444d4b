"""What panels say of the made day is what was put into it: a canary beside its kitchen, and what GPUs cost."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from components.observability.dashboards.expressions import hours
from tests.dashboards.support.clock import END
from tests.dashboards.support.holder import Holder
from tests.dashboards.support.made import BUSY, CANARY, NEW_VERSION, SLEEPING
from tests.dashboards.test_queries import BOARDS, CHOICES, chosen, filled, now

Row = dict[str, float]


def table(day: Holder, title: str, *labels: str, choices: Mapping[str, str] = CHOICES) -> dict[tuple[str, ...], Row]:
    """The values of a table by its labels; a column is its query's letter."""
    panel = next(panel for board in BOARDS for panel in board.panels if panel.title == title)
    found: dict[tuple[str, ...], Row] = {}
    for letter, query in zip("ABCD", panel.queries, strict=False):
        for one in now(day, filled(query.expression, choices)):
            row = found.setdefault(tuple(one["metric"][label] for label in labels), {})
            row[letter] = float(one["value"][1])
    return found


def tile(day: Holder, title: str) -> float:
    panel = next(panel for board in BOARDS for panel in board.panels if panel.title == title)
    (found,) = now(day, filled(panel.queries[0].expression))
    return float(found["value"][1])


def asked(day: Holder, expression: str) -> float:
    (found,) = day.ask("query", query=expression, time=str(END))["result"]
    return float(found["value"][1])


def test_a_canary_stands_beside_its_kitchen(day: Holder) -> None:
    found = table(day, "Its canary beside it", "role", "kitchen")
    assert set(found) == {("kitchen", BUSY), ("canary", CANARY)}
    for (_, kitchen), row in found.items():
        own = f'kitchen="{kitchen}"'
        assert row["A"] == pytest.approx(asked(day, f"sum(increase(vllm:request_success_total{{{own}}}[1h]))"))
        buckets = f"sum by (le) (rate(vllm:time_to_first_token_seconds_bucket{{{own}}}[1h]))"
        assert row["C"] == pytest.approx(asked(day, f"histogram_quantile(0.95, {buckets})"))
        assert 0 < row["B"] < 0.02 and row["D"] > row["C"]


@pytest.mark.parametrize(("tenant", "kitchen"), [("sales", "crm"), ("helpdesk", "tickets"), ("helpdesk", CANARY)])
def test_a_kitchen_without_a_canary_has_none_beside_it(tenant: str, kitchen: str, day: Holder) -> None:
    assert table(day, "Its canary beside it", "role", choices=chosen(tenant, kitchen)) == {}


def test_versions_of_an_adapter_have_the_roles_of_git(day: Holder) -> None:
    found = table(day, "Its versions beside each other", "role", "version")
    public, canary = found["public", "v2026-06-01"], found["canary", NEW_VERSION]
    assert len(found) == 2
    assert canary["B"] > 2 * public["B"], "the made canary fails more often"
    assert canary["C"] < public["C"], "and answers shorter"
    assert set(table(day, "Its versions beside each other", "role", choices=chosen("sales", "crm"))) == {("public",)}


def test_a_kitchen_costs_its_gpus_by_their_price(day: Holder) -> None:
    found = table(day, "Cost of a day by kitchen (JPY)", "tenant", "kitchen")
    assert len(found) == 20
    assert found["helpdesk", BUSY]["A"] == pytest.approx(4 * 480 * 24, rel=0.01)
    assert SLEEPING not in {kitchen for _, kitchen in found}


def test_what_is_idle_is_a_part_of_the_cost(day: Holder) -> None:
    """The lab's GPUs alone are not busy at any time of the made day."""
    price, pods = (asked(day, f'sum({name}{{kitchen="lab"}})') for name in ("kitchen:gpu_hour_price", "up"))
    assert tile(day, "Of it idle (JPY)") == pytest.approx(24 * price * pods, rel=0.01)
    assert tile(day, "Of it idle (JPY)") < tile(day, "Cost of a day (JPY)")


def test_a_gpu_that_was_held_for_an_hour_is_no_day(day: Holder) -> None:
    """The made servers' own figures are those of the last hour and a half."""
    assert 1.3 < asked(day, hours(f'max(vllm:num_requests_running{{kitchen="{CANARY}"}} * 0 + 1)')) < 1.8
