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
from policies.manifests.fields import NOT_KNOWN, Fault, shown
from policies.manifests.ownership import DOMAIN

_NUMBER = r"[0-9]+[a-zA-Z]{0,2}"
_SWITCH = r"true|false|on|off"
_WORD = r"[\w.:-]*"
_ANYTHING = r"(?s).*"
_NETWORKS = r"[0-9a-fA-F.:/, ]+"
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
    *("backstage.io/*", "a8r.io/*", "prometheus.io/*"),
)
"""Annotations that tools write down for people or for themselves; they change nothing that runs."""

_OF_INGRESSES: Mapping[str, str] = {
    "kubernetes.io/ingress.class": _WORD,
    "kubernetes.io/ingress.allow-http": "false",
    "cert-manager.io/cluster-issuer": _WORD,
    "cert-manager.io/issuer": _WORD,
    "cert-manager.io/common-name": _WORD,
    "cert-manager.io/duration": _WORD,
    "cert-manager.io/renew-before": _WORD,
    "route.openshift.io/termination": "edge|reencrypt|passthrough",
    "route.openshift.io/destination-ca-certificate-secret": _WORD,
    f"{_NGINX}/ssl-redirect": "true",
    f"{_NGINX}/force-ssl-redirect": "true",
    f"{_NGINX}/ssl-passthrough": _SWITCH,
    f"{_NGINX}/backend-protocol": "HTTPS?|GRPCS?",
    f"{_NGINX}/use-regex": "true|false",
    # The path that it leads to is judged by the rule.
    f"{_NGINX}/rewrite-target": _ANYTHING,
    f"{_NGINX}/whitelist-source-range": _NETWORKS,
    f"{_NGINX}/allowlist-source-range": _NETWORKS,
    f"{_NGINX}/denylist-source-range": _NETWORKS,
    f"{_NGINX}/auth-type": "basic|digest",
    f"{_NGINX}/auth-secret": r"[\w./-]+",
    f"{_NGINX}/auth-secret-type": "auth-file|auth-map",
    f"{_NGINX}/auth-realm": r"[\w .-]+",
    f"{_NGINX}/auth-tls-secret": r"[\w./-]+",
    f"{_NGINX}/auth-tls-verify-client": "on",
    f"{_NGINX}/auth-tls-verify-depth": r"[0-9]",
    f"{_NGINX}/proxy-ssl-verify": "on",
    f"{_NGINX}/proxy-ssl-secret": r"[\w./-]+",
    f"{_NGINX}/proxy-ssl-name": _WORD,
    f"{_NGINX}/affinity": "cookie",
    f"{_NGINX}/load-balance": "round_robin|ewma",
    f"{_NGINX}/enable-access-log": "true",
    f"{_NGINX}/service-upstream": _SWITCH,
    f"{_NGINX}/proxy-http-version": r"1\.[01]",
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
    "cert-manager.io/cluster-issuer": _WORD,
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
    "serving.kserve.io/autoscalerClass": _WORD,
    "serving.kserve.io/deploymentMode": _WORD,
    "prometheus.kserve.io/port": _NUMBER,
    "prometheus.kserve.io/path": r"[\w/.-]*",
}

CLOSED: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("networking.k8s.io", "Ingress"): _OF_INGRESSES,
    ("extensions", "Ingress"): _OF_INGRESSES,
    ("route.openshift.io", "Route"): _OF_ROUTES,
    ("", "Service"): _OF_SERVICES,
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
    for name, value in mapping(annotations).items():
        text = _fault(name, value, allowed, more)
        if text:
            yield Fault(path=f"metadata.annotations.{name}", text=text)


def _fault(name: str, value: JsonValue, allowed: Mapping[str, str], more: list[str]) -> str | None:
    if name in allowed:
        # Values that are judged elsewhere are told there.
        fits = allowed[name] is _ANYTHING or (isinstance(value, str) and re.fullmatch(allowed[name], value))
        return None if fits else f"{shown(value)}, and its values are {allowed[name]}"
    if any(fnmatchcase(name, pattern) for pattern in more):
        return None
    return f"{shown(value)}, and no such annotation is understood"
