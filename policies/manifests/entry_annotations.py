"""Annotations of entries and Services: only those that are understood, with values that do what they say.

Controllers read hundreds of annotations, some of which write their configuration, add hosts or let callers in. So the
list is closed: names of tools that open nothing, names of controllers with the values that are allowed, and what the
configuration of the rule adds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from policies.judging.rule import Case
from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.entry_labels import is_harmless
from policies.manifests.entry_origins import own_address, own_origins, own_secret
from policies.manifests.fields import NOT_KNOWN, Fault, shown
from policies.manifests.insides import is_own
from policies.manifests.ownership import DOMAIN

_NUMBER = r"[0-9]+[a-zA-Z]{0,2}"
_SWITCH = r"true|false|on|off"
_WORD = r"[\w.:-]*"
_ANYTHING = r"(?s).*"
_NETWORKS = r"[0-9a-fA-F.:/, ]+"
_NAMES = r"[\w-]+(?:, *[\w-]+)*"
_INSIDE = "addresses inside, of $host or of the organisation's domains"
_ORIGINS = "origins (https://host) of the organisation's domains"
_OF_ITS_OWN = "Secrets of the own namespace"
_JUDGED = {_INSIDE: own_address, _ORIGINS: own_origins, _OF_ITS_OWN: own_secret}
"""Values that are no form: whether one is right takes the object, or the organisation's domains."""

_NGINX = "nginx.ingress.kubernetes.io"
_HAPROXY = "haproxy.router.openshift.io"
_TRAEFIK = "traefik.ingress.kubernetes.io"

OF_TOOLS = (
    *(f"{DOMAIN}/*", "app.kubernetes.io/*", "kubernetes.io/description", "pulumi.com/*", "meta.helm.sh/*"),
    *("kubectl.kubernetes.io/last-applied-configuration", "kubectl.kubernetes.io/restartedAt", "description"),
    *("argocd.argoproj.io/sync-wave", "argocd.argoproj.io/sync-options", "argocd.argoproj.io/compare-options"),
    *("argocd.argoproj.io/tracking-id", "argocd.argoproj.io/hook", "argocd.argoproj.io/hook-delete-policy"),
    *("helm.sh/hook", "helm.sh/hook-weight", "helm.sh/hook-delete-policy", "helm.sh/resource-policy"),
    *("kustomize.toolkit.fluxcd.io/*", "config.kubernetes.io/*", "internal.config.kubernetes.io/*", "checksum/*"),
    *("backstage.io/*", "a8r.io/*", "prometheus.io/*", "forecastle.stakater.com/*", "gethomepage.dev/*"),
)
"""Annotations that tools write down for people or for themselves; they change nothing that runs."""

_CERTIFICATES: Mapping[str, str] = {
    **{
        f"cert-manager.io/{name}": _WORD
        for name in (
            *("cluster-issuer", "issuer", "issuer-kind", "issuer-group", "common-name", "duration", "renew-before"),
            *("revision-history-limit", "private-key-algorithm", "private-key-encoding", "private-key-size"),
            *("private-key-rotation-policy", "secret-template"),
        )
    },
    "cert-manager.io/usages": r"[\w ,]+",
    "cert-manager.io/alt-names": r"[\w.,-]+",
    "kubernetes.io/tls-acme": "true|false",
}
"""By these a certificate is asked for; who may issue one is another matter."""

_SIGN_IN: Mapping[str, str] = {
    f"{_NGINX}/auth-url": _INSIDE,
    f"{_NGINX}/auth-signin": _INSIDE,
    f"{_NGINX}/auth-signin-redirect-param": _WORD,
    f"{_NGINX}/auth-method": "GET|HEAD|POST",
    f"{_NGINX}/auth-response-headers": _NAMES,
    f"{_NGINX}/auth-cache-key": r"[\w$]+",
    f"{_NGINX}/auth-cache-duration": r"[\w ,]+",
    f"{_NGINX}/auth-always-set-cookie": "true|false",
    f"{_NGINX}/satisfy": "all",
}
"""Who calls is asked of a proxy inside."""

_CORS: Mapping[str, str] = {
    f"{_NGINX}/enable-cors": "true|false",
    f"{_NGINX}/cors-allow-origin": _ORIGINS,
    f"{_NGINX}/cors-allow-methods": r"[A-Z, ]+",
    f"{_NGINX}/cors-allow-headers": _NAMES,
    f"{_NGINX}/cors-expose-headers": _NAMES,
    f"{_NGINX}/cors-allow-credentials": "true|false",
    f"{_NGINX}/cors-max-age": _NUMBER,
}
_SHARES: Mapping[str, str] = {
    f"{_NGINX}/canary": "true|false",
    f"{_NGINX}/canary-weight": "[0-9]+",
    f"{_NGINX}/canary-weight-total": "[0-9]+",
    f"{_NGINX}/canary-by-header": r"[\w-]+",
    f"{_NGINX}/canary-by-header-value": r"[\w-]+",
    f"{_NGINX}/canary-by-cookie": r"[\w-]+",
    f"{_NGINX}/affinity": "cookie",
    f"{_NGINX}/affinity-mode": "balanced|persistent",
    f"{_NGINX}/affinity-canary-behavior": "sticky|legacy",
    f"{_NGINX}/upstream-hash-by": r"\$\w+",
    f"{_NGINX}/session-cookie-name": r"[\w-]+",
    f"{_NGINX}/session-cookie-path": r"/[\w/.-]*",
    f"{_NGINX}/session-cookie-samesite": "Strict|Lax|None",
    f"{_NGINX}/session-cookie-secure": "true",
    f"{_NGINX}/session-cookie-hash": "md5|sha1|index",
    f"{_NGINX}/session-cookie-change-on-failure": "true|false",
    f"{_NGINX}/session-cookie-conditional-samesite-none": "true|false",
    **{f"{_NGINX}/session-cookie-{name}": _NUMBER for name in ("expires", "max-age")},
}
"""Which of several Services or pods answers."""

_OF_INGRESSES: Mapping[str, str] = {
    "kubernetes.io/ingress.class": _WORD,
    "kubernetes.io/ingress.allow-http": "false",
    **{**_CERTIFICATES, **_SIGN_IN, **_CORS, **_SHARES},
    # Passed through, neither paths nor an allow-list hold.
    "route.openshift.io/termination": "edge|reencrypt",
    "route.openshift.io/destination-ca-certificate-secret": _WORD,
    f"{_NGINX}/ssl-redirect": "true",
    f"{_NGINX}/force-ssl-redirect": "true",
    f"{_NGINX}/ssl-passthrough": "false",
    f"{_NGINX}/backend-protocol": "HTTPS?|GRPCS?",
    f"{_NGINX}/use-regex": "true|false",
    # The path that it leads to is judged by the rule.
    f"{_NGINX}/rewrite-target": _ANYTHING,
    f"{_NGINX}/whitelist-source-range": _NETWORKS,
    f"{_NGINX}/allowlist-source-range": _NETWORKS,
    f"{_NGINX}/denylist-source-range": _NETWORKS,
    f"{_NGINX}/auth-type": "basic|digest",
    f"{_NGINX}/auth-secret": _OF_ITS_OWN,
    f"{_NGINX}/auth-secret-type": "auth-file|auth-map",
    f"{_NGINX}/auth-realm": r"[\w .-]+",
    f"{_NGINX}/auth-tls-secret": _OF_ITS_OWN,
    f"{_NGINX}/auth-tls-verify-client": "on",
    f"{_NGINX}/auth-tls-verify-depth": r"[0-9]",
    f"{_NGINX}/proxy-ssl-verify": "on",
    f"{_NGINX}/proxy-ssl-secret": _OF_ITS_OWN,
    f"{_NGINX}/proxy-ssl-name": _WORD,
    f"{_NGINX}/load-balance": "round_robin|ewma",
    f"{_NGINX}/enable-access-log": "true",
    f"{_NGINX}/service-upstream": _SWITCH,
    f"{_NGINX}/proxy-http-version": r"1\.[01]",
    f"{_NGINX}/proxy-next-upstream": r"[\w ]+",
    f"{_NGINX}/proxy-ssl-server-name": _SWITCH,
    f"{_NGINX}/proxy-ssl-protocols": r"[\w. ]+",
    f"{_NGINX}/custom-http-errors": r"[0-9, ]+",
    f"{_NGINX}/limit-whitelist": _NETWORKS,
    f"{_NGINX}/connection-proxy-header": r"[\w-]+",
    f"{_NGINX}/preserve-trailing-slash": "true|false",
    f"{_NGINX}/ssl-prefer-server-ciphers": "true",
    f"{_NGINX}/auth-tls-pass-certificate-to-upstream": "true|false",
    f"{_NGINX}/websocket-services": r"[\w,-]+",
    **{f"{_NGINX}/enable-{name}": "true" for name in ("modsecurity", "owasp-core-rules", "opentelemetry")},
    **{f"{_NGINX}/proxy-{name}": _SWITCH for name in ("buffering", "request-buffering")},
    **{
        f"{_NGINX}/{name}": _NUMBER
        for name in (
            *("proxy-body-size", "client-body-buffer-size", "proxy-buffer-size", "proxy-buffers-number"),
            *("proxy-connect-timeout", "proxy-read-timeout", "proxy-send-timeout", "proxy-next-upstream-tries"),
            *("limit-rps", "limit-rpm", "limit-connections", "limit-rate", "limit-rate-after"),
            *("limit-burst-multiplier", "proxy-max-temp-file-size", "proxy-next-upstream-timeout"),
        )
    },
    f"{_TRAEFIK}/router.tls": "true",
    f"{_TRAEFIK}/router.entrypoints": "websecure",
    f"{_TRAEFIK}/router.priority": _NUMBER,
    "nginx.org/client-max-body-size": _NUMBER,
    **{f"nginx.org/proxy-{name}-timeout": _NUMBER for name in ("connect", "read", "send")},
    "haproxy.org/ssl-redirect": "true",
    "haproxy.org/timeout-server": _NUMBER,
    "haproxy.org/allow-list": _NETWORKS,
}
_OF_ROUTES: Mapping[str, str] = {
    # Networks and paths of these are judged by the rule.
    f"{_HAPROXY}/ip_allowlist": _ANYTHING,
    f"{_HAPROXY}/ip_whitelist": _ANYTHING,
    f"{_HAPROXY}/rewrite-target": _ANYTHING,
    f"{_HAPROXY}/timeout": _NUMBER,
    f"{_HAPROXY}/timeout-tunnel": _NUMBER,
    f"{_HAPROXY}/balance": "random|source|roundrobin|leastconn",
    f"{_HAPROXY}/disable_cookies": "true|false",
    f"{_HAPROXY}/pod-concurrent-connections": _NUMBER,
    f"{_HAPROXY}/hsts_header": r"max-age=[0-9]+[\w; ]*",
    f"{_HAPROXY}/set-forwarded-headers": "append|replace|never|if-none",
    f"{_HAPROXY}/rate-limit-connections": "true|false",
    **{f"{_HAPROXY}/rate-limit-connections.{name}": _NUMBER for name in ("concurrent-tcp", "rate-http", "rate-tcp")},
    "router.openshift.io/cookie_name": _WORD,
    "router.openshift.io/cookie-same-site": "Lax|Strict|None",
    "openshift.io/host.generated": "true|false",
    **_CERTIFICATES,
}
_OF_SERVICES: Mapping[str, str] = {
    "service.beta.openshift.io/serving-cert-secret-name": _WORD,
    "service.alpha.openshift.io/serving-cert-secret-name": _WORD,
    "service.beta.openshift.io/serving-cert-signed-by": r"[\w.@-]+",
    "service.alpha.openshift.io/serving-cert-signed-by": r"[\w.@-]+",
    "service.kubernetes.io/topology-mode": "Auto|auto|Disabled",
    "service.kubernetes.io/topology-aware-hints": "Auto|auto|Disabled",
    "endpoints.kubernetes.io/last-change-trigger-time": _ANYTHING,
    "networking.istio.io/exportTo": r"\.",
    "networking.istio.io/traffic-distribution": r"[\w]+",
    f"{_TRAEFIK}/service.serversscheme": "https?|h2c",
    **{f"{_TRAEFIK}/service.sticky.cookie{name}": r"[\w-]*" for name in ("", ".name", ".secure", ".httponly")},
    "serving.kserve.io/autoscalerClass": _WORD,
    "serving.kserve.io/deploymentMode": _WORD,
    "prometheus.kserve.io/port": _NUMBER,
    "prometheus.kserve.io/path": r"[\w/.-]*",
}

_OF_GATEWAYS: Mapping[str, str] = {
    **_CERTIFICATES,
    "networking.istio.io/service-type": "ClusterIP",
    "gateway.istio.io/controller-version": _WORD,
}
_OF_CLASSES: Mapping[str, str] = {"ingressclass.kubernetes.io/is-default-class": "true|false"}
_OF_AUTHORITIES: Mapping[str, str] = {"istio.io/dry-run": "false"}
_GATEWAY_API, _ISTIO, _ISTIO_SECURITY = "gateway.networking.k8s.io", "networking.istio.io", "security.istio.io"

CLOSED: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("networking.k8s.io", "Ingress"): _OF_INGRESSES,
    ("extensions", "Ingress"): _OF_INGRESSES,
    ("route.openshift.io", "Route"): _OF_ROUTES,
    ("", "Service"): _OF_SERVICES,
    ("networking.k8s.io", "IngressClass"): _OF_CLASSES,
    (_GATEWAY_API, "Gateway"): _OF_GATEWAYS,
    (_ISTIO, "Gateway"): _CERTIFICATES,
    **{(_GATEWAY_API, kind): {} for kind in ("GatewayClass", "HTTPRoute", "GRPCRoute", "TLSRoute", "ReferenceGrant")},
    **{(_ISTIO, kind): {} for kind in ("VirtualService", "DestinationRule", "ServiceEntry", "Sidecar")},
    **{
        (_ISTIO_SECURITY, kind): _OF_AUTHORITIES
        for kind in ("AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication")
    },
    ("kuadrant.io", "AuthPolicy"): {},
    ("gateway.envoyproxy.io", "SecurityPolicy"): {},
}
"""Kinds whose annotations are closed, and what is allowed: names and the form of their values."""


def annotation_faults(case: Case) -> Iterator[Fault]:
    """Annotations of an entry or a Service that are not understood, or do not have a value that is."""
    allowed = CLOSED.get((case.subject.group, case.subject.kind))
    if allowed is None:
        return
    annotations = case.subject.metadata.get("annotations")
    if annotations is UNKNOWN:
        yield Fault(path="metadata.annotations", text=NOT_KNOWN)
    more = [*OF_TOOLS, *map(str, entries(case.config.get("annotations")))]
    found = mapping(annotations)
    for name, value in found.items():
        text = _fault(case, name, value, allowed, more)
        if text:
            yield Fault(path=f"metadata.annotations.{name}", text=text)
    # Without origins nginx answers for all of them.
    if found.get(f"{_NGINX}/enable-cors") == "true" and f"{_NGINX}/cors-allow-origin" not in found:
        yield Fault(path=f"metadata.annotations.{_NGINX}/enable-cors", text="names no origins, which means every one")


def _fault(case: Case, name: str, value: JsonValue, allowed: Mapping[str, str], more: list[str]) -> str | None:
    if name in allowed:
        return None if _fits(case, allowed[name], value) else f"{shown(value)}, and its values are {allowed[name]}"
    domain, slash, _ = name.partition("/")
    if any(fnmatchcase(name, pattern) for pattern in more) or (slash and (is_harmless(domain) or is_own(case, domain))):
        return None
    return f"{shown(value)}, and no such annotation is understood"


def _fits(case: Case, values: str, value: JsonValue) -> bool:
    # Values that are judged elsewhere are told there.
    if values is _ANYTHING:
        return True
    judged = _JUDGED.get(values)
    if judged is not None:
        return judged(case, value)
    return isinstance(value, str) and re.fullmatch(values, value) is not None
