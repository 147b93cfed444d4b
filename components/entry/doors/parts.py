"""What doors of all kinds share: the way to the entry, and the objects that a door is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.tenancy.network import GATEWAY_LABEL, INGRESS_ROUTERS, of_namespaces

SERVICE, PORT_NAME, PORT = "entry", "https", 443
"""The entry's Service and its port."""

SILENCE_SECONDS = 720
"""Longest silence that a door bears: more than the 660 seconds of the entry, whose answer callers understand."""

BODY_ABOVE_KIB = 64
"""How much larger a body a door lets through than the entry: the refusal that callers see is the entry's."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """What a door leads to: the entry's Service in `namespace`, by the host name that callers use.

    `tls_secret` holds the entry's certificate, `certified` is a name that it has and that a door checks, and `paths`
    are the paths of the API, each to be matched whole.
    """

    namespace: str
    host: str
    tls_secret: str
    certified: str
    body_kib: int
    paths: Sequence[str]

    @property
    def service_host(self) -> str:
        """Host name of the entry's Service in the cluster."""
        return f"{SERVICE}.{self.namespace}.svc.cluster.local"


@dataclass(frozen=True, kw_only=True)
class Part:
    """An object of a door: what stands beside its metadata are `fields`, such as `spec`."""

    api_version: str
    kind: str
    name: str
    fields: Mapping[str, Any]
    annotations: Mapping[str, str] = field(default_factory=dict)


def labelled_peers(*, routers: bool = False) -> list[dict[str, Any]]:
    """Peers of a network rule: namespaces labelled as gateways, and on OpenShift those of its routers."""
    peers = [of_namespaces({GATEWAY_LABEL: "gateway"})]
    return [*peers, of_namespaces(INGRESS_ROUTERS)] if routers else peers
