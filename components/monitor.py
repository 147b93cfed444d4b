"""Which metrics of a kitchen Prometheus takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.kubernetes_object import KubernetesObject
from components.labels import SERVICE_LABEL

SERVER_PORT_NAME = "http1"
"""Name of the server's port in its pod."""

STATUS_PORT_NAME = "status"
"""Name of the port on which a sidecar tells its state."""

_INTERVAL = "30s"


@dataclass(frozen=True, kw_only=True)
class KitchenMonitorArgs:
    """`ports` are the names of the pods' ports whose /metrics are taken."""

    namespace: str
    kitchen: str
    labels: Mapping[str, str]
    ports: Sequence[str] = (SERVER_PORT_NAME,)


class KitchenMonitor(pulumi.ComponentResource):
    """A PodMonitor of the Prometheus operator; OpenShift's user-workload monitoring finds it by itself."""

    TOKEN = "kitchen:monitor:KitchenMonitor"

    def __init__(self, name: str, args: KitchenMonitorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the PodMonitor."""
        super().__init__(self.TOKEN, name, {"ports": list(args.ports)}, opts)
        KubernetesObject(
            name,
            api_version="monitoring.coreos.com/v1",
            kind="PodMonitor",
            metadata={"name": args.kitchen, "namespace": args.namespace, "labels": dict(args.labels)},
            spec={
                "selector": {"matchLabels": {SERVICE_LABEL: args.kitchen}},
                "podMetricsEndpoints": [
                    {"port": port, "path": "/metrics", "interval": _INTERVAL} for port in args.ports
                ],
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
