"""Samples of the rule on entries: annotations, fields and spellings that open an entry by other words."""

from __future__ import annotations

from typing import Any

from tests.policy.samples.entries import HTTP_ROUTE, INGRESS
from tests.policy.support.objects import manifest
from tests.policy.support.refused import refused_kinds
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, table

_NOTES = "metadata annotations"
_NGINX = "nginx.ingress.kubernetes.io/"
_PATH = "spec rules 0 http paths 0"
_STRANGE = "and no such annotation is understood"


def _noted(what: str, *texts: str) -> list[tuple[str, dict[str, Any], str]]:
    return [(f"{what} with {name}", {_NOTES: {name: "x"}}, f"{name}: is 'x', {_STRANGE}") for name in texts]


_INGRESSES = table(
    "kubernetes:networking.k8s.io/v1:Ingress",
    INGRESS,
    ("notes of tools", {_NOTES: {"pulumi.com/skipAwait": "true", "argocd.argoproj.io/sync-wave": "1"}}),
    ("what is understood", {_NOTES: {f"{_NGINX}proxy-body-size": "20m", "cert-manager.io/cluster-issuer": "internal"}}),
    ("by a secure entry point", {_NOTES: {"traefik.ingress.kubernetes.io/router.entrypoints": "websecure"}}),
    *_noted(
        "an Ingress",
        *(f"{_NGINX}{name}" for name in ("server-alias", "auth-tls-match-cn", "configuration-snippet", "auth-snippet")),
        *(f"{_NGINX}{name}" for name in ("mirror-target", "permanent-redirect", "default-backend", "upstream-vhost")),
        *(f"{_NGINX}{name}" for name in ("app-root", "x-forwarded-prefix", "stream-snippet", "modsecurity-snippet")),
        *("haproxy.org/backend-config-snippet", "haproxy.org/path-rewrite", "haproxy-ingress.github.io/config-backend"),
        *("traefik.ingress.kubernetes.io/router.middlewares", "konghq.com/plugins", "alb.ingress.kubernetes.io/scheme"),
        *("external-dns.alpha.kubernetes.io/hostname", "tailscale.com/funnel", "nginx.org/server-snippets"),
        *("ingress.kubernetes.io/rewrite-target", "kubernetes.io/ingress.global-static-ip-name", "unprefixed"),
    ),
    (
        "a plain entry point",
        {_NOTES: {"traefik.ingress.kubernetes.io/router.entrypoints": "web"}},
        "is 'web', and its values",
    ),
    (
        "two entry points",
        {_NOTES: {"traefik.ingress.kubernetes.io/router.entrypoints": "web,websecure"}},
        "'web,websecure'",
    ),
    ("a figure with a line", {_NOTES: {f"{_NGINX}proxy-body-size": "1m;\nallow all"}}, "proxy-body-size: is '1m;"),
    (
        "certificates of callers, not asked for",
        {_NOTES: {f"{_NGINX}auth-tls-verify-client": "optional"}},
        "is 'optional'",
    ),
    (
        "everybody in the list",
        {_NOTES: {f"{_NGINX}whitelist-source-range": "0.0.0.0/0"}},
        "has '0.0.0.0/0': no network",
    ),
    ("notes not known", {_NOTES: UNKNOWN_VALUE}, "annotations: is not", "rewrite-target: is not", "target: is not"),
    ("a note not known", {_NOTES: {f"{_NGINX}proxy-body-size": UNKNOWN_VALUE}}, "proxy-body-size: is not known"),
)
_ALLOWED = table(
    "kubernetes:networking.k8s.io/v1:Ingress",
    INGRESS,
    ("a note of the organisation", {_NOTES: {"example.com/team": "a"}}),
    ("another note", {_NOTES: {"example.org/team": "a"}}, _STRANGE),
    config={"annotations": ["example.com/*"]},
)


def _at_path(value: str, kind: str = "ImplementationSpecific") -> dict[str, Any]:
    return {f"{_PATH} path": value, f"{_PATH} pathType": kind}


_PATHS = table(
    "kubernetes:networking.k8s.io/v1:Ingress",
    INGRESS,
    ("a point in a path", _at_path("/v1.1/models", "Prefix"), "leads to more than servers answer to callers"),
    ("a point in a model's name", _at_path("/v2/models/llama-3.1/infer", "Prefix")),
    ("a point for a letter", _at_path("/v1/l.ad_lora_adapter"), "which leads to /v1/load_lora_adapter"),
    (
        "a point for a letter, by prefix",
        _at_path("/v1/l.ad_lora_adapter", "Prefix"),
        "which leads to /v1/load_lora_adapter",
    ),
    ("a class of letters", _at_path("/[m]etrics"), "which leads to /metrics"),
    ("great letters", _at_path("/METRI[C]S"), "which leads to /metrics"),
    ("many times", _at_path("/v1/.{4}_lora_adapter"), "which leads to /v1/load_lora_adapter"),
    ("a class of POSIX", _at_path("/v1/[[:alpha:]_]+"), "which leads to /v1/load_lora_adapter"),
    ("an expression that is none", _at_path("/v1/("), "which leads to"),
    ("repeated repetitions", _at_path("/([a-z0-9_/]+)+x"), "which leads to"),
    ("repeated choices", _at_path("/(a|a|b)*x"), "which leads to"),
    (
        "an escaped letter",
        _at_path("/v1/%6coad_lora_adapter", "Exact"),
        "paths that cannot be seen, for it is no plain",
    ),
    ("an empty part", _at_path("//metrics", "Exact"), "paths that cannot be seen, for it is no plain path"),
    ("a part of dots", _at_path("/v1/x/../metrics", "Exact"), "paths that cannot be seen, for it is no plain path"),
    ("an expression that does not reach it", _at_path("/v1/(chat/)?completions$")),
    (
        "exactly, where expressions are on",
        {**_at_path("/v1/l.ad_lora_adapter", "Exact"), _NOTES: {f"{_NGINX}use-regex": "true"}},
        "which leads to /v1/load_lora_adapter",
    ),
    (
        "exactly, where a path is rewritten",
        {**_at_path("/METRIC.", "Exact"), _NOTES: {f"{_NGINX}rewrite-target": "/health"}},
        "which leads to /metrics",
    ),
)

_LIST = "haproxy.router.openshift.io/ip_allowlist"
_ROUTE = manifest(
    "route.openshift.io/v1",
    "Route",
    {"host": "a.kitchen.example", "tls": {"termination": "edge", "insecureEdgeTerminationPolicy": "None"}},
)
_ROUTE["metadata"]["annotations"] = {_LIST: "10.0.0.0/8"}
_OF_ROUTE = "metadata annotations"
_ROUTES = table(
    "kubernetes:route.openshift.io/v1:Route",
    _ROUTE,
    ("some public networks", {f"{_OF_ROUTE} {_LIST}": "203.0.113.0/24 198.51.100.0/24"}),
    (
        "the internet by parts",
        {f"{_OF_ROUTE} {_LIST}": " ".join(f"{first}.0.0.0/8" for first in range(1, 224))},
        "has many networks, which together are a wide one",
    ),
    ("a path of HAProxy's own", {f"{_OF_ROUTE} haproxy.router.openshift.io/log-send-hostname": "x"}, _STRANGE),
    ("another router's", {f"{_OF_ROUTE} router.openshift.io/haproxy.health.check.interval": "5s"}, _STRANGE),
    (
        "a header with a line",
        {f"{_OF_ROUTE} haproxy.router.openshift.io/hsts_header": "a\nb"},
        "hsts_header: is 'a\\nb'",
    ),
)

_SERVICE = manifest("v1", "Service", {"type": "ClusterIP", "ports": [{"port": 80}]})
_SERVICES = table(
    "kubernetes:core/v1:Service",
    _SERVICE,
    ("a service", {}),
    ("a service that is scraped", {_NOTES: {"prometheus.io/scrape": "true", "pulumi.com/skipAwait": "true"}}),
    ("a certificate of the cluster", {_NOTES: {"service.beta.openshift.io/serving-cert-secret-name": "a"}}),
    *_noted(
        "a Service",
        *(
            "tailscale.com/expose",
            "tailscale.com/funnel",
            "getambassador.io/config",
            "networking.gke.io/load-balancer-type",
        ),
        *("service.beta.kubernetes.io/aws-load-balancer-internal", "metallb.universe.tf/loadBalancerIPs"),
        *("external-dns.alpha.kubernetes.io/hostname", "konghq.com/protocol", "service.cilium.io/global"),
    ),
    ("for every namespace of the mesh", {_NOTES: {"networking.istio.io/exportTo": "*"}}, "exportTo: is '*'"),
)

_VIRTUAL = manifest(
    "networking.istio.io/v1",
    "VirtualService",
    {
        "hosts": ["chat.kitchen.example"],
        "gateways": ["istio-system/kitchen"],
        "http": [
            {
                "match": [{"uri": {"exact": "/v1/chat/completions"}}],
                "route": [{"destination": {"host": "server.team.svc"}, "weight": 100}],
            }
        ],
    },
)
_HTTP = "spec http 0"
_FIELD = "is no field that is understood"
_VIRTUALS = table(
    "kubernetes:networking.istio.io/v1:VirtualService",
    _VIRTUAL,
    ("a route of the mesh", {}),
    ("a mirror", {f"{_HTTP} mirror": {"host": "attacker.example"}}, f"http[0].mirror: {_FIELD}"),
    ("mirrors", {f"{_HTTP} mirrors": [{"destination": {"host": "attacker.example"}}]}, f"http[0].mirrors: {_FIELD}"),
    ("a delegate", {f"{_HTTP} delegate": {"name": "a"}}, f"http[0].delegate: {_FIELD}"),
    ("a field of a match of tomorrow", {f"{_HTTP} match 0 body": {}}, f"match[0].body: {_FIELD}"),
    (
        "a host outside",
        {f"{_HTTP} route 0 destination host": "attacker.example"},
        "destination.host: is 'attacker.example'",
    ),
    ("a short host", {f"{_HTTP} route 0 destination host": "server"}),
    (
        "whatever the letters",
        {f"{_HTTP} match 0": {"uri": {"exact": "/METRICS"}, "ignoreUriCase": True}},
        "leads to /metrics",
    ),
    ("great letters alone", {f"{_HTTP} match 0": {"uri": {"exact": "/METRICS"}}}, "leads to more than servers"),
    (
        "a path by a header",
        {f"{_HTTP} headers": {"request": {"set": {":path": "/metrics"}}}},
        "changes ':path', and so",
    ),
    ("a path by a route's header", {f"{_HTTP} route 0 headers": {"request": {"add": {"Host": "a"}}}}, "changes 'Host'"),
    (
        "a mirror within the mesh's own",
        {"spec gateways": ["mesh"], f"{_HTTP} mirror": {"host": "attacker.example"}},
        f"http[0].mirror: {_FIELD}",
    ),
    (
        "a route outside by TLS",
        {"spec tls": [{"route": [{"destination": {"host": "a.example"}}]}]},
        "tls[0].route[0].dest",
        "spec.tls[0]: leads to every path",
    ),
)

_RULE = "spec rules 0"
_HTTP_ROUTES = table(
    "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
    HTTP_ROUTE,
    ("headers changed", {f"{_RULE} filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {}}]}),
    ("a mirror of requests", {f"{_RULE} filters": [{"type": "RequestMirror"}]}, "filters[0].type: is 'RequestMirror'"),
    ("a filter of a program", {f"{_RULE} filters": [{"type": "ExtensionRef"}]}, "filters[0].type: is 'ExtensionRef'"),
    ("a filter without a type", {f"{_RULE} filters": [{"urlRewrite": {}}]}, "filters[0].type: is missing"),
    (
        "a filter of a backend",
        {f"{_RULE} backendRefs": [{"filters": [{"type": "RequestMirror"}]}]},
        "backendRefs[0].filters[0]",
    ),
    ("an unknown backend", {f"{_RULE} backendRefs": [{"kind": "Backend"}]}, "backendRefs[0].kind: is 'Backend'"),
    ("a rule of tomorrow", {f"{_RULE} tunnel": {}}, f"rules[0].tunnel: {_FIELD}"),
    ("a match of tomorrow", {f"{_RULE} matches 0 body": {}}, f"matches[0].body: {_FIELD}"),
)
_CALL: dict[str, Any] = {"matches": [{"method": {"service": "inference.GRPCInferenceService", "method": "ModelInfer"}}]}
_CALLS = table(
    "kubernetes:gateway.networking.k8s.io/v1:GRPCRoute",
    manifest("gateway.networking.k8s.io/v1", "GRPCRoute", {"hostnames": ["a.kitchen.example"], "rules": [_CALL]}),
    ("calls of one host", {}),
    (
        "calls that are mirrored",
        {f"{_RULE} filters": [{"type": "RequestMirror"}]},
        "filters[0].type: is 'RequestMirror'",
    ),
    ("calls to anything", {f"{_RULE} backendRefs": [{"kind": "Backend"}]}, "backendRefs[0].kind: is 'Backend'"),
)
_GRANT = manifest(
    "gateway.networking.k8s.io/v1beta1",
    "ReferenceGrant",
    {"from": [], "to": [{"group": "", "kind": "Secret", "name": "a"}]},
)
_GRANTS = table(
    "kubernetes:gateway.networking.k8s.io/v1beta1:ReferenceGrant",
    _GRANT,
    ("a named Secret", {}),
    (
        "every Secret",
        {"spec to 0": {"group": "", "kind": "Secret"}},
        "to[0].name: is missing, which means every Secret",
    ),
    ("a grant not known", {"spec to 0": UNKNOWN_VALUE}, "to[0].name: is missing"),
)
_KNATIVE = manifest("serving.knative.dev/v1", "Service", {"template": {}})
_KNATIVES = table(
    "kubernetes:serving.knative.dev/v1:Service",
    _KNATIVE,
    ("the cluster's own", {"metadata labels": {"networking.knative.dev/visibility": "cluster-local"}}),
    ("an entry by Knative", {}, "visibility: is missing, so Knative makes an entry for it"),
    (
        "an entry by Knative's label",
        {"metadata labels": {"networking.knative.dev/visibility": ""}},
        "visibility: is ''",
    ),
)
_REFUSED = refused_kinds(
    *(("traefik.containo.us", "IngressRoute"), ("traefik.io", "Middleware"), ("getambassador.io", "Mapping")),
    *(
        ("serving.knative.dev", "DomainMapping"),
        ("serving.knative.dev", "Route"),
        ("k8s.nginx.org", "VirtualServer"),
    ),
    *(
        ("configuration.konghq.com", "KongIngress"),
        ("apisix.apache.org", "ApisixRoute"),
        ("gateway.solo.io", "VirtualService"),
    ),
    *(
        ("networking.istio.io", "EnvoyFilter"),
        ("tailscale.com", "Connector"),
        ("operator.openshift.io", "IngressController"),
    ),
    *(("gateway.envoyproxy.io", "EnvoyPatchPolicy"), ("gateway.networking.x-k8s.io", "XListenerSet")),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "entry-guarded": (
        *(
            *_INGRESSES,
            *_ALLOWED,
            *_PATHS,
            *_ROUTES,
            *_SERVICES,
            *_VIRTUALS,
            *_HTTP_ROUTES,
            *_CALLS,
            *_GRANTS,
            *_KNATIVES,
        ),
        *_REFUSED,
    ),
}
