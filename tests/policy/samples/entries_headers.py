"""Samples of the rule on entries: headers that say who calls, origins, redirections, and whose routes may join."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.policy.samples.entries import HTTP_ROUTE
from tests.policy.support.objects import LLM, manifest
from tests.policy.support.sample import UNKNOWN_VALUE, WORLD, Sample, table

_CALLER = "which may say who calls, or where it leads"
_READ = "which may let others read answers"
_NO_ORIGIN = "which is no origin (https://host) of the organisation's domains"
_NO_DOMAIN = "which is none of the organisation's domains"
_NAMES_OF_CALLERS = ("Authorization", "X-Forwarded-User", "x-auth-request-email", "Cookie", "x-remote-group", "x-own")
_NO_CALLERS = ("X-Forwarded-Proto", "x-canary", "Cache-Control")
_OWN = "https://portal.kitchen.example"
_NOT_OWN = ("*", "https://*.kitchen.example", "https://attacker.example", "http://portal.kitchen.example", "null")

_VIRTUAL = manifest(
    "networking.istio.io/v1",
    "VirtualService",
    {
        "hosts": ["a.kitchen.example"],
        "gateways": ["istio-system/kitchen"],
        "http": [{"match": [{"uri": {"prefix": "/v1/completions"}}], "route": [{"destination": {"host": "a"}}]}],
    },
)
_HTTP = "spec http 0"


def _set(direction: str, name: str, value: str = "x", operation: str = "set") -> dict[str, Any]:
    return {f"{_HTTP} headers": {direction: {operation: {name: value}}}}


_VIRTUALS = table(
    "kubernetes:networking.istio.io/v1:VirtualService",
    _VIRTUAL,
    *(
        (f"the mesh writes {name}", _set("request", name), f"writes the header {name!r}, {_CALLER}")
        for name in _NAMES_OF_CALLERS
    ),
    *((f"the mesh writes {name}", _set("request", name)) for name in _NO_CALLERS),
    ("the mesh adds a caller", _set("request", "x-forwarded-user", operation="add"), _CALLER),
    (
        "a destination's caller",
        {f"{_HTTP} route 0 headers": {"request": {"set": {"x-user": "a"}}}},
        "route[0].headers.request",
    ),
    ("a caller within the mesh", {**_set("request", "authorization"), "spec gateways": ["mesh"]}, _CALLER),
    ("the mesh takes a caller away", {f"{_HTTP} headers": {"request": {"remove": ["x-forwarded-user"]}}}),
    (
        "headers not known",
        {f"{_HTTP} headers": {"request": {"set": UNKNOWN_VALUE}}},
        "headers.request.set: is not known",
    ),
    ("a header of answers", _set("response", "strict-transport-security", "max-age=1")),
    ("an origin by a header", _set("response", "access-control-allow-origin", _OWN)),
    ("every origin by a header", _set("response", "Access-Control-Allow-Origin", "*"), _READ),
    ("credentials by a header", _set("response", "access-control-allow-credentials", "true"), _READ),
    ("an origin of one's own", {f"{_HTTP} corsPolicy": {"allowOrigins": [{"exact": _OWN}], "allowCredentials": True}}),
    *(
        (f"the mesh's origin {value}", {f"{_HTTP} corsPolicy": {"allowOrigins": [{"exact": value}]}}, _NO_ORIGIN)
        for value in _NOT_OWN
    ),
    ("origins by an expression", {f"{_HTTP} corsPolicy": {"allowOrigins": [{"regex": ".*"}]}}, _NO_ORIGIN),
    ("origins by a beginning", {f"{_HTTP} corsPolicy": {"allowOrigins": [{"prefix": "https://"}]}}, _NO_ORIGIN),
    ("origins in the older form", {f"{_HTTP} corsPolicy": {"allowOrigin": ["*"]}}, "allowOrigin[0]: is '*'"),
    (
        "redirected to another's host",
        {_HTTP: {"redirect": {"authority": "attacker.example"}}},
        f"authority: is 'attacker.example', {_NO_DOMAIN}",
    ),
    (
        "redirected to a longer host",
        {_HTTP: {"redirect": {"authority": "a.kitchen.example.attacker.example"}}},
        _NO_DOMAIN,
    ),
    ("redirected to an address", {_HTTP: {"redirect": {"authority": "203.0.113.7"}}}, _NO_DOMAIN),
    (
        "redirected to one's own domain",
        {_HTTP: {"redirect": {"authority": "new.kitchen.example", "redirectCode": 308}}},
    ),
    (
        "redirected to its own host",
        {"spec hosts": ["a.corp.example"], _HTTP: {"redirect": {"authority": "a.corp.example"}}},
    ),
)
_STATED = table(
    "kubernetes:networking.istio.io/v1:VirtualService",
    _VIRTUAL,
    ("a header that is stated", _set("request", "X-Department", "a")),
    ("a header that is not stated", _set("request", "x-user", "a"), _CALLER),
    ("redirected to a stated domain", {_HTTP: {"redirect": {"authority": "a.example.net"}}}),
    config={"headers": [{"name": "x-department", "reason": "reports count by it"}], "domains": ["example.net"]},
)

_RULE = "spec rules 0"


def _filter(kind: str, field: str, value: Any) -> dict[str, Any]:
    return {f"{_RULE} filters": [{"type": kind, field: value}]}


def _modified(name: str, operation: str = "set") -> dict[str, Any]:
    return _filter("RequestHeaderModifier", "requestHeaderModifier", {operation: [{"name": name, "value": "a"}]})


_HTTP_ROUTES = table(
    "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
    HTTP_ROUTE,
    *(
        (f"a filter writes {name}", _modified(name), f"set[0]: writes the header {name!r}, {_CALLER}")
        for name in _NAMES_OF_CALLERS
    ),
    *((f"a filter writes {name}", _modified(name)) for name in _NO_CALLERS),
    ("a filter adds a caller", _modified("x-user", "add"), "add[0]: writes the header 'x-user'"),
    (
        "a backend's filter writes a caller",
        {
            f"{_RULE} backendRefs": [
                {
                    "name": "a",
                    **_modified("x-user")[f"{_RULE} filters"][0],
                    "filters": _modified("x-user")[f"{_RULE} filters"],
                }
            ]
        },
        "backendRefs[0].filters[0].requestHeaderModifier.set[0]",
    ),
    ("a filter's origin of one's own", _filter("CORS", "cors", {"allowOrigins": [_OWN]})),
    *(
        (
            f"a filter's origin {value}",
            _filter("CORS", "cors", {"allowOrigins": [value]}),
            f"allowOrigins[0]: is {value!r}",
        )
        for value in _NOT_OWN
    ),
    (
        "redirected by a filter",
        _filter("RequestRedirect", "requestRedirect", {"hostname": "attacker.example"}),
        f"requestRedirect.hostname: is 'attacker.example', {_NO_DOMAIN}",
    ),
    (
        "redirected by a filter to plain text",
        _filter("RequestRedirect", "requestRedirect", {"scheme": "http"}),
        "requestRedirect.scheme: is 'http'",
    ),
    (
        "redirected by a filter to one's own",
        _filter("RequestRedirect", "requestRedirect", {"hostname": "b.kitchen.example"}),
    ),
)

_ROUTE = manifest(
    "route.openshift.io/v1",
    "Route",
    {"host": "a.kitchen.example", "to": {"kind": "Service", "name": "a"}, "tls": {"termination": "edge"}},
)
_ROUTE["metadata"]["annotations"] = {"haproxy.router.openshift.io/ip_allowlist": "10.0.0.0/8"}


def _actions(direction: str, name: str, kind: str = "Set", value: str = "a") -> dict[str, Any]:
    return {
        "spec httpHeaders": {
            "actions": {direction: [{"name": name, "action": {"type": kind, "set": {"value": value}}}]}
        }
    }


_ROUTES = table(
    "kubernetes:route.openshift.io/v1:Route",
    _ROUTE,
    *(
        (f"the router writes {name}", _actions("request", name), f"request[0]: writes the header {name!r}, {_CALLER}")
        for name in _NAMES_OF_CALLERS
    ),
    ("the router takes a caller away", _actions("request", "X-Forwarded-Email", "Delete")),
    ("the router's header of answers", _actions("response", "X-Frame-Options", value="DENY")),
    ("the router lets every site read", _actions("response", "Access-Control-Allow-Origin", value="*"), _READ),
    (
        "a list with a mask",
        {"metadata annotations": {"haproxy.router.openshift.io/ip_allowlist": "10.0.0.0/255.0.0.0"}},
        "has '10.0.0.0/255.0.0.0': no network, or a wide one",
    ),
)

_JOIN = "spec listeners 0 allowedRoutes"
_GATEWAY = manifest(
    "gateway.networking.k8s.io/v1",
    "Gateway",
    {
        "gatewayClassName": "istio",
        "listeners": [
            {
                **{"name": "a", "hostname": "a.kitchen.example", "port": 443, "protocol": "HTTPS"},
                "tls": {"certificateRefs": [{"name": "t"}]},
            }
        ],
    },
)


def _selected(**selector: Any) -> dict[str, Any]:
    return {_JOIN: {"namespaces": {"from": "Selector", "selector": selector}}}


_GATEWAYS = table(
    "kubernetes:gateway.networking.k8s.io/v1:Gateway",
    _GATEWAY,
    ("routes of its own namespace", {_JOIN: {"namespaces": {"from": "Same"}}}),
    ("routes of some namespaces", _selected(matchLabels={"kitchen.example/routes": "yes"})),
    ("routes of every namespace", {_JOIN: {"namespaces": {"from": "All"}}}, "namespaces.from: is 'All': routes of"),
    ("routes of every namespace by an empty selector", _selected(), "namespaces.selector: selects every namespace"),
    (
        "routes of every namespace by its level",
        _selected(matchLabels={"pod-security.kubernetes.io/enforce": "restricted"}),
        "namespaces.selector: selects every namespace",
    ),
    ("routes of whom is not known", {_JOIN: UNKNOWN_VALUE}, "namespaces.from: is not known"),
)

_GRANTS = table(
    "kubernetes:gateway.networking.k8s.io/v1beta1:ReferenceGrant",
    manifest(
        "gateway.networking.k8s.io/v1beta1",
        "ReferenceGrant",
        {
            "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "sales"}],
            "to": [{"group": "", "kind": "Service", "name": "a"}],
        },
    ),
    ("a named Service", {}),
    (
        "every Service",
        {"spec to 0": {"group": "", "kind": "Service"}},
        "to[0].name: is missing, which means every Service",
    ),
    ("every pool", {"spec to 0": {"kind": "InferencePool"}}, "which means every InferencePool of the namespace"),
)

_INLINE: dict[str, Any] = {
    "parentRefs": [{"name": "kitchen"}],
    "hostnames": ["a.kitchen.example"],
    "rules": [
        {"matches": [{"path": {"type": "PathPrefix", "value": "/v1/completions"}}], "backendRefs": [{"name": "a"}]}
    ],
}
_ROUTER = "spec router"
_GATE = "is a gateway that neither kitchen:platform.gatewayApi nor the configuration of this rule states"


def _inline(**more: Any) -> dict[str, Any]:
    return {_ROUTER: {"route": {"http": {"spec": {**_INLINE, **more}}}}}


def _gate(namespace: str, name: str) -> dict[str, Any]:
    return {_ROUTER: {"route": {}, "gateway": {"refs": [{"name": name, "namespace": namespace}]}}}


_PLATFORM = {"gatewayApi": {"gateway": "kitchen", "namespace": "kitchen-gateway", "domain": "models.kitchen.example"}}
_LLM_TYPE = "kubernetes:serving.kserve.io/v1alpha2:LLMInferenceService"
_LLMS = (
    *table(
        _LLM_TYPE,
        LLM,
        ("a service that is routed as KServe does", {_ROUTER: {"route": {}, "gateway": {}}}),
        ("a route of its own", _inline()),
        (
            "a route of its own without a host",
            _inline(hostnames=[]),
            "spec.router.route.http.spec.hostnames: is missing",
        ),
        (
            "a route of its own to all",
            _inline(rules=[{"backendRefs": [{"name": "a"}]}]),
            "spec.router.route.http.spec.rules[0].matches: is '/', which leads to",
        ),
        ("a route of later", _inline(tunnel={}), "route.http.spec.tunnel: is no field that is understood"),
        (
            "a route of its own that joins another gateway",
            _inline(parentRefs=[{"name": "public", "namespace": "edge"}]),
            f"spec.router.route.http.spec.parentRefs[0]: {_GATE}",
        ),
        ("a gateway of its own namespace", _gate("team", "inner")),
        ("a gateway that nobody states", _gate("edge", "public"), f"spec.router.gateway.refs[0]: {_GATE}"),
        ("KServe's gateway", _gate("kserve", "kserve-ingress-gateway")),
        ("a router not known", {_ROUTER: UNKNOWN_VALUE}, "hostnames: is not known", "path: is not known"),
    ),
    *table(
        _LLM_TYPE,
        LLM,
        ("the settings' gateway", _gate("kitchen-gateway", "kitchen")),
        ("another of its namespace", _gate("kitchen-gateway", "public"), _GATE),
        world=dataclasses.replace(WORLD, settings={**WORLD.settings, "platform": _PLATFORM}),
    ),
    *table(
        _LLM_TYPE,
        LLM,
        ("a stated gateway", _gate("edge", "inner")),
        config={"gateways": [{"name": "edge/inner", "reason": "behind the inner firewall"}]},
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "entry-guarded": (*_VIRTUALS, *_STATED, *_HTTP_ROUTES, *_ROUTES, *_GATEWAYS, *_GRANTS, *_LLMS),
}
