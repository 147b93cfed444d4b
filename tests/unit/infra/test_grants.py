"""Who may call which model: the table out of the settings."""

from __future__ import annotations

from typing import Any

import pytest

from components.entry.envoy import bootstrap
from infra.catalog import load_catalog
from infra.grants import callers, granted, unknown
from infra.kitchen.entry_plan import plan, table, uncalled
from infra.load import load_settings
from infra.settings import Settings
from tests.unit.support.entry import cluster, issuer, with_entry

BACKEND = "system:serviceaccount:portal-dev:backend"
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


def with_accounts(*issuers: dict[str, Any]) -> Settings:
    data = with_entry(
        {"summary": {"access": [{"groups": ["portal:system:serviceaccounts:crm"]}]}} if len(issuers) > 1 else None,
        issuers=[issuer(), *issuers],
    )
    data["tenants"]["helpdesk"]["groups"]["caller"] = [BACKEND, "helpdesk-callers"]
    return load_settings(data, load_catalog())


def test_a_service_account_is_nobody_without_an_issuer_of_its_cluster_and_that_is_told() -> None:
    found = with_accounts()
    assert (callers(found)[FAQ], unknown(found)) == (["helpdesk-callers"], [BACKEND])


def test_a_service_account_may_call_where_its_cluster_is_an_issuer() -> None:
    found = with_accounts(cluster())
    assert (callers(found)[FAQ], unknown(found)) == (["helpdesk-callers", BACKEND], [])
    assert {one: table(found)[FAQ][one] for one in ("groups", "accounts")} == {
        "groups": ["helpdesk-callers"],
        "accounts": {"cluster": [BACKEND]},
    }
    assert "accounts" not in table(found)[SUMMARY]


def test_accounts_of_another_cluster_are_those_of_its_issuer() -> None:
    portal = cluster(name="portal", issuer="https://portal.kitchen.example", prefix="portal:")
    found = with_accounts(cluster(), portal)
    assert table(found)[SUMMARY]["accounts"] == {"portal": ["system:serviceaccounts:crm"]}
    routes = bootstrap(plan(found, load_catalog()))["static_resources"]["listeners"][0]["filter_chains"][0]["filters"]
    said = routes[0]["typed_config"]["route_config"]["virtual_hosts"][0]["routes"]
    of = [route["match"]["dynamic_metadata"] for route in said if route["name"] == f"summary/access-0/{SUMMARY}"]
    issuers = {matcher["value"]["string_match"]["exact"] for one in of for matcher in one[:1]}
    assert issuers == {"https://portal.kitchen.example"}, "no other issuer speaks for them"


def test_a_canary_answers_under_its_kitchens_names_with_its_share() -> None:
    canary = {"canary": {"weight": 10, "adapters": ["helpdesk-faq/v2026-02-01"]}}
    data = with_entry({"support": canary})
    data["tenants"]["helpdesk"]["quota"]["gpus"] = 8
    data["phase"] = 4
    made = plan(load_settings(data, load_catalog()), load_catalog())
    faq = next(grant for grant in made.grants if grant.model == FAQ)
    assert [(server.name, server.weight) for server in faq.servers] == [("support", 90), ("support-canary", 10)]
    assert set(table(load_settings(data, load_catalog()))) == {FAQ, CLASSIFIER, SUMMARY, "support", "summary", "search"}


def test_a_canary_gets_no_calls_for_an_adapter_that_it_lacks() -> None:
    data = with_entry({"support": {"canary": {"weight": 100, "adapters": ["helpdesk-faq/v2026-02-01"]}}})
    data["tenants"]["helpdesk"]["quota"]["gpus"] = 8
    data["phase"] = 4
    made = plan(load_settings(data, load_catalog()), load_catalog())
    found = {one.model: [(server.name, server.weight) for server in one.servers] for one in made.grants}
    assert found[CLASSIFIER] == [("support", 100)]
    assert ("support-canary", 100) in found[FAQ]


def test_the_record_knows_the_adapters_sum_the_base_model_and_the_image() -> None:
    made = plan(settings(), load_catalog())
    faq = next(grant for grant in made.grants if grant.model == FAQ)
    (server,) = faq.servers
    catalog = load_catalog()
    weights = {file.path: file.sha256 for file in catalog.adapters["helpdesk-faq/v2026-02-01"].files}
    assert faq.facts == {
        "tenant": "helpdesk",
        "adapter": "helpdesk-faq",
        "adapters": {"support": "helpdesk-faq/v2026-02-01"},
        "versions": {"support": "v2026-02-01"},
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
