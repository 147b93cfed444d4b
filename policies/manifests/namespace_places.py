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
        *("redhat-ods-applications", "redhat-ods-operator", "knative-operator", "kueue-system", "jobset-system"),
        *("metallb-system", "gatekeeper-system", "cattle-system", "cattle-fleet-system", "cattle-monitoring-system"),
        *("crossplane-system", "capsule-system", "capi-system", "tigera-operator", "calico-system", "kourier-system"),
        *("envoy-gateway-system", "kgateway-system", "kuadrant-system", "kong-system", "traefik-system", "opa-system"),
        *("cnpg-system", "cosign-system", "dapr-system", "kuma-system", "spire-system", "spire-server", "keda-system"),
        *(
            "opendatahub-operator-system",
            "vault-secrets-operator-system",
            "opentelemetry-operator-system",
            "hnc-system",
        ),
        *("volcano-system", "kubeflow-system", "tekton-operator", "kubernetes-dashboard", "openebs", "kserve-system"),
        *("keycloak-operator", "submariner-operator", "nvidia-network-operator", "prometheus-operator", "kube-ovn"),
        *("ray-system", "kuberay-operator", "kuberay-system", "training-operator", "mpi-operator", "rabbitmq-system"),
        *("elastic-system", "projectcontour", "haproxy-controller", "nginx-gateway", "argo-workflows", "tekton-chains"),
        *("tekton-pipelines-resolvers", "loki-operator", "tempo-operator", "strimzi-system", "sealed-secrets-system"),
    }
)
"""Namespaces of add-ons as their charts name them. Names are whole: how one ends says nothing about whose it is."""


def is_system(namespace: str) -> bool:
    """Whether a namespace is one of the cluster itself."""
    return namespace.startswith(_SYSTEM)


def is_platform(namespace: str | None) -> bool:
    """Whether a namespace is known to be the cluster's or an add-on's, in which no tenant runs pods."""
    if not namespace:
        return False
    return is_system(namespace) or namespace in _ADDONS or namespace in _PLATFORM


def tenant_of(namespace: str | None, world: World) -> str | None:
    """The tenant of the settings whose namespace it is, in whatever environment; of several the longest name."""
    tenants = world.settings.get("tenants")
    if not namespace or not isinstance(tenants, Mapping):
        return None
    found = [str(tenant) for tenant in tenants if f"{namespace}-".startswith(f"{tenant}-")]
    return max(found, key=len, default=None)


def is_tenants(namespace: str, world: World) -> bool:
    """Whether a namespace is that of a tenant of the settings, in whatever environment."""
    return tenant_of(namespace, world) is not None


def tenant_of_group(group: str, world: World) -> str | None:
    """The tenant to whom the settings give a group of people, or None."""
    tenants = world.settings.get("tenants")
    for tenant, said in tenants.items() if isinstance(tenants, Mapping) else ():
        groups = said.get("groups") if isinstance(said, Mapping) else None
        if isinstance(groups, Mapping) and any(isinstance(names, list) and group in names for names in groups.values()):
            return str(tenant)
    return None


def is_platforms_group(group: str, world: World) -> bool:
    """Whether the settings name a group of people as one of those that run the platform."""
    groups = world.settings.get("groups")
    names = groups.values() if isinstance(groups, Mapping) else ()
    return any(isinstance(entries, list) and group in entries for entries in names)


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
