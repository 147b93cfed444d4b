"""Samples of the rule on the entry: ways past it, and configurations that would not check or record."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable
from typing import Any

from components.entry.envoy import bootstrap
from components.entry.plan import EntryPlan, Grant, Issuer, Server
from tests.policy.support.objects import manifest
from tests.policy.support.sample import UNKNOWN_VALUE, WORLD, Sample, table

_ISSUER = "https://sso.kitchen.example"
_CORPORATE = {"name": "corporate", "issuer": _ISSUER, "audience": "kitchen", "jwks": {"keys": "{}"}}
_ENTRY: dict[str, Any] = {"host": "ai.kitchen.example", "issuers": [_CORPORATE]}
_ACCOUNT = "system:serviceaccount:portal:backend"
_TENANTS = {"helpdesk": {"groups": {"caller": ["helpdesk-callers", _ACCOUNT]}}, "sales": {}}
_WORLD = dataclasses.replace(WORLD, settings={**WORLD.settings, "entry": _ENTRY, "tenants": _TENANTS})


_BY_ENTRY = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "entry-prod"}}}
_MONITORING = {"namespaceSelector": {"matchLabels": {"kitchen.example.com/access": "metrics"}}}
_PROMETHEUS = {"app.kubernetes.io/name": "prometheus"}
_METRICS = {**_MONITORING, "podSelector": {"matchLabels": _PROMETHEUS}}
_CLUSTERS = {"namespaceSelector": {"matchLabels": {"network.openshift.io/policy-group": "monitoring"}}}
_USER_WORKLOAD = {"matchLabels": {**_PROMETHEUS, "app.kubernetes.io/instance": "user-workload"}}
_OTHER_SCRAPER = {"podSelector": {"matchLabels": {"app": "vmagent"}}}
_OTHERWISE = dataclasses.replace(
    _WORLD, settings={**_WORLD.settings, "monitoring": {"scraperPods": {"app": "vmagent"}}}
)
_GATEWAY = {"namespaceSelector": {"matchLabels": {"kitchen.example.com/access": "gateway"}}}
_PORTS = [{"port": 8080, "protocol": "TCP"}]
_SPEC = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [_BY_ENTRY], "ports": _PORTS}]}
_POLICY = manifest("networking.k8s.io/v1", "NetworkPolicy", _SPEC)
_POLICY["metadata"] = {**_POLICY["metadata"], "namespace": "helpdesk-prod"}
_PAST = "lets others in to the servers' port, past the entry"


def _rules(*peers: Any, ports: Any = _PORTS) -> dict[str, Any]:
    return {"spec ingress": [{"from": list(peers), **({} if ports is None else {"ports": ports})}]}


_NETWORK = table(
    "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    _POLICY,
    ("the entry alone", {}),
    ("the entry's pods", _rules({**_BY_ENTRY, "podSelector": {"matchLabels": {"app.kubernetes.io/name": "entry"}}})),
    ("the entry, and who scrapes metrics", _rules(_BY_ENTRY, _METRICS)),
    ("OpenShift's own Prometheus", _rules({**_CLUSTERS, "podSelector": _USER_WORKLOAD})),
    ("whatever runs beside Prometheus", _rules(_MONITORING), f"from[0]: {_PAST}"),
    ("whatever runs beside OpenShift's Prometheus", _rules(_CLUSTERS), f"from[0]: {_PAST}"),
    (
        "OpenShift's Prometheus of the platform",
        _rules({**_CLUSTERS, "podSelector": {"matchLabels": _PROMETHEUS}}),
        f"from[0]: {_PAST}",
    ),
    ("a scraper that nobody has stated", _rules({**_MONITORING, **_OTHER_SCRAPER}), f"from[0]: {_PAST}"),
    (
        "pods beside Prometheus by an expression",
        _rules({**_MONITORING, "podSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}),
        f"from[0]: {_PAST}",
    ),
    ("a port that is no server's", _rules(_GATEWAY, ports=[{"port": 9090}])),
    ("no way in", {"spec ingress": []}),
    ("another namespace of the platform", {**_rules(_GATEWAY), "metadata namespace": "portal"}),
    ("gateways", _rules(_GATEWAY), f"spec.ingress[0].from[0]: {_PAST}"),
    ("the entry and gateways", _rules(_BY_ENTRY, _GATEWAY), f"spec.ingress[0].from[1]: {_PAST}"),
    ("pods of the namespace", _rules({"podSelector": {}}), f"from[0]: {_PAST}"),
    ("a network", _rules({"ipBlock": {"cidr": "10.0.0.0/8"}}), f"from[0]: {_PAST}"),
    ("every namespace", _rules({"namespaceSelector": {}}), f"from[0]: {_PAST}"),
    (
        "the entry of another environment",
        _rules({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "entry-dev"}}}),
        f"from[0]: {_PAST}",
    ),
    (
        "the entry, by an expression that more fit",
        _rules(
            {"namespaceSelector": {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "Exists"}]}}
        ),
        f"from[0]: {_PAST}",
    ),
    ("everybody", {"spec ingress": [{"ports": _PORTS}]}, "spec.ingress[0]: lets everybody in"),
    ("every port", _rules(_GATEWAY, ports=None), f"from[0]: {_PAST}"),
    ("a named port", _rules(_GATEWAY, ports=[{"port": "http1"}]), f"from[0]: {_PAST}"),
    ("a range", _rules(_GATEWAY, ports=[{"port": 1024, "endPort": 9000}]), f"from[0]: {_PAST}"),
    ("peers not known", {"spec ingress": [{"from": UNKNOWN_VALUE}]}, "spec.ingress[0]: is not known"),
    world=_WORLD,
)

_PLAN = EntryPlan(
    environment="prod",
    issuers=[Issuer(name="corporate", issuer=_ISSUER, audience="kitchen", jwks="{}")],
    grants=[
        Grant(
            name="support/callers/helpdesk-faq",
            model="helpdesk-faq",
            groups=["helpdesk-callers"],
            paths=["/v1/chat/completions"],
            servers=[Server(name="support", host="support-pods.helpdesk-prod.svc", port=8080)],
            tenant="helpdesk",
            facts={"tenant": "helpdesk"},
        )
    ],
)


_CLUSTER: dict[str, Any] = {
    "name": "cluster",
    "issuer": "https://kubernetes.default.svc",
    "audience": "kitchen",
    "kind": "kubernetes",
}
_STATED = {**_ENTRY, "issuers": [_CORPORATE, {**_CLUSTER, "jwks": {"keys": "{}"}}]}
_WITH_CLUSTER = dataclasses.replace(
    _PLAN,
    issuers=[*_PLAN.issuers, Issuer(**_CLUSTER, jwks="{}")],
    grants=[dataclasses.replace(_PLAN.grants[0], groups=[_ACCOUNT])],
)


def _manager(config: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    return found


def _filter(config: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in _manager(config)["http_filters"] if one["name"] == name)
    return found


def _without(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda config: _manager(config)["http_filters"].remove(_filter(config, name))


def _provider(config: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _filter(config, "token")["typed_config"]["providers"]["corporate"]
    return found


def _last(config: dict[str, Any]) -> None:
    filters = _manager(config)["http_filters"]
    filters.append(filters.pop(1))


def _open_route(config: dict[str, Any]) -> None:
    routes = _manager(config)["route_config"]["virtual_hosts"][0]["routes"]
    routes.insert(0, {"match": {"prefix": "/"}, "route": {"cluster": "support"}})


def _optional(config: dict[str, Any]) -> None:
    _filter(config, "token")["typed_config"]["rules"][0]["requires"] = {"allow_missing_or_failed": {}}


_CHANGES: tuple[tuple[str, Callable[[dict[str, Any]], Any], str], ...] = (
    ("without tokens", _without("token"), "http_filters: are forged, size, model, body, and must begin with"),
    ("without the check of bodies", _without("body"), "are forged, token, size, model, and must"),
    ("tokens after the rest", _last, "are forged, size, model, body, token, and must begin"),
    ("a strange issuer", lambda c: _provider(c).update(issuer="https://evil.example.com"), "which the settings do not"),
    ("another audience", lambda c: _provider(c).update(audiences=["kitchen", "other"]), "not 'kitchen'"),
    ("every audience", lambda c: _provider(c).update(audiences=[]), "is [], not 'kitchen'"),
    ("tokens that need not be", _optional, "token.rules[0]: lets calls through without a token"),
    (
        "no path that needs a token",
        lambda c: _filter(c, "token")["typed_config"].update(rules=[]),
        "token.rules: is missing: no call needs a token",
    ),
    (
        "a check that may fail",
        lambda c: _filter(c, "body")["typed_config"].update(failure_mode_allow=True),
        "failure_mode_allow: lets calls through unchecked",
    ),
    ("no record", lambda c: _manager(c).update(access_log=[]), "access_log: is missing: no call is recorded"),
    ("a route that asks nothing", _open_route, "routes[0]: leads to a server without asking who and for what"),
    (
        "open administration",
        lambda c: c["admin"]["address"]["socket_address"].update(address="0.0.0.0"),  # noqa: S104 - a bad sample
        "admin.address: opens Envoy's administration beyond the pod",
    ),
)


def _map(text: object, name: str) -> dict[str, Any]:
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "entry-prod"}}
    return {**made, "data": {"envoy.json": text}}


def _changed(change: Callable[[dict[str, Any]], Any]) -> str:
    config = copy.deepcopy(bootstrap(_PLAN))
    change(config)
    return json.dumps(config)


def _sample(name: str, text: object, *says: str) -> Sample:
    inputs = _map(text, "entry-1")
    return Sample(name=name, resource_type="kubernetes:core/v1:ConfigMap", inputs=inputs, says=says, world=_WORLD)


_CONFIGURATION = (
    _sample("the program's own", json.dumps(bootstrap(_PLAN))),
    _sample(
        "a cluster that is not stated",
        json.dumps(bootstrap(_WITH_CLUSTER)),
        "which the settings do not state",
        "json_format.groups: is ",
        "routes[2]: asks the check of bodies, and is no issuer's list of models",
        "routes[4]: leads to a server without asking who and for what",
    ),
    Sample(
        name="a cluster that is stated",
        resource_type="kubernetes:core/v1:ConfigMap",
        inputs=_map(json.dumps(bootstrap(_WITH_CLUSTER)), "entry-1"),
        world=dataclasses.replace(_WORLD, settings={**_WORLD.settings, "entry": _STATED}),
    ),
    *(_sample(name, _changed(change), says) for name, change, says in _CHANGES),
    _sample("no JSON", "{", "data.envoy.json: cannot be read as JSON"),
    _sample("not known", UNKNOWN_VALUE, "data.envoy.json: is not known"),
)

_STATED_SCRAPERS = table(
    "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    _POLICY,
    ("the scraper of the settings", _rules({**_MONITORING, **_OTHER_SCRAPER})),
    ("another one than that of the settings", _rules(_METRICS), f"from[0]: {_PAST}"),
    world=_OTHERWISE,
)
SAMPLES = {"entry-decides": (*_NETWORK, *_STATED_SCRAPERS, *_CONFIGURATION)}
