"""Samples of the rule on who may call: what counts as naming callers, and of what it is said."""

from __future__ import annotations

from typing import Any

Row = tuple[Any, ...]


def _named(api_version: str, kind: str, name: str, spec: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "team"}, "spec": spec}


_ENTRY = _named(
    "gateway.networking.k8s.io/v1",
    "HTTPRoute",
    "entry",
    {"parentRefs": [{"name": "gate"}], "rules": [{"backendRefs": [{"name": "server"}]}]},
)
_SERVER = _named("v1", "Service", "server", {"selector": {"app": "server", "tier": "a"}})
_CALLERS = [{"from": [{"source": {"namespaces": ["a"]}}]}]
_NO_CALLERS = "HTTPRoute team/entry: no AuthorizationPolicy that names callers is declared in team"
_OPEN = "AuthorizationPolicy team/callers lets callers in whom it does not name"


def _policy(**spec: Any) -> dict[str, Any]:
    return _named("security.istio.io/v1", "AuthorizationPolicy", "callers", {"rules": _CALLERS, **spec})


def _row(name: str, spec: dict[str, Any], *says: str, **more: Any) -> Row:
    return (name, {"entry": _ENTRY, "server": _SERVER, "callers": _policy(**spec), **more}, *says)


def _from(**source: Any) -> dict[str, Any]:
    return {"rules": [{"from": [{"source": source}]}]}


def _when(key: str, *values: str) -> dict[str, Any]:
    return {"rules": [{"when": [{"key": key, "values": list(values)}]}]}


def _other(group: str, kind: str, spec: Any) -> dict[str, Any]:
    return _named(f"{group}/v1", kind, "callers", spec)


def _others(group: str, kind: str, target: dict[str, Any], *rows: tuple[Any, ...]) -> tuple[Row, ...]:
    return tuple(
        (
            f"{kind}: {name}",
            {"entry": _ENTRY, "server": _SERVER, "callers": _other(group, kind, {**target, **spec})},
            *says,
        )
        for name, spec, *says in rows
    )


_ROUTE = {"kind": "HTTPRoute", "name": "entry", "group": "gateway.networking.k8s.io"}
_GATE = {"kind": "Gateway", "name": "gate", "group": "gateway.networking.k8s.io"}
_TOKEN = {"rules": {"authentication": {"a": {"jwt": {"issuerUrl": "https://login.kitchen.example"}}}}}


def _answers(*rules: dict[str, Any]) -> dict[str, Any]:
    """An HTTPRoute of some rules, without anybody who names callers."""
    spec = {"parentRefs": [{"name": "gate"}], "rules": list(rules)}
    return {"entry": _named("gateway.networking.k8s.io/v1", "HTTPRoute", "entry", spec), "server": _SERVER}


_REDIRECT = {"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}]}
_LEADS = {"backendRefs": [{"name": "server"}]}
CALLERS: tuple[Row, ...] = (
    ("a route that only redirects", _answers(_REDIRECT)),
    ("a route that redirects some calls", _answers(_REDIRECT, _LEADS), _NO_CALLERS),
    ("a route without rules", _answers(), _NO_CALLERS),
    _row("of the whole namespace", {}),
    _row("of the pods behind it", {"selector": {"matchLabels": {"app": "server"}}}),
    _row("of other pods", {"selector": {"matchLabels": {"app": "unrelated"}}}, _NO_CALLERS),
    _row(
        "of some of the pods behind it", {"selector": {"matchLabels": {"app": "server", "version": "b"}}}, _NO_CALLERS
    ),
    _row("of pods that are not declared", {"selector": {"matchLabels": {"app": "server"}}}, _NO_CALLERS, server=None),
    _row("of the Service behind it", {"targetRefs": [{"kind": "Service", "name": "server"}]}),
    _row("of the gateway before it", {"targetRefs": [_GATE]}),
    _row("of another Service", {"targetRefs": [{"kind": "Service", "name": "other"}]}, _NO_CALLERS),
    _row("of another gateway", {"targetRefs": [{"kind": "Gateway", "name": "other"}]}, _NO_CALLERS),
    _row("accounts of a namespace", _from(principals=["cluster.local/ns/a/sa/*"])),
    _row("accounts of everybody", _from(principals=["cluster.local/*"]), _OPEN),
    _row("names that begin with anything", _from(principals=["*/sa/default"]), _OPEN),
    _row("namespaces that begin so", _from(namespaces=["team*"]), _OPEN),
    _row("an empty name", _from(namespaces=[""]), _OPEN),
    _row("every network", _from(ipBlocks=["0.0.0.0/0"]), _OPEN),
    _row("every network by halves", _from(ipBlocks=["0.0.0.0/1", "128.0.0.0/1"]), _OPEN),
    _row("every network by parts", _from(remoteIpBlocks=[f"{first}.0.0.0/8" for first in range(1, 224)]), _OPEN),
    _row("callers, and anybody for health", {"rules": [*_CALLERS, {"to": [{"operation": {"paths": ["/healthz"]}}]}]}),
    _row(
        "anybody for health and below", {"rules": [*_CALLERS, {"to": [{"operation": {"paths": ["/healthz*"]}}]}]}, _OPEN
    ),
    _row("an empty condition", {"rules": [{"when": []}]}, _OPEN),
    _row("a condition without values", {"rules": [{"when": [{"key": "request.auth.claims[a]"}]}]}, _OPEN),
    _row("a condition that anybody meets", _when("request.headers[x]", "*"), _OPEN),
    _row("a condition on a header", _when("request.headers[x-caller]", "a"), _OPEN),
    _row("a condition on every network", _when("source.ip", "0.0.0.0/0"), _OPEN),
    _row("a condition on a network", _when("source.ip", "10.1.0.0/16")),
    _row("a condition on a namespace", _when("source.namespace", "a")),
    _row("a condition on every namespace", _when("source.namespace", "*"), _OPEN),
    _row("a condition on a token", _when("request.auth.principal", "*")),
    _row("an authorizer of everything", {"action": "CUSTOM", "rules": [{}]}),
    _row("an authorizer of some calls", {"action": "CUSTOM", **_when("request.auth.claims[a]", "b")}, _NO_CALLERS),
    (
        "callers, and another policy for everybody",
        {
            "entry": _ENTRY,
            "callers": _policy(),
            "more": {**_policy(rules=[{}]), "metadata": {"name": "all", "namespace": "team"}},
        },
        "AuthorizationPolicy team/all lets callers in whom it does not name",
    ),
    (
        "callers, and everybody for other pods",
        {
            "entry": _ENTRY,
            "server": _SERVER,
            "callers": _policy(),
            "more": _policy(rules=[{}], selector={"matchLabels": {"app": "unrelated"}}),
        },
    ),
    *_others(
        "kuadrant.io",
        "AuthPolicy",
        {"targetRef": _ROUTE},
        ("a token", _TOKEN),
        ("a token for the gateway", {**_TOKEN, "targetRef": _GATE}),
        ("a token of another route", {**_TOKEN, "targetRef": {**_ROUTE, "name": "other"}}, _NO_CALLERS),
        ("a token for a section", {**_TOKEN, "targetRef": {**_GATE, "sectionName": "a"}}, _NO_CALLERS),
        ("everybody", {"rules": {"authentication": {"a": {"anonymous": {}}}}}, _NO_CALLERS),
        (
            "a token or everybody",
            {"rules": {"authentication": {**_TOKEN["rules"]["authentication"], "b": {"anonymous": {}}}}},
            _NO_CALLERS,
        ),
        ("nothing", {}, _NO_CALLERS),
        ("no rules", {"rules": {}}, _NO_CALLERS),
        ("a token at times", {**_TOKEN, "when": [{"predicate": "a"}]}, _NO_CALLERS),
        ("a token by default", {"defaults": _TOKEN}),
        ("everybody by default", {"defaults": {"rules": {"authentication": {"a": {"anonymous": {}}}}}}, _NO_CALLERS),
    ),
    *_others(
        "gateway.envoyproxy.io",
        "SecurityPolicy",
        {"targetRefs": [_ROUTE]},
        ("a token", {"jwt": {"providers": [{"name": "a"}]}}),
        ("a sign-in", {"oidc": {"provider": {}}}),
        (
            "a token of another route",
            {"jwt": {"providers": []}, "targetRefs": [{**_ROUTE, "name": "other"}]},
            _NO_CALLERS,
        ),
        ("a token that may lack", {"jwt": {"optional": True, "providers": [{}]}}, _NO_CALLERS),
        ("an authorizer that may fail", {"extAuth": {"failOpen": True, "http": {}}}, _NO_CALLERS),
        ("origins alone", {"cors": {"allowOrigins": ["*"]}}, _NO_CALLERS),
        (
            "everybody by default",
            {"jwt": {"providers": [{}]}, "authorization": {"defaultAction": "Allow"}},
            _NO_CALLERS,
        ),
    ),
)
"""Name, changes of a whole stack, and a fragment of each violation."""


def _door(backend: str = "entry", namespace: str = "entry-prod") -> dict[str, Any]:
    """An HTTPRoute, and the Service that it leads to."""
    spec = {"parentRefs": [{"name": "gate"}], "rules": [{"backendRefs": [{"name": backend}]}]}
    route = _named("gateway.networking.k8s.io/v1", "HTTPRoute", "entry", spec)
    service = _named("v1", "Service", backend, {"selector": {"app.kubernetes.io/name": backend}})
    for made in (route, service):
        made["metadata"] = {**made["metadata"], "namespace": namespace}
    return {"entry": route, "server": service}


_STRANGER = "no AuthorizationPolicy that names callers is declared in"
DOORS: tuple[Row, ...] = (
    ("the door of the entry", _door()),
    ("a door to something else in its namespace", _door("other"), f"{_STRANGER} entry-prod"),
    ("a Service of that name elsewhere", _door(namespace="team"), f"{_STRANGER} team"),
    ("the entry of another environment", _door(namespace="entry-dev"), f"{_STRANGER} entry-dev"),
)
"""In an environment with an entry."""
