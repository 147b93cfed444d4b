"""Whether two names belong together: what a chart calls a role, and what it calls the binding, webhook or account."""

from __future__ import annotations

import re

_WORD = re.compile(r"[a-z0-9]{3,}")
_LEAST = 3
_OF_ALL = frozenset(
    {
        *(
            "role",
            "roles",
            "cluster",
            "clusterrole",
            "binding",
            "rolebinding",
            "clusterrolebinding",
            "the",
            "and",
            "for",
        ),
        *("system", "com", "org", "net", "dev", "example", "configuration", "config", "cfg", "webhook", "webhooks"),
        *(
            "admission",
            "validating",
            "mutating",
            "resource",
            "resources",
            "controller",
            "operator",
            "manager",
            "server",
        ),
        *("default", "account", "service", "reader", "viewer", "editor", "admin", "view", "edit", "k8s", "own", "all"),
    }
)
"""Words that stand in the names of everybody."""

_PROJECTS = frozenset(
    {
        *("argo", "argocd", "calico", "cdi", "cert", "cilium", "cnpg", "crossplane", "external", "flux", "fluxcd"),
        *("gatekeeper", "ingress", "istio", "istiod", "karpenter", "keda", "knative", "kserve", "kubevirt", "kueue"),
        *(
            "kyverno",
            "linkerd",
            "longhorn",
            "metallb",
            "multus",
            "nvidia",
            "olm",
            "opendatahub",
            "prometheus",
            "rancher",
        ),
        *("cattle", "rook", "sealed", "strimzi", "tekton", "tigera", "trident", "vault", "velero", "capi", "capsule"),
        *("inferenceservice", "inferenceservices", "servingruntime", "jobset", "jobsets", "lws", "leaderworkerset"),
        *("kubeflow", "trainer", "kuberay", "ray", "rayclusters", "sigstore", "cosign", "policy", "opa", "kubewarden"),
        *("envoy", "gateway", "kuadrant", "kong", "traefik", "consul", "kuma", "dapr", "spire", "openshift", "fleet"),
        *(
            "autoscaler",
            "vpa",
            "snapshot",
            "monitoring",
            "alertmanager",
            "opentelemetry",
            "eso",
            "bitnami",
            "descheduler",
        ),
        *(
            "rabbitmq",
            "elastic",
            "kafka",
            "datadog",
            "falco",
            "trivy",
            "antrea",
            "hnc",
            "hierarchical",
            "mpi",
            "volcano",
        ),
        *(
            "webhook-server",
            "kube",
            "kubernetes",
            "apps",
            "batch",
            "metrics",
            "pod",
            "pods",
            "eks",
            "aks",
            "gke",
            "aws",
        ),
    }
)
"""Words in the names of objects that known projects bring with them, which nobody gets rights on by a name."""


def words(name: str) -> frozenset[str]:
    """What tells a name from others."""
    return frozenset(_WORD.findall(name.lower())) - _OF_ALL


def is_a_projects(name: str) -> bool:
    """Whether a name has a word of a known project in it."""
    return not words(name).isdisjoint(_PROJECTS)


def akin(one: str, other: str) -> bool:
    """Whether two names share a word that is not everybody's, or one begins with the other."""
    if min(len(one), len(other)) >= _LEAST and (one.startswith(other) or other.startswith(one)):
        return True
    return not words(one).isdisjoint(words(other))
