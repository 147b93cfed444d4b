"""Kinds whose fields are known, so that an unknown value with a harmless name is harmless."""

from __future__ import annotations

_KUBERNETES = {
    *("", "apps", "batch", "autoscaling", "policy", "events.k8s.io", "networking.k8s.io", "storage.k8s.io"),
    *("rbac.authorization.k8s.io", "scheduling.k8s.io", "coordination.k8s.io", "discovery.k8s.io", "node.k8s.io"),
    *("admissionregistration.k8s.io", "apiregistration.k8s.io", "apiextensions.k8s.io", "authorization.k8s.io"),
    *("authentication.k8s.io", "certificates.k8s.io", "flowcontrol.apiserver.k8s.io", "resource.k8s.io"),
}
_WITHOUT_IMAGES = {
    *("gateway.networking.k8s.io", "inference.networking.k8s.io", "inference.networking.x-k8s.io"),
    *("security.istio.io", "cert-manager.io", "external-secrets.io", "snapshot.storage.k8s.io", "route.openshift.io"),
}
"""Groups none of whose kinds names an image."""

_KINDS_WITHOUT_IMAGES = {
    "networking.istio.io": {
        *("Gateway", "VirtualService", "DestinationRule", "ServiceEntry", "Sidecar", "EnvoyFilter", "WorkloadEntry"),
    },
    "monitoring.coreos.com": {"PodMonitor", "ServiceMonitor", "Probe", "PrometheusRule", "ScrapeConfig"},
    "keda.sh": {"ScaledObject", "TriggerAuthentication", "ClusterTriggerAuthentication"},
    # What these render is another rule's: rendered-elsewhere.
    "argoproj.io": {"Application", "ApplicationSet", "AppProject"},
}

IMAGE_FREE_KEYS = {
    *("metadata", "status", "env", "envFrom", "args", "command", "resources", "replicas", "nodeSelector"),
    *("tolerations", "securityContext", "labels"),
}
"""Keys whose value names no image in any kind; images in variables and annotations are found by their names."""


def fields_are_known(group: str, kind: str) -> bool:
    """Whether the fields that may hold an image are known, or there are none."""
    if group in _KUBERNETES or group in _WITHOUT_IMAGES or group == "serving.kserve.io":
        return True
    return kind in _KINDS_WITHOUT_IMAGES.get(group, ())
