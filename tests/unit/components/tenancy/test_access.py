"""What the roles allow, and which flows the network rules open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.entry import KitchenRoute, KitchenRouteArgs
from components.facts import CALLER, ENVIRONMENT_ROLES, TENANT_ROLES
from components.platform import Platform
from components.tenancy import StoreAddress
from components.tenancy.access import RULES, rules_of, subject
from components.tenancy.network import PRIVATE_NETWORKS, network_policies
from policies.manifests.network_peers import PRIVATE

READING = ("get", "list", "watch")
CHANGES = {("pods", "delete"), ("pods/eviction", "create")}
NEVER = ("secrets", "pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy",
         "serviceaccounts/token", "pods/ephemeralcontainers")  # fmt: skip
ALL_ROLES = (*ENVIRONMENT_ROLES, *TENANT_ROLES)
READERS = tuple(role for role in ALL_ROLES if role != CALLER)


def granted(role: str) -> set[tuple[str, str]]:
    rules = rules_of(role, ["support"])
    return {(resource, verb) for rule in rules for resource in rule["resources"] for verb in rule["verbs"]}


def test_every_role_is_known() -> None:
    assert set(ALL_ROLES) == {*RULES, CALLER}


@pytest.mark.parametrize("role", ALL_ROLES)
def test_no_role_holds_a_wildcard_a_secret_or_a_way_into_a_pod(role: str) -> None:
    for resource, verb in granted(role):
        assert "*" not in resource + verb
        assert resource not in NEVER
        assert verb in READING or ((resource, verb) in CHANGES and role in ("platform", "operations"))


@pytest.mark.parametrize("role", READERS)
def test_reading_is_not_calling(role: str) -> None:
    verbs = {verb for resource, verb in granted(role) if resource.startswith("inferenceservices")}
    assert verbs == {"list", "watch"}


def test_callers_get_the_named_kitchens_and_nothing_without_one() -> None:
    (rule,) = rules_of(CALLER, ["summary", "support"])
    assert rule == {
        "apiGroups": ["serving.kserve.io"],
        "resources": ["inferenceservices"],
        "verbs": ["get"],
        "resourceNames": ["summary", "support"],
    }
    assert rules_of(CALLER, []) == [], "a rule without names would mean every InferenceService"


def test_logs_are_for_those_who_mend_servers() -> None:
    assert {role for role in ALL_ROLES if ("pods/log", "get") in granted(role)} == {"platform", "operations"}


def test_subjects() -> None:
    assert subject("system:serviceaccount:portal:backend") == {
        "kind": "ServiceAccount",
        "name": "backend",
        "namespace": "portal",
    }
    assert subject("/kitchen/ops") == {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "Group",
        "name": "/kitchen/ops",
    }


STORE = StoreAddress(port=9000, namespace="minio")
KUBERNETES = Platform(kind="kubernetes", monitoring=True)
ROUTES = Platform(kind="openshift", route_domain="apps.example", route_sources=["10.0.0.0/8"], monitoring=True)
AI = Platform(kind="openshift", openshift_ai=True)
BARE = Platform(kind="openshift")


def flows(platform: Platform, store: StoreAddress = STORE) -> dict[str, list[tuple[Any, ...]]]:
    """Policy -> peers' labels (or networks) and ports."""
    found = {}
    for name, spec in network_policies(platform, store).items():
        rules = [*(spec.get("ingress") or []), *(spec.get("egress") or [])]
        found[name] = [
            (
                [
                    peer["ipBlock"]["cidr"] if "ipBlock" in peer else peer["namespaceSelector"]["matchLabels"]
                    for peer in rule.get("from", rule.get("to", []))
                ],
                sorted({port["port"] for port in rule["ports"]}),
            )
            for rule in rules
        ]
    return found


GATEWAY, METRICS = ({"kitchen.example.com/access": value} for value in ("gateway", "metrics"))
ROUTER, MONITORING = ({"network.openshift.io/policy-group": value} for value in ("ingress", "monitoring"))
AT_STORE = [([{"kubernetes.io/metadata.name": "minio"}], [9000])]


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        (
            KUBERNETES,
            {
                "allow-dns": [([{"kubernetes.io/metadata.name": "kube-system"}], [53])],
                "allow-gateway": [([GATEWAY], [8080])],
                "allow-metrics": [([METRICS], [8080, 8081])],
            },
        ),
        (
            ROUTES,
            {
                "allow-dns": [([{"kubernetes.io/metadata.name": "openshift-dns"}], [5353])],
                "allow-gateway": [([GATEWAY, ROUTER], [8080])],
                "allow-metrics": [([METRICS, MONITORING], [8080, 8081])],
            },
        ),
        (
            AI,
            {
                "allow-dns": [([{"kubernetes.io/metadata.name": "openshift-dns"}], [5353])],
                "allow-gateway": [([GATEWAY, ROUTER], [8443])],
                "allow-metrics": [([METRICS], [8080, 8081])],
                "allow-api-server": [(list(PRIVATE_NETWORKS), [6443])],
            },
        ),
        (
            BARE,
            {
                "allow-dns": [([{"kubernetes.io/metadata.name": "openshift-dns"}], [5353])],
                "allow-gateway": [([GATEWAY], [8080])],
                "allow-metrics": [([METRICS], [8080, 8081])],
            },
        ),
    ],
    ids=["kubernetes", "openshift with routes", "OpenShift AI", "openshift alone"],
)
def test_exactly_the_flows_that_are_needed_are_open(platform: Platform, expected: dict[str, Any]) -> None:
    assert flows(platform) == {"default-deny": [], "allow-object-store": AT_STORE, **expected}


def scrapers(platform: Platform) -> list[dict[str, Any]]:
    (rule,) = network_policies(platform, STORE)["allow-metrics"]["ingress"]
    return [peer["podSelector"]["matchLabels"] for peer in rule["from"]]


def test_of_the_monitoring_s_namespaces_prometheus_alone_takes_metrics() -> None:
    """Grafana and Alertmanager are there too, and the port of metrics is that of calls."""
    prometheus = {"app.kubernetes.io/name": "prometheus"}
    user_workload = {**prometheus, "app.kubernetes.io/instance": "user-workload"}
    assert scrapers(KUBERNETES) == scrapers(AI) == scrapers(BARE) == [prometheus]
    assert scrapers(ROUTES) == [prometheus, user_workload]
    other = {"app": "vmagent"}
    assert scrapers(replace(KUBERNETES, scraper_pods=other)) == [other]
    assert scrapers(replace(ROUTES, scraper_pods=other)) == [other, user_workload]


def test_everything_else_is_denied_both_ways() -> None:
    assert network_policies(KUBERNETES, STORE)["default-deny"] == {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
    }


@pytest.mark.parametrize(
    ("store", "expected"),
    [
        (StoreAddress(port=443), [(list(PRIVATE_NETWORKS), [443])]),
        (StoreAddress(port=443, cidrs=["10.1.0.0/24", "10.2.0.0/24"]), [(["10.1.0.0/24", "10.2.0.0/24"], [443])]),
    ],
)
def test_the_store_is_reached_where_it_is_said_to_be(store: StoreAddress, expected: Any) -> None:
    assert flows(KUBERNETES, store)["allow-object-store"] == expected


def test_a_route_for_everybody_is_refused() -> None:
    args = KitchenRouteArgs(
        namespace="a", kitchen="b", service="b-predictor", port=8080, host="b.example", sources=[], labels={}
    )
    with pytest.raises(ValueError, match="names networks"):
        KitchenRoute("b", args)


def test_networks_that_the_program_opens_are_those_that_the_policies_allow() -> None:
    assert PRIVATE_NETWORKS == PRIVATE
