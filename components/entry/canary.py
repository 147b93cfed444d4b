"""Calls of a kitchen shared by weight between its servers and those of a canary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.kubernetes_object import KubernetesObject

SERVICE_PORT = 80
"""Port of the Service that KServe makes for a predictor in Standard mode."""


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A Service and its share of the calls, in percent."""

    service: str
    weight: int


@dataclass(frozen=True, kw_only=True)
class WeightedRouteArgs:
    """`gateway` is the Gateway that the route attaches to; its listener must admit routes of this namespace.

    `paths` are what callers reach: the server's other paths, metrics and adapter loading among them, are not routed.
    """

    namespace: str
    kitchen: str
    labels: Mapping[str, str]
    gateway: str
    gateway_namespace: str
    host: str
    paths: Sequence[str]
    backends: Sequence[Backend]


class WeightedRoute(pulumi.ComponentResource):
    """An HTTPRoute of the Gateway API in front of a kitchen: one host name, shares by weight.

    Guaranteed: the host name stays the same with and without a canary, and only the paths of `paths` are routed.
    KServe 0.20 accepts `spec.canary` in Standard mode but its routes carry no weights (httproute_reconciler.go):
    this route does.
    """

    TOKEN = "kitchen:canary:WeightedRoute"

    def __init__(self, name: str, args: WeightedRouteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the HTTPRoute."""
        super().__init__(self.TOKEN, name, {"host": args.host}, opts)
        KubernetesObject(
            f"{name}-route",
            api_version="gateway.networking.k8s.io/v1",
            kind="HTTPRoute",
            metadata={"name": args.kitchen, "namespace": args.namespace, "labels": dict(args.labels)},
            spec=route_spec(args),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"host": args.host})


def route_spec(args: WeightedRouteArgs) -> dict[str, Any]:
    """`spec` of the HTTPRoute."""
    return {
        "parentRefs": [{"name": args.gateway, "namespace": args.gateway_namespace}],
        "hostnames": [args.host],
        "rules": [
            {
                "matches": [{"path": {"type": "Exact", "value": path}} for path in args.paths],
                "backendRefs": [
                    {"name": backend.service, "port": SERVICE_PORT, "weight": backend.weight}
                    for backend in args.backends
                ],
                # Long answers take minutes; a Gateway's own limit (Envoy: 15 seconds) would cut them off.
                "timeouts": {"request": "0s"},
            }
        ],
    }
