"""A kitchen's pods as the entry knows them: each by its own address, so that none waits while another is free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components import naming
from components.kubernetes_object import KubernetesObject
from components.labels import SERVICE_LABEL


@dataclass(frozen=True, kw_only=True)
class KitchenPodsArgs:
    """`port` is the one on which the kitchen's pods serve."""

    namespace: str
    kitchen: str
    port: int
    labels: Mapping[str, str]


class KitchenPods(pulumi.ComponentResource):
    """A headless Service: its name stands for the addresses of the pods that are ready.

    KServe's own Service may be one address for all pods, behind which a connection stays with one pod.
    """

    TOKEN = "kitchen:entry:KitchenPods"

    def __init__(self, name: str, args: KitchenPodsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the Service."""
        super().__init__(self.TOKEN, name, {}, opts)
        KubernetesObject(
            f"{name}-pods",
            api_version="v1",
            kind="Service",
            metadata={
                "name": naming.entry_pods_service(args.kitchen),
                "namespace": args.namespace,
                "labels": dict(args.labels),
                # Without pods it has no addresses, which is no fault of the Service.
                "annotations": {"pulumi.com/skipAwait": "true"},
            },
            spec={
                "clusterIP": "None",
                "selector": {SERVICE_LABEL: args.kitchen},
                "ports": [{"name": "http", "port": args.port, "targetPort": args.port, "protocol": "TCP"}],
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
