"""A kitchen's address outside an OpenShift cluster, where OpenShift AI does not make it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.kubernetes_object import KubernetesObject

_TIMEOUT = "10m"
"""Longest silence on a connection: a long answer that is not streamed says nothing until its end."""


@dataclass(frozen=True, kw_only=True)
class KitchenRouteArgs:
    """`host` is the whole name; `sources` are the networks (CIDR) that may call, at least one; `port` is the pods'."""

    namespace: str
    kitchen: str
    service: str
    port: int
    host: str
    sources: Sequence[str]
    labels: Mapping[str, str]


class KitchenRoute(pulumi.ComponentResource):
    """An OpenShift Route to a kitchen: TLS ends at the router, plain HTTP is not answered.

    The server knows no callers, so that the networks are all that keeps others out: an empty list is refused
    (ValueError). Between router and pod the NetworkPolicy admits the router's namespaces alone.
    """

    TOKEN = "kitchen:route:KitchenRoute"

    def __init__(self, name: str, args: KitchenRouteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the Route."""
        if not args.sources:
            raise ValueError("sources: missing; rule: a Route without authentication names networks; ex.: 10.0.0.0/8")
        super().__init__(self.TOKEN, name, {"host": args.host}, opts)
        KubernetesObject(
            name,
            api_version="route.openshift.io/v1",
            kind="Route",
            metadata={
                "name": args.kitchen,
                "namespace": args.namespace,
                "labels": dict(args.labels),
                "annotations": {
                    "haproxy.router.openshift.io/timeout": _TIMEOUT,
                    "haproxy.router.openshift.io/ip_allowlist": " ".join(args.sources),
                    # Older routers know this name alone, and a name that a router does not know lets everybody in.
                    "haproxy.router.openshift.io/ip_whitelist": " ".join(args.sources),
                },
            },
            spec={
                "host": args.host,
                "to": {"kind": "Service", "name": args.service, "weight": 100},
                # The port of the pods: KServe's Service is headless or not, and its port's name its own affair.
                "port": {"targetPort": args.port},
                "tls": {"termination": "edge", "insecureEdgeTerminationPolicy": "None"},
                "wildcardPolicy": "None",
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"host": args.host})
