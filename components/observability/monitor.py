"""Objects of Prometheus' operator by which it scrapes: one PodMonitor a target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.kubernetes_object import KubernetesObject
from components.observability.targets import Target, pod_monitor

API_VERSION = "monitoring.coreos.com/v1"


@dataclass(frozen=True, kw_only=True)
class KitchenMonitorArgs:
    """What is scraped; `labels` are those of ownership, and those by which your operator finds monitors."""

    target: Target
    labels: Mapping[str, str]


class KitchenMonitor(pulumi.ComponentResource):
    """A PodMonitor of the Prometheus operator; OpenShift's user-workload monitoring finds it by itself."""

    TOKEN = "kitchen:monitor:KitchenMonitor"

    def __init__(self, name: str, args: KitchenMonitorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the PodMonitor."""
        target = args.target
        super().__init__(self.TOKEN, name, {"target": target.name}, opts)
        KubernetesObject(
            name,
            api_version=API_VERSION,
            kind="PodMonitor",
            metadata={"name": target.name, "namespace": target.namespace, "labels": dict(args.labels)},
            spec=pod_monitor(target),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
