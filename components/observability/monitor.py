"""Which metrics of a kitchen Prometheus takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.kubernetes_object import KubernetesObject
from components.labels import SERVICE_LABEL

PORT_NAMES = ("http1", "http", "status")
"""Names of the pods' ports whose /metrics are taken: the server's, which an LLMInferenceService calls `http`, and that
of a sidecar where a pod has one. A name that no container has makes no target."""

_INTERVAL = "30s"


@dataclass(frozen=True, kw_only=True)
class KitchenMonitorArgs:
    """The kitchen whose pods are scraped; `labels` are those of ownership."""

    namespace: str
    kitchen: str
    labels: Mapping[str, str]


class KitchenMonitor(pulumi.ComponentResource):
    """A PodMonitor of the Prometheus operator; OpenShift's user-workload monitoring finds it by itself."""

    TOKEN = "kitchen:monitor:KitchenMonitor"

    def __init__(self, name: str, args: KitchenMonitorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the PodMonitor."""
        super().__init__(self.TOKEN, name, {"kitchen": args.kitchen}, opts)
        KubernetesObject(
            name,
            api_version="monitoring.coreos.com/v1",
            kind="PodMonitor",
            metadata={"name": args.kitchen, "namespace": args.namespace, "labels": dict(args.labels)},
            spec={
                "selector": {"matchLabels": {SERVICE_LABEL: args.kitchen}},
                "podMetricsEndpoints": [
                    {"port": port, "path": "/metrics", "interval": _INTERVAL} for port in PORT_NAMES
                ],
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
