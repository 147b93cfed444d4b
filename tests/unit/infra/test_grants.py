"""Who may call which model: the table out of the settings."""

from __future__ import annotations

from typing import Any

import pytest

from infra.catalog import load_catalog
from infra.grants import callers, granted
from infra.kitchen.entry_plan import plan, table, uncalled
from infra.load import load_settings
from infra.settings import Settings
from tests.unit.support.entry import with_entry

FAQ, CLASSIFIER, SUMMARY = "helpdesk-faq", "helpdesk-classifier", "sales-summary"


def settings(kitchens: dict[str, Any] | None = None, **changes: Any) -> Settings:
    return load_settings(with_entry(kitchens, **changes), load_catalog())


def support(*access: dict[str, Any]) -> Settings:
    return settings({"support": {"access": list(access)}})


def test_callers_of_a_tenant_reach_the_adapters_of_its_kitchens_and_no_base_model() -> None:
    assert callers(settings()) == {
        CLASSIFIER: ["helpdesk-callers"],
        FAQ: ["helpdesk-callers"],
        SUMMARY: ["sales-callers"],
        "search": ["helpdesk-callers"],
        "summary": [],
        "support": [],
    }
    assert uncalled(settings()) == []


def test_an_entry_of_access_narrows_the_model_that_it_names_and_leaves_the_others() -> None:
    found = callers(support({"groups": ["helpdesk-seniors"], "models": [FAQ]}))
    assert (found[FAQ], found[CLASSIFIER]) == (["helpdesk-seniors"], ["helpdesk-callers"])


def test_access_widens_to_groups_of_others_and_to_the_base_model() -> None:
    found = callers(support({"groups": ["sales-callers", "helpdesk-callers"], "models": [FAQ, "base"]}))
    assert found[FAQ] == found["support"] == ["helpdesk-callers", "sales-callers"]


def test_access_without_models_is_about_all_of_them() -> None:
    found = callers(support({"groups": ["everybody-at-work"]}))
    assert [found[name] for name in (FAQ, CLASSIFIER, "support")] == [["everybody-at-work"]] * 3


def test_a_kitchen_without_adapters_has_its_base_model_for_its_callers() -> None:
    found = callers(settings({"support": {"adapters": []}}))
    assert found["support"] == ["helpdesk-callers"]


def test_the_first_entry_that_fits_gives_the_limits_and_the_entry_the_rest() -> None:
    said = with_entry(
        {"support": {"access": [{"groups": ["a"], "models": [FAQ], "requestsPerMinute": 5}, {"groups": ["b"]}]}},
        limits={"requestsPerMinute": 60, "tokensPerMinute": 1000},
        counter="shared",
    )
    found = {grant.name: grant.limits for grant in granted(load_settings(said, load_catalog()))}
    first, second = found[f"support/access-0/{FAQ}"], found[f"support/access-1/{FAQ}"]
    assert (first.requests_per_minute, first.tokens_per_minute) == (5, 1000)
    assert (second.requests_per_minute, second.tokens_per_minute) == (60, 1000)


def test_a_model_without_callers_is_told() -> None:
    data = with_entry()
    del data["tenants"]["helpdesk"]["groups"]["caller"]
    assert uncalled(load_settings(data, load_catalog())) == [FAQ, CLASSIFIER, "search"]


def test_a_service_account_is_no_group_of_a_token() -> None:
    data = with_entry()
    data["tenants"]["helpdesk"]["groups"]["caller"] = ["system:serviceaccount:portal-dev:backend", "helpdesk-callers"]
    assert callers(load_settings(data, load_catalog()))[FAQ] == ["helpdesk-callers"]


def test_a_canary_answers_under_its_kitchens_names_with_its_share() -> None:
    canary = {"canary": {"weight": 10, "adapters": ["helpdesk-faq/v2026-02-01"]}}
    data = with_entry({"support": canary})
    data["tenants"]["helpdesk"]["quota"]["gpus"] = 8
    data["phase"] = 4
    made = plan(load_settings(data, load_catalog()), load_catalog())
    faq = next(grant for grant in made.grants if grant.model == FAQ)
    assert [(server.name, server.weight) for server in faq.servers] == [("support", 90), ("support-canary", 10)]
    assert set(table(load_settings(data, load_catalog()))) == {FAQ, CLASSIFIER, SUMMARY, "support", "summary", "search"}


def test_the_record_knows_the_adapters_sum_the_base_model_and_the_image() -> None:
    made = plan(settings(), load_catalog())
    faq = next(grant for grant in made.grants if grant.model == FAQ)
    (server,) = faq.servers
    catalog = load_catalog()
    weights = {file.path: file.sha256 for file in catalog.adapters["helpdesk-faq/v2026-02-01"].files}
    assert faq.facts == {
        "tenant": "helpdesk",
        "adapters": {"support": "helpdesk-faq/v2026-02-01"},
        "adapterSums": {"support": weights["adapter_model.safetensors"]},
    }
    assert server.facts == {"baseModel": "tsuzumi-7b-instruct/v1", "image": catalog.images["vllm"].digest}
    assert server.host == "support-pods.helpdesk-dev.svc.cluster.local"


def test_bounds_are_those_of_the_kitchen() -> None:
    said = {"support": {"inputs": {"maxTokens": 256, "imageHosts": ["images.kitchen.example"]}}}
    found = table(settings(said))
    assert found[FAQ]["bounds"] == {"maxTokens": 256, "imageHosts": ["images.kitchen.example"]}
    assert found[SUMMARY]["bounds"]["maxTokens"] == settings().kitchens["summary"].runtime.max_model_len


def test_without_an_entry_there_is_no_plan() -> None:
    data = with_entry()
    del data["entry"]
    with pytest.raises(ValueError, match="entry: missing"):
        plan(load_settings(data, load_catalog()), load_catalog())
