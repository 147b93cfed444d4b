"""Bad fair shares: one line each."""

from __future__ import annotations

from typing import Any

import pytest

from infra.catalog import load_catalog
from infra.faults import FaultsError
from infra.load import load_settings
from tests.unit.support.entry import with_entry

BOTH = [{"groups": ["sales-callers", "helpdesk-callers"]}]


def support(share: Any, **more: Any) -> dict[str, Any]:
    return with_entry({"support": {"fairShare": share, **more}})


def without_entry(share: Any) -> dict[str, Any]:
    data = support(share)
    del data["entry"]
    return data


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "nobody who holds it": (
        without_entry({"atOnce": 8}),
        'kitchens.support.fairShare: "enabled: True, atOnce: 8"; rule: nobody holds it: this file states no entry',
    ),
    "nobody who shares": (
        support({"atOnce": 8}),
        "rule: callers of one tenant alone reach the kitchen (helpdesk): nobody shares",
    ),
    "off, and how much": (
        support({"enabled": False, "atOnce": 8}, access=BOTH),
        "rule: is switched off, and says how much",
    ),
    "a tenant that does not call": (
        support({"parts": {"legal": 2}}, access=BOTH),
        'kitchens.support.fairShare.parts: "legal"; rule: must be a tenant whose callers reach the kitchen: '
        "helpdesk, sales",
    ),
    "no calls": (support({"atOnce": 0}, access=BOTH), "kitchens.support.fairShare.atOnce: 0; rule: must be at least 1"),
    "no part": (
        support({"parts": {"sales": 0}}, access=BOTH),
        "kitchens.support.fairShare.parts.sales: 0; rule: must be at least 1",
    ),
    "nothing": (support({}), "kitchens.support.fairShare: {}; rule: must have at least 1 entries"),
}


@pytest.mark.parametrize("what", WRONG)
def test_each_fault_is_told_in_one_line(what: str) -> None:
    data, expected = WRONG[what]
    with pytest.raises(FaultsError) as caught:
        load_settings(data, load_catalog(), "Pulumi.dev.yaml")
    line = next(line for line in str(caught.value).splitlines() if "fairShare" in line)
    assert expected in line and "example: " in line, line


@pytest.mark.parametrize("share", [{"enabled": True}, {"enabled": False}, {"atOnce": 1}, {"parts": {"sales": 2}}])
def test_what_holds_is_taken(share: dict[str, Any]) -> None:
    load_settings(support(share, access=BOTH), load_catalog())


def test_off_may_be_said_before_anybody_shares() -> None:
    load_settings(support({"enabled": False}), load_catalog())


def test_a_tenant_that_is_not_there_is_told_beside_it() -> None:
    with pytest.raises(FaultsError) as caught:
        load_settings(support({"atOnce": 8}, tenant="nobody"), load_catalog(), "Pulumi.dev.yaml")
    assert {line.split(":")[0].strip() for line in str(caught.value).splitlines()[1:]} >= {
        "kitchens.support.fairShare",
        "kitchens.support.tenant",
    }
