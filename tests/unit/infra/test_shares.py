"""How many calls at once each tenant has, out of the settings."""

from __future__ import annotations

from typing import Any

import pytest

from components.entry.envoy.shares import at_once_by_tenant
from infra.catalog import load_catalog
from infra.grants import granted, reaching
from infra.kitchen.entry_plan import plan
from infra.load import load_settings
from infra.settings import Settings
from infra.shares import Shares
from tests.unit.support.entry import with_entry

FAQ = "helpdesk-faq"
BOTH = [{"groups": ["sales-callers", "helpdesk-callers"], "models": [FAQ]}]
RUNTIME = {"concurrency": 32, "tokensPerRequest": 2048}


def settings(more: dict[str, Any] | None = None, **changes: Any) -> Settings:
    """Callers of helpdesk and of sales reach the kitchen of helpdesk, which runs 32 calls in a batch."""
    data = with_entry({"support": {"access": BOTH, "runtime": RUNTIME, **(more or {})}}, **changes)
    data["tenants"]["helpdesk"]["quota"]["gpus"] = 8
    return load_settings({**data, "phase": 4}, load_catalog())


def shares(more: dict[str, Any] | None = None, **changes: Any) -> dict[str, dict[str, int]]:
    said = settings(more, **changes)
    assert said.entry is not None
    return at_once_by_tenant(plan(said, load_catalog()), said.entry.replicas)


def test_tenants_that_reach_one_kitchen_have_equal_parts_of_what_its_servers_run() -> None:
    assert shares() == {"support": {"helpdesk": 16, "sales": 16}}
    assert shares({"replicas": 3}) == {"support": {"helpdesk": 48, "sales": 48}}
    assert shares(replicas=4) == {"support": {"helpdesk": 16, "sales": 16}}, "of all pods of the entry together"
    made = plan(settings({"replicas": 3}), load_catalog())
    assert {server.shares["sales"] for grant in made.grants for server in grant.servers if server.shares} == {24}


def test_a_kitchen_of_one_tenants_callers_has_no_shares() -> None:
    assert shares({"access": [{"groups": ["helpdesk-callers"]}]}) == {}


def test_what_is_stated_holds() -> None:
    assert shares({"fairShare": {"atOnce": 64, "parts": {"helpdesk": 3}}}) == {"support": {"helpdesk": 48, "sales": 16}}
    assert shares({"fairShare": {"enabled": False}}) == {}


def test_with_autoscaling_the_parts_are_those_of_the_most_servers() -> None:
    scaling = {"metric": "waiting", "target": 4, "minReplicas": 1, "maxReplicas": 3}
    data = with_entry({"support": {"access": BOTH, "runtime": RUNTIME, "autoscaling": scaling}})
    data["tenants"]["helpdesk"]["quota"]["gpus"] = 8
    data["platform"] |= {"keda": True, "prometheus": "http://prometheus.monitoring.svc:9090"}
    said = load_settings({**data, "phase": 4}, load_catalog())
    assert at_once_by_tenant(plan(said, load_catalog()), 2) == {"support": {"helpdesk": 48, "sales": 48}}


def test_servers_of_a_canary_have_parts_of_their_own() -> None:
    canary = {"canary": {"weight": 10, "adapters": ["helpdesk-faq/v2026-02-01"], "runtime": {"concurrency": 8}}}
    found = shares({**canary, "replicas": 2, "fairShare": {"parts": {"helpdesk": 3}}})
    assert found == {"support": {"helpdesk": 48, "sales": 16}, "support-canary": {"helpdesk": 6, "sales": 2}}


def test_a_grants_callers_are_of_one_tenant_and_the_record_says_of_which() -> None:
    found = {grant.name: grant for grant in granted(settings()) if grant.model.name == FAQ}
    own, other = found[f"support/access-0/{FAQ}"], found[f"support/access-0/{FAQ}/sales"]
    assert [(one.tenant, one.groups) for one in (own, other)] == [
        ("helpdesk", ("helpdesk-callers",)),
        ("sales", ("sales-callers",)),
    ]
    assert own.limits == other.limits
    made = {grant.name: grant for grant in plan(settings(), load_catalog()).grants}
    assert made[other.name].facts["tenant"] == made[other.name].tenant == "sales"


@pytest.mark.parametrize(
    ("callers", "tenant"),
    [
        ({}, "helpdesk"),
        ({"sales": ["staff"]}, "sales"),
        ({"sales": ["staff"], "helpdesk": ["staff"]}, "helpdesk"),
        ({"sales": ["staff"], "legal": ["staff"]}, "helpdesk"),
    ],
)
def test_a_group_is_of_the_one_tenant_that_has_it_or_else_of_the_kitchens(
    callers: dict[str, list[str]], tenant: str
) -> None:
    data = with_entry({"support": {"access": [{"groups": ["staff"]}]}})
    data["tenants"].setdefault("legal", {**data["tenants"]["sales"], "groups": {}})
    for name, groups in callers.items():
        data["tenants"][name]["groups"] = {"caller": groups}
    assert list(reaching(load_settings(data, load_catalog()))["support"]) == [tenant]


def test_a_kitchen_that_nobody_calls_has_no_shares() -> None:
    data = with_entry()
    del data["tenants"]["helpdesk"]["groups"]["caller"]
    said = load_settings(data, load_catalog())
    assert Shares(said).of(said.kitchens["support"]) == {}
