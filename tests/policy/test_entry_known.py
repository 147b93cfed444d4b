"""What the rule on the entry knows by heart is what the program makes, and every form of a plan passes it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from components.entry.envoy import bootstrap
from components.entry.plan import EntryPlan, Grant, Issuer, Limits, Server
from policies.manifests.envoy import faults
from policies.manifests.envoy_filters import SUMS, canonical_sum
from policies.manifests.envoy_numbers import SUMS as NUMBERS
from policies.manifests.envoy_record import FIELDS
from policies.manifests.envoy_stated import stated

_OIDC = Issuer(name="idp", issuer="https://sso.kitchen.example", audience="kitchen", jwks="{}")
_REALM = replace(_OIDC, name="realm", issuer="https://realm.kitchen.example", groups_claim="realm_access.roles")
_FETCHED = replace(_OIDC, jwks=None, jwks_url="https://sso.kitchen.example:8443/jwks")
_PLAIN = replace(_OIDC, jwks=None, jwks_url="http://sso.kitchen.example/jwks")
_CLUSTER = replace(_OIDC, name="cluster", issuer="https://kubernetes.default.svc", kind="kubernetes")
_PORTAL = replace(_CLUSTER, name="portal", issuer="https://portal.kitchen.example", prefix="portal:")
_MEMBERS = ("callers", "営業", "system:serviceaccount:shop:backend", "portal:system:serviceaccounts:shop")
_LIMITS = Limits(requests_per_minute=10, tokens_per_minute=1000, tokens_per_month=100000)
_SERVER = Server(
    name="support", host="support-pods.sales-prod.svc.cluster.local", port=8080, facts={"baseModel": "b/v1"}
)
_CANARY = replace(_SERVER, name="support-next", host="support-next-pods.sales-prod.svc.cluster.local", weight=10)
_ADAPTER = replace(_SERVER, name="support/m--v2", weight=10, model="m--v2", shares={"sales": 3})
_GRANT = Grant(
    name="support/callers/m",
    model="m",
    groups=_MEMBERS,
    paths=["/v1/chat/completions", "/v1/embeddings"],
    servers=[_SERVER],
    tenant="sales",
    facts={
        **{"tenant": "sales", "adapter": "m", "adapters": {"support": "m/v1"}},
        **{"adapterSums": {"support": "0" * 64}, "versions": {"support": "v1"}},
    },
)
_PLAN = EntryPlan(environment="prod", issuers=[_OIDC], grants=[_GRANT])
PLANS = {
    "one issuer": _PLAN,
    "no grants": replace(_PLAN, grants=[]),
    "a realm's roles beside groups": replace(_PLAN, issuers=[_OIDC, _REALM]),
    "clusters": replace(_PLAN, issuers=[_OIDC, _CLUSTER, _PORTAL]),
    "keys that are fetched": replace(_PLAN, issuers=[_FETCHED, _CLUSTER]),
    "keys without TLS": replace(_PLAN, issuers=[_PLAIN]),
    "no counter": replace(_PLAN, counter="none"),
    "a shared counter": replace(_PLAN, counter="shared", grants=[replace(_GRANT, limits=_LIMITS)]),
    "a counter of each replica": replace(_PLAN, grants=[replace(_GRANT, limits=_LIMITS)]),
    "a canary": replace(_PLAN, grants=[replace(_GRANT, servers=[replace(_SERVER, weight=90), _CANARY])]),
    "an adapter's canary": replace(_PLAN, grants=[replace(_GRANT, servers=[replace(_SERVER, weight=90), _ADAPTER])]),
    "contents": replace(_PLAN, contents=["sales"], body_kib=2048),
    "programs before it": replace(_PLAN, proxies=1, ca_file="/etc/kitchen/ca/ca.crt"),
}


def _settings(plan: EntryPlan) -> dict[str, Any]:
    issuers = [
        {
            **{"name": one.name, "issuer": one.issuer, "audience": one.audience, "kind": one.kind},
            **{"prefix": one.prefix, "groupsClaim": one.groups_claim},
            "jwks": {"keys": one.jwks} if one.jwks_url is None else {"url": one.jwks_url},
        }
        for one in plan.issuers
    ]
    return {
        "entry": {"issuers": issuers},
        "tenants": {"sales": {"groups": {"caller": list(_MEMBERS)}}},
        "kitchens": {"support": {"tenant": "sales"}},
    }


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_passes(name: str) -> None:
    plan = replace(PLANS[name], counter_host="counter.entry-prod.svc.cluster.local")
    config = json.loads(json.dumps(bootstrap(plan)))
    assert list(faults(config, stated("prod", _settings(plan), {"sales": {}}))) == []


@pytest.fixture(scope="module")
def manager() -> dict[str, Any]:
    listener = bootstrap(_PLAN)["static_resources"]["listeners"][0]
    found: dict[str, Any] = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return found


def test_the_fields_of_the_record(manager: dict[str, Any]) -> None:
    made = dict(manager["access_log"][0]["typed_config"]["log_format"]["json_format"])
    assert made.pop("environment") == "prod"
    assert made.pop("groups") == "%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:claims:groups)%"
    assert made == FIELDS


def test_the_sums_of_filters(manager: dict[str, Any]) -> None:
    made = {one["name"]: canonical_sum(one["typed_config"]) for one in manager["http_filters"]}
    assert {name: made[name] for name in SUMS} == SUMS


def test_the_sums_of_what_counts(manager: dict[str, Any]) -> None:
    assert {one["name"]: canonical_sum(one) for one in manager["access_log"][1:]} == NUMBERS
