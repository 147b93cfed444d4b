"""Prices out of the settings, in place of them, and what of a month is not counted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from infra.catalog import load_catalog
from infra.faults import FaultsError
from infra.load import load_settings
from infra.settings import Settings
from ops.calls.prices import Prices, not_counted, overridden, stated
from tests.unit.support.entry import with_entry

PRICES = {
    "currency": "JPY",
    "thousandTokens": 0.3,
    "gpuHour": {"l40s": 120},
    "kitchens": {"support": {"thousandTokens": 0.2}},
}


def settings(prices: dict[str, Any] | None = PRICES, **support: Any) -> Settings:
    data = with_entry({"support": support})
    data["tenants"]["helpdesk"]["quota"]["gpus"] = 8
    return load_settings({**data, **({"prices": prices} if prices else {}), "phase": 4}, load_catalog())


def test_a_price_is_the_kitchens_or_its_pools_or_that_of_all() -> None:
    found = stated(settings())
    assert found.currency == "JPY"
    assert (found.token("support"), found.token("summary")) == (Decimal("0.2"), Decimal("0.3"))
    assert (found.gpu("support"), found.gpu("summary"), found.gpu("gone")) == (Decimal(120), Decimal(120), None)
    assert stated(settings({"currency": "EUR", "kitchens": {"support": {"gpuHour": 2}}})).gpu("summary") is None


def test_a_canary_costs_what_its_kitchen_does() -> None:
    own = {**PRICES, "kitchens": {"support": {"thousandTokens": 0.2, "gpuHour": 90}}}
    found = stated(settings(own, canary={"weight": 10, "adapters": ["helpdesk-faq/v2026-02-01"]}))
    assert (found.token("support-canary"), found.gpu("support-canary")) == (Decimal("0.2"), Decimal(90))


def test_without_prices_nothing_costs_and_nothing_is_missed() -> None:
    found = stated(settings(None))
    assert found == Prices()
    assert not_counted(found, {"support": 10}, 3, settings(None), 30) == []


def test_the_command_line_stands_in_place_of_the_settings() -> None:
    found = overridden(stated(settings()), Decimal(1), Decimal(2), {"support": Decimal(3)})
    assert [found.token(name) for name in ("support", "summary")] == [Decimal(1)] * 2
    assert (found.gpu("support"), found.gpus("support"), found.gpus("summary")) == (Decimal(2), Decimal(6), None)
    kept = overridden(stated(settings()), None, Decimal(0), {})
    assert (kept.token("support"), kept.gpu("support"), kept.currency) == (Decimal("0.2"), Decimal(0), "JPY")


def test_what_is_not_counted_is_told() -> None:
    said = settings({"currency": "JPY", "gpuHour": {"l40s": 120}, "kitchens": {"support": {"thousandTokens": 1}}})
    prices = overridden(stated(said), None, None, {"support": Decimal(1440), "gone": Decimal(1), "suport": Decimal(1)})
    assert list(not_counted(prices, {"support": 0, "summary": 7, "gone": 0, "None": 0}, 2, said, 30)) == [
        "tokens of 2 calls: their servers told none",
        "7 tokens of summary: no price is stated for them",
        "GPU hours of gone: no price is stated",
        "GPU hours of summary: give them by --gpu-hours summary=HOURS "
        "(as the settings stand, servers: 1, GPUs each: 1, a whole month: 720)",
        "GPU hours of suport: neither the settings nor the calls of the month have this kitchen",
        "1440 GPU hours of support: no call has tokens by which they could be divided",
    ]


def test_hours_that_have_no_price_are_told() -> None:
    said = settings(None)
    prices = overridden(stated(said), None, None, {"support": Decimal(5)})
    assert "GPU hours of support: no price is stated for pool l40s" in not_counted(prices, {"support": 9}, 0, said, 30)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no currency": ({"thousandTokens": 1, "gpuHour": {"l40s": 1}}, "prices.currency: missing"),
    "no price": ({"currency": "JPY"}, 'prices: {"currency": "JPY"}; rule: must have at least 2 entries'),
    "a currency of no kind": ({"currency": "yen", "thousandTokens": 1}, 'prices.currency: "yen"'),
    "less than nothing": (
        {"currency": "JPY", "thousandTokens": -1},
        "prices.thousandTokens: -1; rule: must be at least",
    ),
    "a text": ({"currency": "JPY", "thousandTokens": "1"}, 'prices.thousandTokens: "1"; rule: must be '),
    "no such pool": (
        {"currency": "JPY", "gpuHour": {"b200": 1}},
        'prices.gpuHour: "b200"; rule: must be a pool of gpuPools: l40s',
    ),
    "no such kitchen": (
        {"currency": "JPY", "kitchens": {"gone": {"gpuHour": 1}}},
        'prices.kitchens: "gone"; rule: must be a kitchen: summary, support',
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_bad_price_is_told_in_one_line(what: str) -> None:
    prices, expected = WRONG[what]
    with pytest.raises(FaultsError) as caught:
        settings(prices)
    line = next(line for line in str(caught.value).splitlines() if "prices" in line)
    assert expected in line and "example: " in line, line
