"""Names of the platform, as data: namespaces of controllers, and what controllers read by name, wherever they run."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache

NAMESPACES = (
    *("kube-*", "openshift-*", "istio-*", "kserve", "knative-serving", "knative-eventing", "knative-operator"),
    *("kourier-system", "ingress", "ingress-controller", "ingress-nginx", "nginx-ingress", "nginx-gateway"),
    *("traefik", "traefik-system", "envoy-gateway-system", "kong", "kong-system", "haproxy-controller", "contour"),
    *("projectcontour", "kgateway-system", "kuadrant-system", "gateway-system", "argocd", "argo-cd", "argo"),
    *("argo-events", "argo-rollouts", "argo-workflows", "flux-system", "fleet-*", "cattle-*", "crossplane-system"),
    *("tekton-pipelines", "tekton-pipelines-resolvers", "tekton-operator", "tekton-chains", "cert-manager"),
    *("cert-manager-*", "trust-manager", "external-secrets", "external-secrets-*", "vault", "vault-system"),
    *("vault-secrets-operator-system", "sealed-secrets", "spire", "spire-system", "spire-server", "dex", "kyverno"),
    *("gatekeeper-system", "opa", "opa-system", "cosign-system", "monitoring", "prometheus", "observability"),
    *("logging", "opentelemetry-operator-system", "tigera-*", "calico-*", "cilium", "cilium-*", "metallb-system"),
    *("submariner-operator", "external-dns", "linkerd", "linkerd-*", "dapr-system", "consul", "kuma-system"),
    *("gpu-operator", "nvidia-gpu-operator", "nvidia-network-operator", "node-feature-discovery", "kueue-system"),
    *("jobset-system", "lws-system", "kubeflow", "kubeflow-system", "redhat-ods-*", "opendatahub"),
    *("opendatahub-operator-system", "keda", "velero", "openebs", "rook-ceph", "longhorn-system", "olm", "operators"),
    *("kubernetes-dashboard", "volcano-system", "keycloak-operator"),
)
"""Namespaces in which nothing but the platform runs; `*` is any text."""

CONFIG_MAPS = (
    *("istio", "istio-*", "coredns", "coredns-*", "kube-dns", "node-local-dns", "kube-proxy", "kubeadm-config"),
    *("kubelet-config", "kubelet-config-*", "cluster-info", "aws-auth", "extension-apiserver-authentication"),
    *("cilium-config", "calico-config", "canal-config", "antrea-config", "antrea-config-*", "kube-flannel-cfg"),
    *("multus-*", "tcp-services", "udp-services", "ingress-nginx-controller", "nginx-configuration"),
    *("workflow-controller-configmap", "artifact-repositories", "argocd-*", "argo-rollouts-config"),
    *("argo-rollouts-notification-configmap", "config-deployment", "config-features", "config-network"),
    *("config-autoscaler", "config-defaults", "config-domain", "config-istio", "config-kourier", "config-gateway"),
    *("config-certmanager", "config-contour", "config-gc", "kueue-manager-config", "linkerd-config"),
    *("cluster-monitoring-config", "user-workload-monitoring-config", "kyverno", "dapr-trust-bundle"),
    *("external-dns", "ip-masq-agent", "azure-ip-masq-agent-config", "kuma-control-plane-config", "ama-metrics-*"),
    *("konnectivity-*", "kube-scheduler-config"),
)
"""ConfigMaps that controllers look for by name, also where they were put into another namespace; `*` is any text."""

SECRETS = (
    *("argocd-secret", "cacerts", "istio-ca-secret", "istio-remote-secret-*", "linkerd-identity-issuer"),
    *("dapr-trust-bundle", "etcd-*", "kubeadm-certs", "webhook-server-cert"),
)
"""Secrets of the same kind."""


@cache
def is_of_the_platform(namespace: str) -> bool:
    """Whether a namespace is one of the platform's."""
    return any(fnmatchcase(namespace, pattern) for pattern in NAMESPACES)


@cache
def is_read_by_a_controller(name: str, *, secret: bool) -> bool:
    """Whether a controller looks for a ConfigMap, or a Secret, of that name."""
    return any(fnmatchcase(name, pattern) for pattern in (SECRETS if secret else CONFIG_MAPS))
