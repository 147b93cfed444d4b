"""What differs between plain Kubernetes and OpenShift, behind one value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

NON_ROOT_ID = 10001
"""User and group of pods where the platform assigns none."""

PROMETHEUS_PODS: Mapping[str, str] = {"app.kubernetes.io/name": "prometheus"}
"""What Prometheus' operator and the community's chart of Prometheus label its pods with, and nothing else of theirs."""


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A kind of cluster: `kubernetes` or `openshift`, and what of it the kitchens use.

    `openshift_ai` leaves authentication and Routes to OpenShift AI; `route_domain` makes Routes without it, open to
    `route_sources` (networks) alone; `monitoring` says that the Prometheus operator's PodMonitor is there. `in_mesh`
    says that Istio puts a sidecar into the pods of the entry and of tenants. `scraper_pods` are labels of the pods that
    take metrics, in namespaces that are labelled for it.
    """

    kind: str
    openshift_ai: bool = False
    route_domain: str | None = None
    route_sources: Sequence[str] = ()
    monitoring: bool = False
    in_mesh: bool = False
    scraper_pods: Mapping[str, str] = field(default_factory=lambda: dict(PROMETHEUS_PODS))

    @property
    def has_routes(self) -> bool:
        """Whether calls come through OpenShift's router."""
        return self.openshift_ai or self.route_domain is not None

    def dns(self) -> tuple[str, int]:
        """Namespace of the pods that answer look-ups, and the port on which they listen (not their Service's)."""
        return ("openshift-dns", 5353) if self.kind == "openshift" else ("kube-system", 53)

    def namespace_annotations(self, title: str, description: str) -> dict[str, str]:
        """Annotations of a namespace: on OpenShift it is shown as a Project, with these texts.

        The empty node selector keeps a cluster's default one off GPU pods, which are placed by their own.
        """
        if self.kind != "openshift":
            return {}
        return {
            "openshift.io/display-name": title,
            "openshift.io/description": description,
            "openshift.io/node-selector": "",
        }

    def service_labels(self) -> dict[str, str]:
        """Labels of an InferenceService beside those of ownership: OpenShift AI makes a Route for it."""
        return {"networking.kserve.io/visibility": "exposed"} if self.openshift_ai else {}

    def service_annotations(self) -> dict[str, str]:
        """Annotations of an InferenceService: OpenShift AI puts a proxy before it that checks every call."""
        return {"security.opendatahub.io/enable-auth": "true"} if self.openshift_ai else {}

    def runtime_annotations(self) -> dict[str, str]:
        """Annotations of a ServingRuntime: OpenShift AI takes vLLM's metrics from it."""
        return {"opendatahub.io/kserve-runtime": "vllm"} if self.openshift_ai else {}

    def pod_annotations(self) -> dict[str, str]:
        """Annotations of pods that a mesh knows.

        The sidecar is a native one, which starts first and ends last: init containers have a network, and Jobs come to
        their end. Without the annotation Istio asks for kubelets of 1.33 on every node of the cluster.
        """
        return {"sidecar.istio.io/nativeSidecar": "true"} if self.in_mesh else {}

    def pod_metadata(self, labels: Mapping[str, str]) -> dict[str, Any]:
        """Metadata of a pod's template: its labels, and annotations where there are some."""
        annotations = self.pod_annotations()
        return {"labels": dict(labels), **({"annotations": annotations} if annotations else {})}

    def pod_security_context(self) -> dict[str, Any]:
        """Security context of a pod that meets the `restricted` Pod Security Standard.

        OpenShift's restricted-v2 SCC assigns user and group from the namespace's range and refuses fixed ones.
        """
        context: dict[str, Any] = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
        if self.kind == "kubernetes":
            context |= {"runAsUser": NON_ROOT_ID, "runAsGroup": NON_ROOT_ID, "fsGroup": NON_ROOT_ID}
        return context

    @staticmethod
    def container_security_context() -> dict[str, Any]:
        """Security context of a container that meets `restricted`, with a read-only root file system."""
        return {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        }
