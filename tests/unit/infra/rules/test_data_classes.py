"""Models of a data class are called by groups that are cleared for it, and by nobody where no entry decides."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from infra.catalog import Catalog, load_catalog
from infra.faults import FaultsError
from infra.load import load_settings
from tests.unit.support.entry import with_entry

FAQ, BASE = "helpdesk-faq/v2026-02-01", "tsuzumi-7b-instruct/v1"
CALLERS = {"confidential": ["helpdesk-callers"]}
"""Clearances of the groups that dev's callers of the helpdesk have."""


def catalog(**classes: str) -> Catalog:
    """The catalog in Git, with one adapter or the base model of some data class."""
    found = load_catalog()
    if "adapter" in classes:
        entry = replace(found.adapters[FAQ], data_classes=(classes["adapter"],))
        found = replace(found, adapters={**found.adapters, FAQ: entry})
    if "base" in classes:
        model = replace(found.base_models[BASE], data_classes=(classes["base"],))
        found = replace(found, base_models={**found.base_models, BASE: model})
    return found


def told(data: dict[str, Any], held: Catalog) -> list[str]:
    with pytest.raises(FaultsError) as caught:
        load_settings(data, held, "Pulumi.dev.yaml")
    return str(caught.value).splitlines()[1:]


def test_a_model_without_a_class_needs_no_clearance() -> None:
    load_settings(with_entry(clearances={"secret": ["nobody-here"]}), load_catalog())


def test_a_cleared_group_calls() -> None:
    load_settings(with_entry(clearances=CALLERS), catalog(adapter="confidential"))


@pytest.mark.parametrize("clearances", [None, {"confidential": ["sales-callers"]}, {"public": ["helpdesk-callers"]}])
def test_another_group_is_refused_by_name(clearances: dict[str, list[str]] | None) -> None:
    (line,) = told(with_entry(clearances=clearances), catalog(adapter="confidential"))
    assert 'tenants.helpdesk.groups.caller: "helpdesk-callers"' in line
    assert f"may not call helpdesk-faq: {FAQ} is of the data class confidential" in line
    assert "entry: {clearances: {confidential: [helpdesk-callers]}}" in line


def test_an_entry_of_access_is_held_to_it_too() -> None:
    access = [{"groups": ["helpdesk-callers", "ai-lab"], "models": ["helpdesk-faq"]}]
    (line,) = told(with_entry({"support": {"access": access}}, clearances=CALLERS), catalog(adapter="confidential"))
    assert 'kitchens.support.access[0].groups: "ai-lab"' in line


def test_adapters_have_the_class_of_their_base_model() -> None:
    lines = told(with_entry(clearances=CALLERS), catalog(base="confidential"))
    assert len(lines) == 1
    assert 'tenants.sales.groups.caller: "sales-callers"; rule: may not call sales-summary' in lines[0]


def test_without_an_entry_nobody_would_hold_it() -> None:
    data = with_entry()
    del data["entry"]
    (line,) = told(data, catalog(adapter="confidential"))
    assert "kitchens.support.adapters[0]" in line
    assert "without an entry nobody decides who calls it" in line


def test_a_class_is_a_name() -> None:
    (line,) = told(with_entry(clearances={"Top Secret": ["a"]}), load_catalog())
    assert "entry.clearances" in line
