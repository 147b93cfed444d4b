"""Samples of the rule on entries: names of another tenant and of the platform, and who is asked about callers."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.policy.support.sample import WORLD, Sample, table

_TENANTS = dataclasses.replace(
    WORLD,
    settings={
        **WORLD.settings,
        "objectStore": {"endpoint": "https://store.prod.kitchen.example"},
        "tenants": {"helpdesk": {}, "sales": {}},
    },
)
_TAKEN = "which is a name of another tenant"
_PLATFORM = "which is a host of the platform itself"
_BY_NAME: tuple[tuple[str, str | None], ...] = (
    ("chat.kitchen.example", None),
    ("helpdesk.kitchen.example", None),
    ("sales.kitchen.example", _TAKEN),
    ("llm.sales.kitchen.example", _TAKEN),
    ("Sales-prod.kitchen.example", _TAKEN),
    ("store.prod.kitchen.example", _PLATFORM),
    ("registry.kitchen.example", _PLATFORM),
)


def _rows(kind: str, field: str, *, many: bool) -> tuple[tuple[Any, ...], ...]:
    return tuple(
        (f"{kind}: the name {host}", {field: [host] if many else host}, *([says] if says else []))
        for host, says in _BY_NAME
    )


def _object(version: str, kind: str, spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    named = {"name": "a", "namespace": "helpdesk", **metadata}
    return {"apiVersion": version, "kind": kind, "metadata": named, "spec": spec}


_PATH = {"path": "/v1/chat", "pathType": "Prefix", "backend": {"service": {"name": "a"}}}
_INGRESS = _object(
    "networking.k8s.io/v1",
    "Ingress",
    {"ingressClassName": "nginx", "tls": [{"secretName": "t"}], "rules": [{"host": "a", "http": {"paths": [_PATH]}}]},
)
_ROUTE = _object(
    "gateway.networking.k8s.io/v1",
    "HTTPRoute",
    {
        "hostnames": ["chat.kitchen.example"],
        "rules": [{"matches": [{"path": {"value": "/v1/chat"}}], "backendRefs": [{"name": "a"}]}],
    },
)
_MESH = _object(
    "networking.istio.io/v1",
    "VirtualService",
    {"gateways": ["istio-system/a"], "http": [{"match": [{"uri": {"prefix": "/v1/chat"}}], "route": []}]},
)
_ASKED = "metadata annotations"
_ASKS = "nginx.ingress.kubernetes.io/auth-url"
_APP = {
    **_INGRESS,
    "metadata": {"name": "a", "namespace": "apps"},
    "spec": {
        **_INGRESS["spec"],
        "rules": [{"host": "app.kitchen.example", "http": {"paths": [{**_PATH, "path": "/"}]}}],
    },
}
_SAMPLES = (
    *table(
        "kubernetes:networking.k8s.io/v1:Ingress",
        _INGRESS,
        *_rows("Ingress", "spec rules 0 host", many=False),
        world=_TENANTS,
    ),
    *table(
        "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
        _ROUTE,
        *_rows("HTTPRoute", "spec hostnames", many=True),
        (
            "a server of another tenant",
            {"spec rules 0 backendRefs 0 namespace": "sales"},
            "backendRefs[0].namespace: is 'sales', which is another tenant's",
        ),
        world=_TENANTS,
    ),
    *table(
        "kubernetes:networking.istio.io/v1:VirtualService",
        _MESH,
        *_rows("VirtualService", "spec hosts", many=True),
        world=_TENANTS,
    ),
    *table(
        "kubernetes:networking.k8s.io/v1:Ingress",
        _APP,
        ("asks a Service of another namespace", {_ASKED: {_ASKS: "http://oauth2-proxy.auth.svc/oauth2/auth"}}),
        ("asks another host", {_ASKED: {_ASKS: "https://sso.kitchen.example/oauth2/auth"}}),
        *(
            (f"asks what it leads to itself, {url}", {_ASKED: {_ASKS: url}}, "leads to /v1/load_lora_adapter")
            for url in (
                "http://yes.apps.svc.cluster.local/ok",
                "http://yes.helpdesk.svc/ok",
                "https://$host/health",
                "https://app.kitchen.example/health",
            )
        ),
        world=_TENANTS,
    ),
    *table(
        "kubernetes:networking.k8s.io/v1:Ingress",
        _APP,
        ("asks a Service of its own that is stated", {_ASKED: {_ASKS: "http://oauth2-proxy.apps.svc/oauth2/auth"}}),
        world=_TENANTS,
        config={"authorities": [{"name": "apps/oauth2-proxy", "reason": "the organisation's sign-in"}]},
    ),
    *table(
        "kubernetes:gateway.networking.k8s.io/v1:Gateway",
        _object(
            "gateway.networking.k8s.io/v1",
            "Gateway",
            {"gatewayClassName": "istio-waypoint", "listeners": [{"name": "mesh", "port": 15008, "protocol": "HBONE"}]},
        ),
        ("a waypoint of the mesh", {}),
        (
            "a waypoint that others reach",
            {"spec listeners 0 port": 80},
            "listeners[0].protocol",
            "listeners[0].hostname",
        ),
        ("no waypoint", {"spec gatewayClassName": "istio"}, "listeners[0].protocol", "listeners[0].hostname"),
    ),
    *table(
        "kubernetes:kuadrant.io/v1:AuthPolicy",
        _object("kuadrant.io/v1", "AuthPolicy", {"rules": {"authentication": {"k": {"apiKey": {"selector": {}}}}}}),
        ("a key of each caller", {}),
        ("no authentication", {"spec rules": {"authorization": {}}}, "asks callers for no proof"),
        ("no rules", {"spec rules": {}}, "spec.rules.authentication: asks callers for no proof of who they are"),
        ("a key, but never", {"spec when": [{"predicate": "false"}]}, "or not for every call"),
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"entry-guarded": _SAMPLES}
