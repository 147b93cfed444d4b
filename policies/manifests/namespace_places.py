"""Whose a namespace is: a tenant's, an add-on's, the cluster's own. What a right opens depends on it.

Only a tenant's namespace is one of which is known that its accounts may do no more than its tenant. Where the settings
name tenants, every other namespace may have an operator in it, whose accounts may do what they like.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from functools import cache

from policies.judging.world import World
from policies.manifests.ownership import DOMAIN


class Place(IntEnum):
    """Where a right holds, from the narrowest on; `NOWHERE` stands for what is too much in no place."""

    TENANT = 0
    OTHER = 1
    ADDON = 2
    SYSTEM = 3
    CLUSTER = 4
    NOWHERE = 9


_SYSTEM = ("kube-", "openshift-")
_ADDONS = frozenset(
    {
        *("argocd", "argo-cd", "argo", "argo-events", "argo-rollouts", "istio-system", "istio-ingress"),
        *("istio-egress", "knative-serving", "knative-eventing", "kserve", "kyverno", "tekton-pipelines"),
        *("flux-system",),
    }
)
"""Namespaces from whose ConfigMaps and Secrets a program with many rights takes what it does and for whom."""

_PLATFORM_ENDS = ("-system", "-operator", "-operators", "-controller")
_PLATFORM = frozenset(
    {
        *("ingress-nginx", "nginx-ingress", "velero", "gpu-operator", "nvidia-gpu-operator", "network-operator"),
        *("kafka", "external-secrets", "external-dns", "sealed-secrets", "vault", "vault-secrets-webhook"),
        *("monitoring", "prometheus", "grafana", "loki", "logging", "tempo", "observability", "thanos", "jaeger"),
        *("opentelemetry", "keda", "kueue", "jobset", "lws", "lws-system", "kuberay", "kubevirt", "cdi", "rook-ceph"),
        *("longhorn-system", "minio", "minio-tenant", "metallb", "cilium", "calico-apiserver", "calico", "tigera"),
        *("multus", "traefik", "gatekeeper", "cattle-monitoring", "cattle-fleet", "fleet-default", "olm"),
        *("operators", "crossplane", "cnpg", "strimzi", "postgres", "harbor", "linkerd", "linkerd-viz"),
        *("linkerd-jaeger", "consul", "dex", "reloader", "node-feature-discovery", "descheduler", "karpenter"),
        *("trust-manager", "spire", "falco", "trivy", "hnc", "cert-manager", "keycloak", "kubeflow", "opendatahub"),
        *("redhat-ods-applications", "redhat-ods-operator", "knative-operator"),
    }
)
"""Namespaces of add-ons as their charts name them; `_PLATFORM_ENDS` are how further ones are called."""


def is_system(namespace: str) -> bool:
    """Whether a namespace is one of the cluster itself."""
    return namespace.startswith(_SYSTEM)


def is_platform(namespace: str | None) -> bool:
    """Whether a namespace is known to be the cluster's or an add-on's, in which no tenant runs pods."""
    if not namespace:
        return False
    return is_system(namespace) or namespace in _ADDONS | _PLATFORM or namespace.endswith(_PLATFORM_ENDS)


def is_tenants(namespace: str, world: World) -> bool:
    """Whether a namespace is that of a tenant of the settings, in whatever environment."""
    tenants = world.settings.get("tenants")
    return isinstance(tenants, Mapping) and any(
        namespace == tenant or namespace.startswith(f"{tenant}-") for tenant in tenants
    )


def place_of(namespace: str | None, world: World) -> Place:
    """Where a namespace stands.

    Without a namespace, or without tenants in the settings, it is a tenant's unless its name says otherwise.
    """
    if not namespace:
        return Place.TENANT
    if is_system(namespace):
        return Place.SYSTEM
    if namespace in _ADDONS:
        return Place.ADDON
    if is_tenants(namespace, world):
        return Place.TENANT
    return Place.OTHER if world.settings.get("tenants") or is_platform(namespace) else Place.TENANT


@cache
def _own_domains(registry: str) -> tuple[str, ...]:
    """The organisation's domains: that of its labels, and that of its registry."""
    host = registry.partition("/")[0].partition(":")[0]
    return tuple(dict.fromkeys(_parent(name) for name in (DOMAIN, host) if "." in name))


def is_own(name: str, world: World) -> bool:
    """Whether a name lies in the organisation's domains, which its labels and its registry tell."""
    domains = _own_domains(world.registry or "")
    return any(name == domain or name.endswith(f".{domain}") for domain in domains)


def _parent(name: str) -> str:
    return name.partition(".")[2] if name.count(".") > 1 else name
