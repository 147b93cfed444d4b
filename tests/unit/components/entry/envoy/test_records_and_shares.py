"""What of the record and of shares is decided without Envoy."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from components.entry.envoy import bootstrap
from components.entry.envoy.records import REFUSED_HEADER, record
from components.entry.envoy.shares import at_once_by_tenant, fair_shares
from components.entry.envoy.who import ACCOUNT_HEADER, GROUPS_HEADER
from components.entry.plan import EntryPlan, Grant, Issuer, Server
from infra.payload import check_calls

IDP = Issuer(name="idp", issuer="https://idp.kitchen.example", audience="kitchen", groups_claim="groups", jwks="{}")
OTHER = replace(IDP, name="other", issuer="https://other.kitchen.example")
SERVER = Server(name="support", host="support", port=8080, shares={"sales": 4, "legal": 8})


def grant(name: str, tenant: str) -> Grant:
    return Grant(name=name, model=name, groups=["a"], paths=["/v1/completions"], servers=[SERVER], tenant=tenant)


def plan(*issuers: Issuer) -> EntryPlan:
    grants = [grant("one", "sales"), grant("two", "sales"), grant("three", "legal"), grant("four", "guests")]
    return EntryPlan(environment="dev", issuers=issuers, grants=grants)


def test_groups_stand_by_issuer_only_where_their_claims_differ() -> None:
    def groups(*issuers: Issuer) -> object:
        return record(plan(*issuers))[0]["typed_config"]["log_format"]["json_format"]["groups"]

    assert groups(IDP) == groups(IDP, OTHER) == "%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:claims:groups)%"
    elsewhere = groups(IDP, replace(OTHER, groups_claim="realm.roles"))
    assert isinstance(elsewhere, dict)
    assert elsewhere["other"] == "%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:claims:realm:roles)%"


def test_the_record_has_the_namespace_of_an_account() -> None:
    cluster = replace(OTHER, name="cluster", kind="kubernetes")
    found = record(plan(IDP, cluster))[0]["typed_config"]["log_format"]["json_format"]["groups"]
    assert found["cluster"] == "%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:claims:kubernetes.io:namespace)%"


def test_the_check_and_envoy_mean_the_same_headers() -> None:
    assert REFUSED_HEADER == check_calls.REFUSED_HEADER
    assert (GROUPS_HEADER, ACCOUNT_HEADER) == (check_calls.GROUPS_HEADER, check_calls.ACCOUNT_HEADER)


def test_a_tenant_with_a_share_has_a_cluster_of_its_own_on_the_same_servers() -> None:
    made = bootstrap(plan(IDP))
    clusters = {one["name"]: one for one in made["static_resources"]["clusters"]}
    most = {
        name: one["circuit_breakers"]["thresholds"][0]["max_requests"]
        for name, one in clusters.items()
        if name.startswith("support")
    }
    assert most == {"support/tenant/sales": 4, "support/tenant/legal": 8, "support": 10000}
    assert {json.dumps(clusters[name]["metadata"]) for name in most} == {
        json.dumps({"filter_metadata": {"kitchen": {"kitchen": "support", "server": "support"}}})
    }


def test_no_bound_is_told_as_a_tenants_share() -> None:
    """Envoy has one flag for every bound of a cluster: those beside a share are out of reach."""
    (sales,) = (one for one in bootstrap(plan(IDP))["static_resources"]["clusters"] if one["name"].endswith("/sales"))
    (most,) = sales["circuit_breakers"]["thresholds"]
    assert {name: bound for name, bound in most.items() if bound < 10000} == {"max_requests": 4}


def test_fair_shares_are_parts_over_all_envoys() -> None:
    assert fair_shares(256, {"sales": 1, "legal": 1}, 2) == {"legal": 64, "sales": 64}
    assert fair_shares(256, {"sales": 3, "legal": 1}, 2) == {"legal": 32, "sales": 96}
    assert fair_shares(3, {"a": 1, "b": 1}, 2) == {"a": 1, "b": 1}, "nobody's share is nothing"
    assert fair_shares(256, {"sales": 1}, 2) == {}, "there is nobody to take from"
    assert fair_shares(256, {}, 2) == {}
    for wrong in ((0, {"a": 1, "b": 1}, 2), (1, {"a": 1, "b": 1}, 0), (1, {"a": 1, "b": 0}, 2)):
        with pytest.raises(ValueError, match="at_once"):
            fair_shares(*wrong)


def test_people_are_told_the_calls_at_once_of_all_envoys_together() -> None:
    assert at_once_by_tenant(plan(IDP), 3) == {"support": {"legal": 24, "sales": 12}}
    alone = replace(SERVER, shares={})
    grants = [replace(grant("one", "sales"), servers=[alone])]
    assert at_once_by_tenant(replace(plan(IDP), grants=grants), 3) == {}
