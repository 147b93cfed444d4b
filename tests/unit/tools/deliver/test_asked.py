"""The names by which models are called after a delivery, and what the servers call themselves in their answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from infra.catalog import Catalog
from infra.declared import declared
from infra.load import load_settings
from tests.support.model_door import ModelDoor
from tests.unit.infra.test_adapter_canaries import FAQ, OLD, SERVED
from tests.unit.infra.test_adapter_canaries import catalog as two_versions
from tests.unit.support.entry import with_entry
from tools.deliver.asked import Asked, of_entry, of_pods
from tools.deliver.bearer import Bearer
from tools.deliver.calls import ANSWERED, NOT_MEANT, Acceptance, call

BASE, EMBEDDING = "tsuzumi-7b-instruct", "qwen3-embedding-0.6b"
CLASSIFIER = "helpdesk-classifier"


TUNED = "search-tuned/v2026-11-01"


def catalog() -> Catalog:
    """The catalog with a second version of one adapter, and an adapter of the model for vectors."""
    said = two_versions()
    (model,) = (ref for ref in said.base_models if ref.startswith(EMBEDDING))
    tuned = replace(said.adapters[OLD], ref=TUNED, base_model=model)
    return replace(said, adapters={**said.adapters, TUNED: tuned})


def asked(data: dict[str, Any], *, by_pods: bool = False) -> dict[str, dict[str, Asked]]:
    """By kitchen what is asked, by model."""
    settings = load_settings(data, catalog())
    return {
        kitchen.name: {
            one.model: one
            for one in (
                of_pods(kitchen, settings.kitchens[kitchen.name].task)
                if by_pods
                else of_entry(settings.kitchens[kitchen.name], settings, catalog())
            )
        }
        for kitchen in declared(settings, catalog()).kitchens
    }


def of_one(name: str, **kitchen: Any) -> dict[str, Any]:
    said = with_entry({name: kitchen})
    said["tenants"]["helpdesk"]["quota"]["gpus"] = 8
    return {**said, "phase": 4}


def test_at_the_entry_a_base_model_is_called_by_its_kitchens_name_where_somebody_may() -> None:
    access = [{"groups": ["helpdesk-callers"], "models": [FAQ, "base"]}]
    found = asked(of_one("support", access=access))
    assert found["support"]["support"] == Asked(model="support", names=frozenset({"support", BASE}))
    assert found["support"][FAQ] == Asked(model=FAQ, names=frozenset({FAQ}))
    assert found["summary"]["summary"] == Asked(model="summary", why="the settings let nobody call it")
    assert found["search"]["search"].names == {"search", EMBEDDING}
    assert BASE not in {model for models in found.values() for model in models}


@pytest.mark.parametrize(("weight", "names"), [(10, {FAQ, SERVED}), (0, {FAQ})])
def test_an_adapters_canary_answers_by_the_adapters_name_and_may_say_its_own(weight: int, names: set[str]) -> None:
    parts = {"name": FAQ, "version": "v2026-02-01", "canary": {"version": "v2026-03-01", "weight": weight}}
    found = asked(of_one("support", adapters=[f"{CLASSIFIER}/v2026-02-01", parts]))["support"]
    assert found[FAQ].names == names, "a canary without calls answers none"
    assert found[CLASSIFIER].names == {CLASSIFIER}
    assert found[SERVED].why == f"a canary, which answers by the name of {FAQ}"


def test_a_kitchens_canary_answers_by_the_kitchens_names() -> None:
    found = asked(of_one("support", canary={"weight": 10, "adapters": [OLD]}))
    (canary,) = (name for name in found if name.startswith("support-"))
    assert [(one.model, one.why) for one in found[canary].values()] == [
        (canary, "a canary, which answers by the names of support")
    ]
    assert found["support"][FAQ].names == {FAQ}


@pytest.mark.parametrize("by_pods", [True, False])
def test_answers_with_vectors_bear_the_base_models_name_and_those_with_text_do_not(by_pods: bool) -> None:
    found = asked(of_one("search", adapters=[TUNED]), by_pods=by_pods)
    assert found["search"]["search-tuned"].names == {"search-tuned", EMBEDDING}
    assert found["support"][FAQ].names == {FAQ}


def test_servers_are_asked_by_the_names_that_they_know() -> None:
    parts = {"name": FAQ, "version": "v2026-02-01", "canary": {"version": "v2026-03-01", "weight": 10}}
    found = asked(of_one("support", adapters=[f"{CLASSIFIER}/v2026-02-01", parts]), by_pods=True)["support"]
    assert {model: set(one.names) for model, one in found.items()} == {
        name: {name} for name in (BASE, CLASSIFIER, FAQ, SERVED)
    }


def test_what_nobody_may_call_is_not_called_and_not_missed(entry: ModelDoor) -> None:
    settings = load_settings(of_one("support"), catalog())
    found = call(settings, catalog(), Acceptance(url=entry.url, bearer=Bearer(token="t")), None)
    outcomes = {one.model: one.outcome for one in found}
    assert (outcomes["support"], outcomes[FAQ]) == (NOT_MEANT, ANSWERED)
    assert "support" not in {model for _, model, _ in entry.asked}
