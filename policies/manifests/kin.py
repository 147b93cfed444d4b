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

ADDONS = frozenset(
    {
        *("argo", "argocd", "calico", "capi", "capsule", "cdi", "cert", "cilium", "cnpg", "crossplane", "external"),
        *("fleet", "flux", "gatekeeper", "ingress", "istio", "istiod", "karpenter", "keda", "knative", "kserve"),
        *("kubevirt", "kueue", "kyverno", "linkerd", "longhorn", "metallb", "multus", "nvidia", "olm", "opendatahub"),
        *("prometheus", "rancher", "rook", "sealed", "strimzi", "tekton", "tigera", "trident", "vault", "velero"),
    }
)
"""First words of what add-ons of a cluster bring: their roles, accounts and namespaces."""

_PROJECTS = ADDONS | frozenset(
    {
        *("aks", "alertmanager", "antrea", "apps", "autoscaler", "aws", "batch", "bitnami", "cattle", "consul"),
        *("cosign", "dapr", "datadog", "descheduler", "eks", "elastic", "envoy", "eso", "falco", "fluxcd", "gateway"),
        *("gke", "hierarchical", "hnc", "inferenceservice", "inferenceservices", "jobset", "jobsets", "kafka"),
        *("kong", "kuadrant", "kube", "kubeflow", "kuberay", "kubernetes", "kubewarden", "kuma", "leaderworkerset"),
        *("lws", "metrics", "monitoring", "mpi", "opa", "openshift", "opentelemetry", "pod", "pods", "policy"),
        *("rabbitmq", "ray", "rayclusters", "servingruntime", "sigstore", "snapshot", "spire", "traefik", "trainer"),
        *("trivy", "volcano", "vpa", "webhook-server"),
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
