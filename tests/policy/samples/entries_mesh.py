"""Samples of the rule on entries: those of the mesh, and kinds that are refused.

Cases marked `kyverno` restate samples of kyverno/policies (enforce-strict-mtls, restrict-virtual-service-wildcard;
Apache-2.0).
"""

from __future__ import annotations

from tests.policy.samples.entries import HTTP_ROUTE, INGRESS
from tests.policy.support.objects import manifest
from tests.policy.support.sample import MISSING, UNKNOWN_VALUE, Sample, table

_NOT_KNOWN = "not known before the update"

_OTHER_KINDS = tuple(
    sample
    for group, kind in (
        *(("gateway.networking.k8s.io", "TCPRoute"), ("gateway.networking.k8s.io", "UDPRoute")),
        *(("projectcontour.io", "HTTPProxy"), ("traefik.io", "IngressRoute"), ("traefik.io", "IngressRouteTCP")),
    )
    for sample in table(
        f"kubernetes:{group}/v1:{kind}",
        manifest(f"{group}/v1", kind, {}),
        (f"a {kind}", {}, f"kind: is {kind} of {group}: its TLS, hosts and paths cannot be seen to be right"),
    )
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
        ("a redirection of the mesh", {"spec http 0": {"redirect": {"scheme": "https"}}}),
        (
            "a redirection and a route",
            {"spec http 0": {"redirect": {}, "route": [{}]}},
            "match: is '/', which leads to",
        ),
        (
            "a redirection that is not known",
            {"spec http 0": {"redirect": UNKNOWN_VALUE}},
            "match: is '/', which leads to",
        ),
        ("a prefix", {"spec http 0 match 0 uri": {"prefix": "/"}}, "uri: is '/', which leads to"),
        ("a match by header", {"spec http 0 match 0": {"headers": {}}}, "uri: is '/', which leads to"),
        ("connections", {"spec tcp": [{"route": []}]}, "spec.tcp[0]: leads to every path"),
        ("rewritten to the update API", {"spec http 0 rewrite": {"uri": "/v1"}}, "rewrite.uri: is '/v1', which leads"),
        ("rewritten within the API", {"spec http 0 rewrite": {"uri": "/v1/completions"}}),
        ("rewritten by an expression", {"spec http 0 rewrite": {"uriRegexRewrite": {}}}, "paths that cannot be seen"),
        (
            "rewrite not known",
            {"spec http 0 rewrite": UNKNOWN_VALUE},
            "paths that cannot be seen",
            "that cannot be seen",
        ),
        ("a match that is not known", {"spec http 0 match 0": UNKNOWN_VALUE}, "paths that cannot be seen"),
        ("gateways not known", {"spec gateways": UNKNOWN_VALUE, "spec http 0 match": MISSING}, "match: is '/'"),
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
        ("an old version of TLS", {"spec servers 0 tls minProtocolVersion": "TLSV1_0"}, "is 'TLSV1_0'"),
        ("the next old version of TLS", {"spec servers 0 tls minProtocolVersion": "TLSV1_1"}, "is 'TLSV1_1'"),
        ("a version of TLS", {"spec servers 0 tls minProtocolVersion": "TLSV1_3"}),
        ("a version not known", {"spec servers 0 tls minProtocolVersion": UNKNOWN_VALUE}, f"is {_NOT_KNOWN}"),
        ("TLS as the protocol", {"spec servers 0 port protocol": "TLS"}),
        *(
            (f"mode {mode}", {"spec servers 0 tls mode": mode})
            for mode in ("MUTUAL", "OPTIONAL_MUTUAL", "PASSTHROUGH", "ISTIO_MUTUAL")
        ),
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
        ("ports not known", {"spec portLevelMtls": UNKNOWN_VALUE}, f"spec.portLevelMtls: is {_NOT_KNOWN}"),
        ("mode not known", {"spec mtls mode": UNKNOWN_VALUE}, f"spec.mtls.mode: is {_NOT_KNOWN}"),
    ),
)

_PATH = "spec rules 0 http paths 0"
_EDGES = (
    *table(
        "kubernetes:networking.k8s.io/v1:Ingress",
        INGRESS,
        ("rewritten to nothing", {"metadata annotations": {"nginx.ingress.kubernetes.io/rewrite-target": ""}}),
        ("the API's beginning, exactly", {_PATH: {"path": "/v1", "pathType": "Exact"}}, "leads to more than"),
        ("signs of an expression, exactly", {_PATH: {"path": "/.*", "pathType": "Exact"}}, "leads to more than"),
        (
            "what lies below metrics, as a prefix",
            {_PATH: {"path": "/metrics/a", "pathType": "Prefix"}},
            "leads to /metrics",
        ),
    ),
    *table(
        "kubernetes:networking.k8s.io/v1beta1:Ingress",
        INGRESS | {"apiVersion": "networking.k8s.io/v1beta1"},
        ("the older default backend", {"spec backend": {"serviceName": "x"}}, "answers for every host"),
    ),
    *table(
        "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
        HTTP_ROUTE,
        ("a rule without a backend", {"spec rules 0": {}}, "matches: is '/', which leads to"),
        ("matches of a route not known", {"spec rules 0 matches": UNKNOWN_VALUE}, "paths that cannot be seen"),
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"entry-guarded": (*_MESH, *_OTHER_KINDS, *_EDGES)}
