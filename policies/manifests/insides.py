"""What lies inside: hosts of the cluster, private addresses, and the organisation's own domains."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from urllib.parse import urlsplit

from policies.judging.rule import Case
from policies.judging.subject import entries
from policies.judging.values import JsonValue
from policies.manifests.network_peers import is_private

MESH = (".svc", ".svc.cluster.local", ".mesh.internal")
"""Ends of the names of hosts inside the cluster and its mesh."""

OF_THE_CLUSTER = ("default", "kube-system", "kube-public", "kube-node-lease")
"""Namespaces of the cluster itself, beside those of OpenShift's own parts."""

_USUAL_NAMESPACES = (
    *(
        "monitoring",
        "observability",
        "logging",
        "tracing",
        "prometheus",
        "grafana",
        "thanos",
        "loki",
        "mimir",
        "jaeger",
    ),
    *("argocd", "keycloak", "keda", "kafka", "strimzi", "redis", "rabbitmq", "nats", "postgres", "mysql", "mongodb"),
    *("elastic", "elasticsearch", "opensearch", "minio", "vault", "kserve", "kubeflow", "dex"),
)
"""Namespaces by which programs name their Services in two words; none is a domain of the internet."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_SHARED = (
    *("jfrog.io", "azurecr.io", "amazonaws.com", "pkg.dev", "gcr.io", "gitlab.com", "github.com", "docker.com"),
    *("redhat.com", "redhat.io", "digitalocean.com", "icr.io", "scw.cloud", "nvcr.io", "aliyuncs.com", "ocir.io"),
)
"""Zones of registries that many organisations share: whose host lies in one says nothing about the others there."""

DOMAINS_SCHEMA: dict[str, JsonValue] = {
    **{"type": "array", "items": {"type": "string"}, "default": []},
    "description": "The organisation's own domains, with all below them, beside those of the settings: the domain that"
    " the registry's host lies in, and those of platform.gatewayApi and platform.routes",
}
"""The part of a rule's configuration that `domains` reads."""


def domains(case: Case) -> tuple[str, ...]:
    """The organisation's own domains: those of the rule's configuration and of the settings."""
    said = tuple(entry for entry in entries(case.config.get("domains")) if isinstance(entry, str) and entry)
    platform = case.world.settings.get("platform")
    holders = [platform.get(key) for key in ("gatewayApi", "routes")] if isinstance(platform, Mapping) else []
    found = tuple(str(holder["domain"]) for holder in holders if isinstance(holder, Mapping) and holder.get("domain"))
    return (*said, *found, *_above(case.world.registry or ""))


@cache
def _above(registry: str) -> tuple[str, ...]:
    """The domain that a registry's host lies in; none where it lies in a whole zone, such as `io`."""
    host = registry.partition("/")[0].partition(":")[0]
    domain = host.partition(".")[2]
    shared = any(f".{domain}".endswith(f".{zone}") for zone in _SHARED)
    return (domain,) if "." in domain and not shared else ()


def is_own(case: Case, host: JsonValue) -> bool:
    """Whether a host is of the organisation's own domains."""
    return isinstance(host, str) and any(f".{host.lower()}".endswith(f".{domain}") for domain in domains(case))


def is_inside(case: Case, host: JsonValue) -> bool:
    """Whether a host, without a port, is one of the cluster, a private address or of the organisation's domains."""
    if not isinstance(host, str) or not host:
        return False
    host = host.lower().removesuffix(".")
    # A number is an address to some programs, and what is no plain name is read otherwise by each of them.
    if not _NAME.fullmatch(host) or host.rpartition(".")[2].isdigit() or host.startswith("0x"):
        return is_private(case, host.strip("[]"))
    return "." not in host or namespace_of(case, host) is not None or is_own(case, host)


def leads_inside(case: Case, address: JsonValue) -> bool:
    """Whether an address (`scheme://host...`, or `host:port`) is plain text and leads to what is inside."""
    if not isinstance(address, str) or "\\" in address:
        return False
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        return is_inside(case, parts.hostname)
    except ValueError:
        return False


def namespace_of(case: Case, host: str) -> str | None:
    """The namespace that a host of the cluster names, empty where it names none; None for one of elsewhere."""
    labels = host.split(".")
    if "svc" in labels[1:] and host.endswith(MESH):
        return labels[labels.index("svc", 1) - 1] if labels.index("svc", 1) > 1 else ""
    if host.endswith(MESH):
        return ""
    # A Service and its namespace, in two words; in other namespaces than these they may be a domain.
    if len(labels) != 2:
        return None
    known = (*OF_THE_CLUSTER, *_USUAL_NAMESPACES)
    is_named = labels[1] in known or is_of_a_tenant(case, labels[1])
    return labels[1] if is_named or ("-" in labels[1] and not labels[1].startswith("xn--")) else None


def tenant_of(case: Case, namespace: str | None) -> str | None:
    """The tenant of the settings whose namespace it is, in whatever environment; None where it is no tenant's."""
    tenants = case.world.settings.get("tenants")
    names = [str(name) for name in tenants] if isinstance(tenants, Mapping) else []
    found = [name for name in names if namespace is not None and f"{namespace}-".startswith(f"{name}-")]
    return max(found, key=len, default=None)


def host_of(address: JsonValue) -> str:
    """The host of an address (`scheme://host...`, or `host:port`); empty where it is none."""
    try:
        text = address if isinstance(address, str) else ""
        return (urlsplit(text if "://" in text else f"//{text}").hostname or "").removesuffix(".")
    except ValueError:
        return ""


def of_another_tenant(case: Case, address: JsonValue) -> bool:
    """Whether an address is a Service of another tenant than the object's own; an object of no tenant has no other."""
    return is_another_tenants(case, namespace_of(case, host_of(address)))


def is_another_tenants(case: Case, namespace: JsonValue) -> bool:
    """Whether a namespace is of another tenant than the object's own; an object of no tenant has no other."""
    own = tenant_of(case, case.subject.namespace)
    other = tenant_of(case, namespace) if isinstance(namespace, str) else None
    return own is not None and other is not None and own != other


def platform_hosts(case: Case) -> frozenset[str]:
    """Hosts of the platform that the settings name: the registry, the object store, Prometheus."""
    settings = case.world.settings
    said = [case.world.registry or ""]
    for key, field in (("objectStore", "endpoint"), ("platform", "prometheus")):
        holder = settings.get(key)
        said.append(str(holder.get(field) or "") if isinstance(holder, Mapping) else "")
    return frozenset(filter(None, map(host_of, said)))


def is_of_a_tenant(case: Case, namespace: str | None) -> bool:
    """Whether a namespace is one of a tenant of the settings, in whatever environment."""
    return tenant_of(case, namespace) is not None


def is_of_the_cluster(namespace: str | None) -> bool:
    """Whether a namespace is of the cluster's own parts."""
    return namespace is not None and (namespace in OF_THE_CLUSTER or f"{namespace}-".startswith("openshift-"))
