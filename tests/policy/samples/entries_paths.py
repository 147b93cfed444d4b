"""Samples of the rule on entries: paths of model servers that are open, what lies behind an entry, and passed TLS."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.policy.samples.entries import HTTP_ROUTE, INGRESS
from tests.policy.support.objects import manifest
from tests.policy.support.sample import MISSING, UNKNOWN_VALUE, WORLD, Sample, table

_MORE = "leads to more than servers answer to callers"
_OPEN = (
    *("/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/models", "/v1/models/m", "/v1/responses"),
    *("/v1/rerank", "/v1/score", "/v1/audio/transcriptions", "/health", "/v2/models/m/infer", "/v2/health/ready"),
    *("/v2/models/m/versions/1/infer", "/openai/v1/chat/completions", "/v1/messages", "/oauth2/callback"),
)
_CLOSED = (
    *("/init_weight_transfer_engine", "/start_weight_update", "/get_world_size", "/invocations", "/abort_requests"),
    *(
        "/v2/repository/models/m/load",
        "/api/jobs",
        "/docs",
        "/openapi.json",
        "/v1/adapters",
        "/v2/models/m/trace/setting",
    ),
    *("/admin", "/v2", "/v1/completionsx", "/debug/pprof", "/generate"),
)
_TYPE = "spec rules 0 http paths 0"


def _at_path(value: str, kind: str) -> dict[str, Any]:
    return {f"{_TYPE} path": value, f"{_TYPE} pathType": kind}


_INGRESSES = table(
    "kubernetes:networking.k8s.io/v1:Ingress",
    INGRESS,
    *((f"{path}, by prefix", _at_path(path, "Prefix")) for path in _OPEN),
    *((f"{path}, by prefix", _at_path(path, "Prefix"), _MORE) for path in _CLOSED),
    *((f"{path}, exactly", _at_path(path, "Exact"), _MORE) for path in _CLOSED),
    *(
        (f"as an expression {path}", _at_path(path, "ImplementationSpecific"))
        for path in (
            *("/v1/(chat/)?completions", "/v1/(completions|embeddings|models)$", "/v1/completions(/|$)(.*)"),
            *("/v2/models/[^/]+/infer", "/v2/models/[a-z0-9-]+/(infer|ready)", "/v1/chat/.*"),
        )
    ),
    *(
        (f"as an expression {path}", _at_path(path, "ImplementationSpecific"), _MORE)
        for path in (
            *("/v1/comp.*", "/v2/models/.*", "/v2/(models/m/infer|repository)", "/[i]nvocations", "/api(/.*)?"),
            *("/v2/models/[!-~]+/infer/x|/docs", "/inv?ocations", "/v2/models/[a-z/]+/infer"),
        )
    ),
    (
        "rewritten by nginx to what is open",
        {
            **_at_path("/support", "Prefix"),
            "spec ingressClassName": "nginx",
            "metadata annotations": {"nginx.ingress.kubernetes.io/rewrite-target": "/v1/completions"},
        },
    ),
    (
        "rewritten by nginx to what is closed",
        {
            "spec ingressClassName": "nginx",
            "metadata annotations": {"nginx.ingress.kubernetes.io/rewrite-target": "/invocations"},
        },
        f"rewrite-target: is '/invocations', which {_MORE}",
    ),
    (
        "rewritten where nginx does not read it",
        {
            **_at_path("/invocations", "Prefix"),
            "spec ingressClassName": "traefik",
            "metadata annotations": {"nginx.ingress.kubernetes.io/rewrite-target": "/v1/completions"},
        },
        _MORE,
    ),
)

_ROUTE = manifest(
    "route.openshift.io/v1",
    "Route",
    {"host": "a.kitchen.example", "to": {"kind": "Service", "name": "a"}, "tls": {"termination": "edge"}},
)
_ROUTE["metadata"]["annotations"] = {"haproxy.router.openshift.io/ip_allowlist": "10.0.0.0/8"}
_ROUTES = table(
    "kubernetes:route.openshift.io/v1:Route",
    _ROUTE,
    *((f"a Route to {path}", {"spec path": path}) for path in _OPEN[:4]),
    *((f"a Route to {path}", {"spec path": path}, f"spec.path: is {path!r}, which {_MORE}") for path in _CLOSED[:5]),
    ("a field of a Route of later", {"spec tunnel": {}}, "spec.tunnel: is no field that is understood"),
    ("a Route to another kind", {"spec to": {"kind": "Backend", "name": "a"}}, "spec.to.kind: is 'Backend', which may"),
    ("a share of another kind", {"spec alternateBackends": [{"kind": "Backend"}]}, "alternateBackends[0].kind: is"),
    ("a share of a Route", {"spec alternateBackends": [{"kind": "Service", "name": "b", "weight": 10}]}),
)

_MATCH = "spec rules 0 matches 0 path"
_REWRITE: dict[str, Any] = {"type": "URLRewrite", "urlRewrite": {"path": {"replacePrefixMatch": "/v1/completions"}}}
_FULL: dict[str, Any] = {"type": "URLRewrite", "urlRewrite": {"path": {"replaceFullPath": "/metrics"}}}
_PREFIX = {"type": "PathPrefix", "value": "/team/support/v1/completions"}
_HTTP_ROUTES = table(
    "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
    HTTP_ROUTE,
    *((f"a route to {path}", {_MATCH: {"type": "PathPrefix", "value": path}}) for path in _OPEN[:4]),
    *((f"a route to {path}", {_MATCH: {"type": "PathPrefix", "value": path}}, _MORE) for path in _CLOSED[:6]),
    ("a prefix of one's own that is rewritten", {_MATCH: _PREFIX, "spec rules 0 filters": [_REWRITE]}),
    ("a prefix of one's own that is not", {_MATCH: _PREFIX}, _MORE),
    (
        "a path rewritten for one backend",
        {"spec rules 0 backendRefs": [{"name": "a", "filters": [_FULL]}]},
        "backendRefs[0].filters[0].urlRewrite.path.replaceFullPath: is '/metrics', which leads to /metrics",
    ),
    (
        "the calls to another's Service",
        {"spec parentRefs": [{"kind": "Service", "name": "contracts", "namespace": "legal"}]},
        "spec.parentRefs[0]: is a Service of another namespace",
    ),
    ("the calls to one's own Service", {"spec parentRefs": [{"kind": "Service", "name": "a"}]}),
    (
        "the API of the cluster",
        {"spec rules 0 backendRefs": [{"name": "kubernetes", "namespace": "default"}]},
        "backendRefs[0].name: leads to the API of the cluster",
    ),
)

_METHOD = "spec rules 0 matches 0 method"
_CALLS = table(
    "kubernetes:gateway.networking.k8s.io/v1:GRPCRoute",
    manifest(
        "gateway.networking.k8s.io/v1",
        "GRPCRoute",
        {
            "hostnames": ["a.kitchen.example"],
            "rules": [
                {"matches": [{"method": {"service": "inference.GRPCInferenceService", "method": "ModelStreamInfer"}}]}
            ],
        },
    ),
    ("a call that is open", {}),
    ("loading by a call", {f"{_METHOD} method": "RepositoryModelLoad"}, f"RepositoryModelLoad', which {_MORE}"),
    ("every call of a service", {f"{_METHOD} method": MISSING}, f"is '/inference.GRPCInferenceService', which {_MORE}"),
    ("a path by a call", {_METHOD: {"service": "v1", "method": "load_lora_adapter"}}, "leads to /v1/load_lora_adapter"),
    ("calls by an expression", {f"{_METHOD} type": "RegularExpression"}, "paths that cannot be seen"),
    ("every call", {"spec rules 0 matches": MISSING}, "matches: is '/', which leads to"),
    ("a call that is not known", {f"{_METHOD} service": UNKNOWN_VALUE}, "paths that cannot be seen"),
)

_VIRTUAL = manifest(
    "networking.istio.io/v1",
    "VirtualService",
    {
        "hosts": ["a.kitchen.example"],
        "gateways": ["istio-system/kitchen"],
        "http": [{"match": [{"uri": {"prefix": "/v1/completions"}}], "route": [{"destination": {"host": "a"}}]}],
    },
)
_TLS = [{"match": [{"sniHosts": ["a.kitchen.example"]}], "route": [{"destination": {"host": "a.team.svc"}}]}]
_PASSED = "leads to every path, for TLS is passed through"
_VIRTUALS = table(
    "kubernetes:networking.istio.io/v1:VirtualService",
    _VIRTUAL,
    *((f"a route of the mesh to {path}", {"spec http 0 match 0 uri": {"prefix": path}}) for path in _OPEN[:4]),
    *((f"a route of the mesh to {path}", {"spec http 0 match 0 uri": {"prefix": path}}, _MORE) for path in _CLOSED[:6]),
    (
        "a rewritten route of the mesh",
        {"spec http 0 match 0 uri": {"prefix": "/support"}, "spec http 0 rewrite": {"uri": "/v1/completions"}},
    ),
    ("an answer without a server", {"spec http 0": {"directResponse": {"status": 404}}}),
    ("TLS passed through the mesh", {"spec tls": _TLS, "spec http": MISSING}, f"spec.tls[0]: {_PASSED}"),
    ("TLS within the mesh", {"spec tls": _TLS, "spec http": MISSING, "spec gateways": ["mesh"]}),
    (
        "the API of the cluster by the mesh",
        {"spec http 0 route 0 destination host": "kubernetes.default.svc.cluster.local"},
        "destination.host: is 'kubernetes.default.svc.cluster.local', which is the API of the cluster",
    ),
)

_TLS_ROUTE = manifest(
    "gateway.networking.k8s.io/v1alpha2",
    "TLSRoute",
    {"hostnames": ["a.kitchen.example"], "rules": [{"backendRefs": [{"name": "a", "port": 443}]}]},
)
_TENANTS = dataclasses.replace(WORLD, settings={**WORLD.settings, "tenants": {"team": {}}})
_ELSEWHERE = {"metadata namespace": "portal"}
_OF_TENANT = "a.team-prod.svc.cluster.local"
_SIGNED_IN = {
    **_at_path("/", "Prefix"),
    f"{_TYPE} backend": {"service": {"name": "portal"}},
    "spec ingressClassName": "nginx",
    "metadata annotations": {"nginx.ingress.kubernetes.io/auth-url": "http://oauth2-proxy.auth.svc/oauth2/auth"},
}
_BEHIND = (
    *table(
        "kubernetes:gateway.networking.k8s.io/v1alpha2:TLSRoute",
        _TLS_ROUTE,
        ("TLS passed through to a tenant", {}, f"spec.rules[0]: {_PASSED}"),
        ("TLS passed through to others", _ELSEWHERE),
        ("TLS passed through to a pool", {**_ELSEWHERE, "spec rules 0 backendRefs 0 kind": "InferencePool"}, _PASSED),
        (
            "TLS passed through to a tenant from elsewhere",
            {**_ELSEWHERE, "spec rules 0 backendRefs 0 namespace": "team-prod"},
            _PASSED,
        ),
        (
            "TLS passed through to a server's name",
            {**_ELSEWHERE, "spec rules 0 backendRefs 0 name": "a-predictor"},
            _PASSED,
        ),
        ("TLS passed through to what is not known", {"spec rules 0 backendRefs": UNKNOWN_VALUE}, _PASSED),
        world=_TENANTS,
    ),
    *table(
        "kubernetes:networking.k8s.io/v1:Ingress",
        INGRESS,
        (
            "a path of another program",
            {**_ELSEWHERE, **_at_path("/api", "Prefix"), _TYPE + " backend": {"service": {"name": "a"}}},
        ),
        (
            "a path of another program for a tenant",
            {**_at_path("/api", "Prefix"), _TYPE + " backend": {"service": {"name": "a"}}},
            _MORE,
        ),
        ("a portal behind a sign-in", {**_ELSEWHERE, **_SIGNED_IN}),
        ("a tenant's portal behind a sign-in", _SIGNED_IN, "is '/', which leads to"),
        (
            "a portal behind a sign-in that its controller does not know",
            {**_ELSEWHERE, **_SIGNED_IN, "spec ingressClassName": "traefik"},
            "is '/', which leads to",
        ),
        (
            "a portal without a sign-in",
            {**_ELSEWHERE, **_SIGNED_IN, "metadata annotations": {}},
            "is '/', which leads to",
        ),
        ("metrics of another program", {**_ELSEWHERE, **_at_path("/metrics", "Prefix")}, "leads to /metrics"),
        world=_TENANTS,
    ),
    *table(
        "kubernetes:networking.istio.io/v1:VirtualService",
        _VIRTUAL,
        (
            "another program by the mesh",
            {"spec http 0 match 0 uri": {"prefix": "/api"}, "spec http 0 route 0 destination host": "a.portal.svc"},
        ),
        (
            "a tenant's by the mesh",
            {"spec http 0 match 0 uri": {"prefix": "/api"}, "spec http 0 route 0 destination host": _OF_TENANT},
            _MORE,
        ),
        (
            "one of two a tenant's",
            {
                "spec http 0 match 0 uri": {"prefix": "/api"},
                "spec http 0 route": [{"destination": {"host": "a.portal.svc"}}, {"destination": {"host": _OF_TENANT}}],
            },
            _MORE,
        ),
        world=_TENANTS,
    ),
)
_STATED = (
    *table(
        "kubernetes:networking.k8s.io/v1:Ingress",
        INGRESS,
        ("all of a portal", {**_at_path("/", "Prefix"), _TYPE + " backend": {"service": {"name": "portal"}}}),
        (
            "all of another",
            {**_at_path("/", "Prefix"), _TYPE + " backend": {"service": {"name": "a"}}},
            "is '/', which leads",
        ),
        config={"otherServices": [{"name": "team/portal", "reason": "a page for people"}]},
    ),
    *table(
        "kubernetes:gateway.networking.k8s.io/v1alpha2:TLSRoute",
        _TLS_ROUTE,
        ("TLS passed through to what is stated", {}),
        config={"otherServices": [{"name": "team/*", "reason": "brokers that end TLS themselves"}]},
    ),
)

_LATER = Sample(
    name="a field of an Ingress of later",
    resource_type="kubernetes:core/v1:List",
    inputs={
        **{"apiVersion": "v1", "kind": "List"},
        "items": [{**INGRESS, "spec": {**INGRESS["spec"], "tunnel": {}}}],
    },
    says=("Ingress team/sample: spec.tunnel: is no field that is understood",),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "entry-guarded": (*_INGRESSES, *_ROUTES, *_HTTP_ROUTES, *_CALLS, *_VIRTUALS, *_BEHIND, *_STATED, _LATER),
}
