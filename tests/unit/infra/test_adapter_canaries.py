"""A canary of one adapter: both versions in the kitchen's servers, one public name, and the entry shares its calls."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from infra.adapter_refs import refs_in
from infra.catalog import Catalog, load_catalog
from infra.declared import declared
from infra.faults import FaultsError
from infra.grants import callers
from infra.kitchen.entry_plan import plan, table
from infra.load import load_settings
from infra.settings import Settings
from tests.unit.support.entry import with_entry

FAQ, CLASSIFIER = "helpdesk-faq", "helpdesk-classifier/v2026-02-01"
OLD, NEW = f"{FAQ}/v2026-02-01", f"{FAQ}/v2026-03-01"
SERVED = f"{FAQ}--v2026-03-01"


def catalog() -> Catalog:
    """The catalog with a second version of one adapter."""
    said = load_catalog()
    second = replace(said.adapters[OLD], ref=NEW)
    return replace(said, adapters={**said.adapters, NEW: second})


def data(weight: int = 10, version: str = "v2026-03-01", **kitchen: Any) -> dict[str, Any]:
    entry = {"name": FAQ, "version": "v2026-02-01", "canary": {"version": version, "weight": weight}}
    said = with_entry({"support": {"adapters": [CLASSIFIER, entry], **kitchen}})
    said["tenants"]["helpdesk"]["quota"]["gpus"] = 8
    return {**said, "phase": 4}


def settings(weight: int = 10) -> Settings:
    return load_settings(data(weight), catalog())


def servers(weight: int) -> list[tuple[str, int, str | None]]:
    made = plan(settings(weight), catalog())
    (grant,) = [grant for grant in made.grants if grant.model == FAQ]
    return [(server.name, server.weight, server.model) for server in grant.servers]


def test_servers_hold_both_versions_and_know_them_by_two_names() -> None:
    kitchen = settings().kitchens["support"]
    assert kitchen.adapters == (CLASSIFIER, OLD, NEW)
    assert [kitchen.served_name(ref) for ref in kitchen.adapters] == ["helpdesk-classifier", FAQ, SERVED]


def test_callers_know_one_name_and_not_that_of_the_canary() -> None:
    assert SERVED not in callers(settings())
    assert callers(settings())[FAQ] == ["helpdesk-callers"]
    assert SERVED not in table(settings())


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (10, [("support", 90, None), (f"support/{SERVED}", 10, SERVED)]),
        (0, [("support", 100, None)]),
        (100, [(f"support/{SERVED}", 100, SERVED)]),
    ],
)
def test_the_entry_shares_the_calls_of_that_adapter(weight: int, expected: list[tuple[str, int, str | None]]) -> None:
    assert servers(weight) == expected


def test_other_adapters_of_the_kitchen_are_not_shared() -> None:
    made = plan(settings(), catalog())
    (grant,) = [grant for grant in made.grants if grant.model == "helpdesk-classifier"]
    assert [(server.name, server.model) for server in grant.servers] == [("support", None)]


def test_the_record_tells_which_version_answered() -> None:
    made = plan(settings(), catalog())
    (grant,) = [grant for grant in made.grants if grant.model == FAQ]
    canary = grant.servers[1]
    assert canary.facts["kitchen"] == "support"
    adapters: Any = grant.facts["adapters"]
    assert (adapters["support"], adapters[canary.name]) == (OLD, NEW)


def test_pods_fetch_both_versions_into_folders_that_the_server_names() -> None:
    (kitchen,) = [entry for entry in declared(settings(), catalog()).kitchens if entry.name == "support"]
    assert kitchen.adapter_list is not None
    listed = json.loads(kitchen.adapter_list.content["data"]["manifest.json"])["adapters"]
    folders = [entry.get("served", entry["name"]) for entry in listed]
    assert [(entry["name"], entry["version"]) for entry in listed][1:] == [tuple(ref.split("/")) for ref in (OLD, NEW)]
    assert folders == ["helpdesk-classifier", FAQ, SERVED]
    words = [word for container in kitchen.containers.values() for word in container.get("args", [])]
    assert [f"{name}=/mnt/adapters/{name}" for name in folders] == [word for word in words if "=/mnt/adapters/" in word]
    assert {FAQ, SERVED} <= set(kitchen.models)


def test_the_parts_of_a_reference_say_the_same_as_the_text() -> None:
    said = with_entry({"support": {"adapters": [{"name": FAQ, "version": "v2026-02-01"}]}})
    assert load_settings(said, load_catalog()).kitchens["support"].adapters == (OLD,)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no entry": (
        {key: value for key, value in data().items() if key != "entry"},
        'kitchens.support.adapters[1].canary: "helpdesk-faq/v2026-03-01"; rule: the entry shares the calls',
    ),
    "too early": ({**data(), "phase": 3}, "rule: a canary belongs to operations: it comes with phase 4"),
    "hot mode": (data(loraMode="hot"), "rule: adapters of a kitchen in hot mode change without new pods"),
    "a kitchen's canary beside it": (data(canary={"weight": 5}), "rule: the kitchen has a canary of its own"),
    "the same version": (data(version="v2026-02-01"), "rule: is the version that it shall be tried beside"),
    "a version that is not there": (
        data(version="v2026-09-09"),
        'kitchens.support.adapters[1].canary: "helpdesk-faq/v2026-09-09"; rule: must be an adapter of the catalog',
    ),
    "more than all": (data(weight=101), "kitchens.support.adapters.1.canary.weight: 101; rule: must be at most 100"),
    "no version": (
        with_entry({"support": {"adapters": [{"name": FAQ}]}}),
        "kitchens.support.adapters.0.version: missing",
    ),
    "a number": (with_entry({"support": {"adapters": [7]}}), "kitchens.support.adapters.0: 7; rule: must be of type"),
}


@pytest.mark.parametrize(("said", "line"), WRONG.values(), ids=WRONG)
def test_each_fault_is_a_line(said: dict[str, Any], line: str) -> None:
    with pytest.raises(FaultsError) as caught:
        load_settings(said, catalog(), "Pulumi.dev.yaml")
    assert line in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (OLD, [OLD]),
        ({"name": FAQ, "version": "v2026-02-01"}, [OLD]),
        ({"name": FAQ, "version": "v2026-02-01", "canary": {"version": "v2026-03-01", "weight": 1}}, [OLD, NEW]),
        ({"name": FAQ, "version": "v2026-02-01", "canary": 5}, [OLD]),
        (7, []),
        (None, []),
    ],
)
def test_an_unchecked_entry_names_what_it_names(entry: object, expected: list[str]) -> None:
    assert refs_in(entry) == expected
