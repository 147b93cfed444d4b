"""Samples of the rule on entries.

Cases marked `kyverno` restate samples of kyverno/policies (check-routes; Apache-2.0), those marked `gatekeeper` samples
of open-policy-agent/gatekeeper-library (block-wildcard-ingress, httpsonly; Apache-2.0). Where the verdict is another,
the line says why.
"""

from __future__ import annotations

from typing import Any

from tests.policy.support.objects import manifest
from tests.policy.support.sample import MISSING, UNKNOWN_VALUE, Sample, table

_NOT_KNOWN = "not known before the update"
_NGINX = "nginx.ingress.kubernetes.io/"
_REWRITE = "haproxy.router.openshift.io/rewrite-target"
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
    (
        "everybody",
        {f"metadata annotations {_LIST}": "10.0.0.0/8 0.0.0.0/0"},
        "has '0.0.0.0/0': no network, or a wide one",
    ),
    *(
        (f"{name} in the list", {f"metadata annotations {_LIST}": text}, f"has {text.split()[-1]!r}: no network")
        for name, text in {
            "a half of the internet": "10.0.0.0/8 128.0.0.0/1",
            "a network before the first private one": "10.0.0.0/7",
            "everybody of version 6": "::/0",
            "a wide network of version 6": "fc00::/6",
            "a comma": "10.0.0.0/8,0.0.0.0/0",
            "a star": "*",
        }.items()
    ),
    ("private networks in the list", {f"metadata annotations {_LIST}": "10.0.0.0/8 fc00::/7 192.168.0.7"}),
    *((f"without redirection: {value!r}", {"spec tls insecureEdgeTerminationPolicy": value}) for value in (None, "")),
    ("passed through to the server", {"spec tls termination": "passthrough"}),
    *((f"no wildcard: {value!r}", {"spec wildcardPolicy": value}) for value in (None, "")),
    *((f"no path: {value!r}", {"spec path": value}) for value in (None, "", "/")),
    ("path not known", {"spec path": UNKNOWN_VALUE}, f"spec.path: is {_NOT_KNOWN}"),
    ("a path that becomes another", {f"metadata annotations {_REWRITE}": "/metrics"}, "rewrite-target: is '/metrics'"),
    ("a path that becomes all", {f"metadata annotations {_REWRITE}": "/"}),
    (
        "a path that becomes what is not known",
        {f"metadata annotations {_REWRITE}": UNKNOWN_VALUE},
        "target: is not known",
    ),
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

INGRESS = manifest(
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
    INGRESS,
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
        "/v1/load_lora_adapter of a model server; where the Service is none, state it in otherServices",
    ),
    ("TLS of an Ingress not known", {"spec tls": UNKNOWN_VALUE}, f"spec.tls: is {_NOT_KNOWN}"),
    ("a certificate for all below", {"spec tls 0 hosts": ["*.kitchen.example"]}),
    ("a certificate for every host", {"spec tls 0 hosts": MISSING}),
    ("its hosts not known", {"spec tls 0 hosts": UNKNOWN_VALUE}, f"spec.tls: is {_NOT_KNOWN}"),
    ("its certificate not known", {"spec tls 0 secretName": UNKNOWN_VALUE}, f"spec.tls: is {_NOT_KNOWN}"),
    *(
        (
            f"an expression: {path}",
            {"spec rules 0 http paths 0": {"path": path, "pathType": "ImplementationSpecific"}},
            says,
        )
        for path, says in {
            "/.*": "which leads to /v1/load_lora_adapter",
            "/v1/(load|unload)_lora_adapter": "which leads to /v1/load_lora_adapter",
            "/v1/[u]nload_lora_adapter": "which leads to /v1/unload_lora_adapter",
            "/metric.$": "which leads to /metrics",
            "/[": "which leads to /v1/load_lora_adapter",
        }.items()
    ),
    ("an expression of the API alone", {"spec rules 0 http paths 0": {"path": "/v1/(chat/)?completions"}}),
    (
        "a path with a dot",
        {"spec rules 0 http paths 0": {"path": "/v1/m.trics"}},
        "leads to more than servers answer to callers",
    ),
    ("rewritten", {"metadata annotations": {f"{_NGINX}rewrite-target": "/$2"}}, "rewrite-target: is '/$2'"),
    ("rewritten to metrics", {"metadata annotations": {f"{_NGINX}rewrite-target": "/metrics"}}, "is '/metrics'"),
    ("rewritten to the API", {"metadata annotations": {f"{_NGINX}rewrite-target": "/v1/completions"}}),
    (
        "a snippet",
        {"metadata annotations": {f"{_NGINX}server-snippet": "x"}},
        "'x', and no such annotation is understood",
    ),
    ("a snippet of somebody else", {"metadata annotations": {"example.com/server-snippet": "x"}}, "no such annotation"),
    ("a note", {"metadata annotations": {f"{_NGINX}proxy-read-timeout": "600"}}),
    ("redirected", {"metadata annotations": {f"{_NGINX}ssl-redirect": "true"}}),
    *(
        (f"{name} off", {"metadata annotations": {f"{_NGINX}{name}": "false"}}, "is 'false', and its values are true")
        for name in ("ssl-redirect", "force-ssl-redirect")
    ),
    ("annotations not known", {"metadata annotations": UNKNOWN_VALUE}, *(_NOT_KNOWN,) * 3),
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
HTTP_ROUTE = manifest(
    "gateway.networking.k8s.io/v1",
    "HTTPRoute",
    {
        "hostnames": ["support.kitchen.example"],
        "rules": [{"matches": [{"path": {"type": "Exact", "value": "/v1/completions"}}], "backendRefs": [{}]}],
    },
)


_CLOSED = (
    *("/v1/load_lora_adapter", "/v1/unload_lora_adapter", "/metrics", "/sleep", "/wake_up", "/collective_rpc"),
    *("/reset_prefix_cache", "/server_info", "/start_profile", "/stop_profile", "/update_weights", "/is_sleeping"),
    *("/reset_mm_cache", "/scale_elastic_ep", "/is_scaling_elastic_ep", "/pause", "/resume"),
)


def _rewrite(**path: Any) -> dict[str, Any]:
    return {"spec rules 0 filters": [{"type": "URLRewrite", "urlRewrite": {"path": path}}]}


def _redirect(**more: Any) -> dict[str, Any]:
    return {"spec rules 0": {"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}], **more}}


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
        HTTP_ROUTE,
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
        ("a kind of path that is not known", _path(UNKNOWN_VALUE, "/v1/completions"), "paths that cannot be seen"),
        (
            "a path without a value",
            {"spec rules 0 matches 0 path": {"type": "Exact"}},
            "leads to more than servers answer to callers",
        ),
        ("an expression of what lies below", _path("RegularExpression", "/metrics/.*"), "leads to /metrics"),
        ("what lies below metrics", _path("PathPrefix", "/metrics/a"), "leads to /metrics"),
        ("a path below metrics", _path("Exact", "/metrics/"), "leads to /metrics"),
        ("a prefix of the API's own", _path("PathPrefix", "/v1/chat/")),
        *((f"{path} is closed", _path("Exact", path), f"leads to {path} of a model server") for path in _CLOSED),
        ("rewritten to a path", _rewrite(replaceFullPath="/metrics"), "replaceFullPath: is '/metrics', which leads"),
        ("rewritten to a path of the API", _rewrite(replaceFullPath="/v1/completions")),
        ("a rewritten prefix", _rewrite(replacePrefixMatch="/"), "replacePrefixMatch: is '/', which leads to"),
        ("rewritten to what is not known", _rewrite(replaceFullPath=UNKNOWN_VALUE), "paths that cannot be seen"),
        ("a redirection", _redirect()),
        ("a redirection with a backend", _redirect(backendRefs=[{}]), "matches: is '/', which leads to"),
        ("a redirection whose backend is not known", _redirect(backendRefs=UNKNOWN_VALUE), "matches: is '/'"),
        ("a filter of another kind", {"spec rules 0 filters": [{"type": "RequestHeaderModifier"}]}),
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
        INGRESS,
        ("a path that is missing", {"spec rules 0 http paths 0": {"backend": {}}}, "path: is '/', which leads"),
        ("a prefix of the API alone", {"spec rules 0 http paths 0": {"path": "/v1/completions", "pathType": "Prefix"}}),
    ),
)

_OLDER = table(
    "kubernetes:extensions/v1beta1:Ingress",
    {**INGRESS, "apiVersion": "extensions/v1beta1"},
    ("an older Ingress", {"spec tls": MISSING}, "does not cover"),
)
_OWN_PATHS = table(
    "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
    HTTP_ROUTE,
    ("a path that the configuration closes", _path("Exact", "/admin"), "which leads to /admin"),
    ("a path that it opens", _path("Exact", "/metrics")),
    ("a path that it does not open", _path("Exact", "/v1/completions"), "leads to more than servers answer"),
    config={"adminPaths": ["/admin"], "openPaths": ["/metrics"]},
)
_CALLS = table(
    "kubernetes:gateway.networking.k8s.io/v1:GRPCRoute",
    {**HTTP_ROUTE, "kind": "GRPCRoute"},
    (
        "calls of a host",
        {"spec rules 0 matches": [{"method": {"service": "inference.GRPCInferenceService", "method": "ModelInfer"}}]},
    ),
    (
        "calls of every host",
        {"spec hostnames": MISSING},
        "spec.hostnames: is missing",
        "method: is '/', which leads to",
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "entry-guarded": (
        *_ROUTES,
        *_AUTHENTICATED,
        *_INGRESSES,
        *_GATEWAYS,
        *_TLS_ROUTES,
        *_OLDER,
        *_CALLS,
        *_OWN_PATHS,
    ),
}
