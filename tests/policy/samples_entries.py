"""Samples of the rule on entries.

Cases marked `kyverno` restate samples of kyverno/policies (enforce-strict-mtls, restrict-virtual-service-wildcard,
check-routes; Apache-2.0), those marked `gatekeeper` samples of open-policy-agent/gatekeeper-library
(block-wildcard-ingress, httpsonly; Apache-2.0). Where the verdict is another, the line says why.
"""

from __future__ import annotations

from typing import Any

from tests.policy.objects import manifest
from tests.policy.samples import MISSING, UNKNOWN_VALUE, Sample, table

_NOT_KNOWN = "not known before the update"
_LIST = "haproxy.router.openshift.io/ip_allowlist"

_ROUTE = manifest(
    "route.openshift.io/v1",
    "Route",
    {
        "host": "support.kitchen.example",
        "to": {"kind": "Service", "name": "support-predictor"},
        "tls": {"termination": "edge", "insecureEdgeTerminationPolicy": "None"},
        "wildcardPolicy": "None",
    },
)
_ROUTE["metadata"]["annotations"] = {_LIST: "10.0.0.0/8 192.168.7.0/24"}
_ROUTES = table(
    "kubernetes:route.openshift.io/v1:Route",
    _ROUTE,
    ("TLS, host and allow-list", {}),
    ("re-encrypted, redirected (kyverno)", {"spec tls": {"termination": "reencrypt"}}),
    ("redirect", {"spec tls insecureEdgeTerminationPolicy": "Redirect"}),
    ("http alone (kyverno)", {"spec tls": MISSING}, "spec.tls.termination: is missing"),
    ("http beside", {"spec tls insecureEdgeTerminationPolicy": "Allow"}, "insecureEdgeTerminationPolicy: is 'Allow'"),
    ("every host below", {"spec wildcardPolicy": "Subdomain"}, "spec.wildcardPolicy: is 'Subdomain'"),
    ("no host", {"spec host": MISSING}, "spec.host: is missing, which means every host"),
    ("a wildcard host", {"spec host": "*.kitchen.example"}, "spec.host: is '*.kitchen.example'"),
    ("no allow-list", {"metadata annotations": MISSING}, "lacks haproxy.router.openshift.io/ip_allowlist"),
    ("everybody", {f"metadata annotations {_LIST}": "10.0.0.0/8 0.0.0.0/0"}, "lets everybody in"),
    ("the old name of the list", {"metadata annotations": {"haproxy.router.openshift.io/ip_whitelist": "10.0.0.0/8"}}),
    ("list not known", {f"metadata annotations {_LIST}": UNKNOWN_VALUE}, f"metadata.annotations: is {_NOT_KNOWN}"),
    ("the update API", {"spec path": "/v1/load_lora_adapter"}, "spec.path: is '/v1/load_lora_adapter'"),
    ("metrics", {"spec path": "/metrics"}, "spec.path: is '/metrics'"),
    ("the API", {"spec path": "/v1/chat/completions"}),
    ("all of the API", {"spec path": "/v1"}, "spec.path: is '/v1'"),
    (
        "nothing right",
        {"spec tls": MISSING, "spec host": "*", "metadata annotations": MISSING},
        "spec.tls.termination",
        "spec.host",
        "metadata.annotations",
    ),
    ("TLS not known", {"spec tls": UNKNOWN_VALUE}, "spec.tls.termination: is not", "insecureEdgeTerminationPolicy: is"),
    ("Route not known", {"spec": UNKNOWN_VALUE}, f"spec: is {_NOT_KNOWN}"),
)
_AUTHENTICATED = table(
    "kubernetes:route.openshift.io/v1:Route",
    _ROUTE,
    ("authenticated, no list", {"metadata annotations": MISSING}),
    ("authenticated, no TLS", {"spec tls": MISSING}, "spec.tls.termination"),
    config={"authenticated": ["Route team/*"]},
)

_INGRESS = manifest(
    "networking.k8s.io/v1",
    "Ingress",
    {
        "tls": [{"hosts": ["support.kitchen.example"], "secretName": "support-tls"}],
        "rules": [
            {
                "host": "support.kitchen.example",
                "http": {"paths": [{"path": "/v1/chat/completions", "pathType": "Exact", "backend": {}}]},
            }
        ],
    },
)
_INGRESSES = table(
    "kubernetes:networking.k8s.io/v1:Ingress",
    _INGRESS,
    ("one host, TLS, one path (gatekeeper)", {}),
    ("no TLS (gatekeeper)", {"spec tls": MISSING}, "spec.tls: does not cover the host of spec.rules[0]"),
    ("no certificate", {"spec tls 0 secretName": MISSING}, "does not cover"),
    ("TLS of another host", {"spec tls 0 hosts": ["x.kitchen.example"]}, "does not cover"),
    ("blank host (gatekeeper)", {"spec rules 0 host": ""}, "rules[0].host: is missing", "does not cover"),
    ("no host in a rule (gatekeeper)", {"spec rules 0 host": MISSING}, "rules[0].host: is missing", "does not cover"),
    (
        "wildcard host in a rule (gatekeeper)",
        {"spec rules 0 host": "*.kitchen.example", "spec tls 0 hosts": ["*.kitchen.example"]},
        "is '*.kitchen.example'",
    ),
    ("default backend", {"spec defaultBackend": {"service": {"name": "x"}}}, "answers for every host"),
    (
        "every path",
        {"spec rules 0 http paths 0": {"path": "/", "pathType": "Prefix"}},
        "paths[0].path: is '/', which leads to /v1/load_lora_adapter",
    ),
    ("TLS of an Ingress not known", {"spec tls": UNKNOWN_VALUE}, f"spec.tls: is {_NOT_KNOWN}"),
    ("host not known", {"spec rules 0 host": UNKNOWN_VALUE}, f"host: is {_NOT_KNOWN}", "does not cover"),
)

_GATEWAY = manifest(
    "gateway.networking.k8s.io/v1",
    "Gateway",
    {
        "gatewayClassName": "istio",
        "listeners": [
            {
                "name": "https",
                "protocol": "HTTPS",
                "port": 443,
                "hostname": "support.kitchen.example",
                "tls": {"certificateRefs": [{"name": "support-tls"}]},
            }
        ],
    },
)
_HTTP_ROUTE = manifest(
    "gateway.networking.k8s.io/v1",
    "HTTPRoute",
    {
        "hostnames": ["support.kitchen.example"],
        "rules": [{"matches": [{"path": {"type": "Exact", "value": "/v1/completions"}}], "backendRefs": [{}]}],
    },
)


def _path(kind: str, value: Any) -> dict[str, Any]:
    return {"spec rules 0 matches 0 path": {"type": kind, "value": value}}


_GATEWAYS = (
    *table(
        "kubernetes:gateway.networking.k8s.io/v1:Gateway",
        _GATEWAY,
        ("a listener with TLS", {}),
        ("passed through", {"spec listeners 0 protocol": "TLS", "spec listeners 0 tls": {"mode": "Passthrough"}}),
        ("a listener without TLS", {"spec listeners 0 protocol": "HTTP"}, "listeners[0].protocol: is 'HTTP'"),
        ("a listener without certificate", {"spec listeners 0 tls": MISSING}, "tls.certificateRefs: is missing"),
        ("a listener for every host", {"spec listeners 0 hostname": MISSING}, "hostname: is missing"),
        ("listeners not known", {"spec listeners": UNKNOWN_VALUE}, "protocol: is not known", "hostname: is not known"),
    ),
    *table(
        "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
        _HTTP_ROUTE,
        ("one path of the API", {}),
        ("no host name", {"spec hostnames": MISSING}, "spec.hostnames: is missing"),
        ("a wildcard name", {"spec hostnames": ["*.kitchen.example"]}, "hostnames[0]: is '*.kitchen.example'"),
        ("no match", {"spec rules 0 matches": MISSING}, "matches: is '/', which leads to"),
        ("everything", _path("PathPrefix", "/"), "path: is '/', which leads to"),
        ("a prefix of the update API", _path("PathPrefix", "/v1"), "is '/v1', which leads to /v1/load_lora_adapter"),
        ("metrics of a server", _path("Exact", "/metrics"), "which leads to /metrics"),
        ("an expression", _path("RegularExpression", "/v1/.*"), "which leads to /v1/load_lora_adapter"),
        (
            "an expression of the API",
            _path("RegularExpression", "/v1/(chat/)?completions"),
        ),
        ("a path that is not known", _path("Exact", UNKNOWN_VALUE), "paths that cannot be seen"),
        ("names not known", {"spec hostnames": UNKNOWN_VALUE}, f"spec.hostnames: is {_NOT_KNOWN}"),
    ),
)

_TLS_ROUTES = (
    *table(
        "kubernetes:gateway.networking.k8s.io/v1alpha2:TLSRoute",
        manifest("gateway.networking.k8s.io/v1alpha2", "TLSRoute", {"hostnames": ["support.kitchen.example"]}),
        ("a TLS route with a name", {}),
        ("a TLS route without a name", {"spec hostnames": MISSING}, "spec.hostnames: is missing"),
    ),
    *table(
        "kubernetes:networking.k8s.io/v1:Ingress",
        _INGRESS,
        ("a path that is missing", {"spec rules 0 http paths 0": {"backend": {}}}, "path: is '/', which leads"),
        ("a prefix of the API alone", {"spec rules 0 http paths 0": {"path": "/v1/completions", "pathType": "Prefix"}}),
    ),
)

_VIRTUAL = manifest(
    "networking.istio.io/v1",
    "VirtualService",
    {
        "hosts": ["support.kitchen.example"],
        "gateways": ["istio-system/kitchen"],
        "http": [{"match": [{"uri": {"exact": "/v1/completions"}}], "route": []}],
    },
)
_ISTIO_GATEWAY = manifest(
    "networking.istio.io/v1",
    "Gateway",
    {
        "servers": [
            {
                "port": {"number": 443, "name": "https", "protocol": "HTTPS"},
                "tls": {"mode": "SIMPLE", "credentialName": "support-tls"},
                "hosts": ["support.kitchen.example"],
            }
        ]
    },
)
_PEERS = manifest("security.istio.io/v1", "PeerAuthentication", {"mtls": {"mode": "STRICT"}})
_MESH = (
    *table(
        "kubernetes:networking.istio.io/v1:VirtualService",
        _VIRTUAL,
        ("one path of a host (kyverno)", {}),
        ("within the mesh", {"spec gateways": MISSING, "spec http 0 match": MISSING}),
        ("a wildcard host of the mesh (kyverno)", {"spec hosts": ["*.kitchen.example"]}, "hosts[0]: is '*.kitchen"),
        ("every host of the mesh (kyverno)", {"spec hosts": ["*"]}, "hosts[0]: is '*'"),
        ("no match in the mesh", {"spec http 0 match": MISSING}, "match: is '/', which leads to"),
        ("a prefix", {"spec http 0 match 0 uri": {"prefix": "/"}}, "uri: is '/', which leads to"),
        ("a match by header", {"spec http 0 match 0": {"headers": {}}}, "uri: is '/', which leads to"),
        ("hosts not known", {"spec hosts": UNKNOWN_VALUE}, f"spec.hosts: is {_NOT_KNOWN}"),
        ("matches not known", {"spec http 0 match": UNKNOWN_VALUE}, "paths that cannot be seen"),
    ),
    *table(
        "kubernetes:networking.istio.io/v1:Gateway",
        _ISTIO_GATEWAY,
        ("a server with TLS", {}),
        (
            "a server that redirects",
            {"spec servers 0 port protocol": "HTTP", "spec servers 0 tls": {"httpsRedirect": True}},
        ),
        ("a server without TLS", {"spec servers 0 port protocol": "HTTP"}, "port.protocol: is 'HTTP'"),
        ("a server without a mode", {"spec servers 0 tls mode": MISSING}, "tls.mode: is missing"),
        ("a server for every host", {"spec servers 0 hosts": ["*"]}, "hosts[0]: is '*'"),
    ),
    *table(
        "kubernetes:security.istio.io/v1:PeerAuthentication",
        _PEERS,
        ("strict (kyverno)", {}),
        ("inherited (kyverno)", {"spec mtls": MISSING}),
        ("unset (kyverno)", {"spec mtls mode": "UNSET"}),
        ("permissive (kyverno)", {"spec mtls mode": "PERMISSIVE"}, "spec.mtls.mode: is 'PERMISSIVE'"),
        ("off (kyverno)", {"spec mtls mode": "DISABLE"}, "spec.mtls.mode: is 'DISABLE'"),
        (
            "off at a port",
            {"spec portLevelMtls": {"8080": {"mode": "DISABLE"}}},
            "portLevelMtls.8080.mode: is 'DISABLE'",
        ),
        ("mode not known", {"spec mtls mode": UNKNOWN_VALUE}, f"spec.mtls.mode: is {_NOT_KNOWN}"),
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "entry-guarded": (*_ROUTES, *_AUTHENTICATED, *_INGRESSES, *_GATEWAYS, *_TLS_ROUTES, *_MESH),
}
