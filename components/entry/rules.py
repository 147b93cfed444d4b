"""The network rules of the entry's namespace: the door comes in, servers and issuers are reached, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.entry.doors.parts import labelled_peers
from components.entry.plan import EntryPlan
from components.entry.shipper import PORT as RECORD_PORT
from components.facts import ENTRY_PODS
from components.platform import Platform
from components.tenancy.network import (
    PRIVATE_NETWORKS,
    StoreAddress,
    dns_egress,
    networks,
    of_namespaces,
    scrapers,
    store_egress,
    tcp,
)

_NAMESPACE_NAME = "kubernetes.io/metadata.name"


@dataclass(frozen=True, kw_only=True)
class Reached:
    """What the entry reaches beside its own namespace: servers' namespaces by their ports, the store, ports of issuers.

    `doors` are the peers that reach the entry; none are namespaces labelled as gateways and OpenShift's routers.
    """

    servers: Mapping[str, Sequence[int]]
    store: StoreAddress
    issuer_ports: Sequence[int] = ()
    doors: Sequence[Mapping[str, Any]] = ()


def network_policies(plan: EntryPlan, platform: Platform, reached: Reached) -> dict[str, Any]:
    """Specifications of NetworkPolicies by name."""
    entry = {"matchLabels": dict(ENTRY_PODS)}
    doors = list(reached.doors) or labelled_peers(routers=platform.kind == "openshift")
    policies: dict[str, Any] = {
        "default-deny": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        "allow-dns": dns_egress(platform),
        "allow-door": {
            "podSelector": entry,
            "policyTypes": ["Ingress"],
            "ingress": [
                {"from": doors, "ports": tcp(plan.ports.callers)},
                {"from": scrapers(platform), "ports": tcp(plan.ports.metrics, RECORD_PORT)},
            ],
        },
        "allow-object-store": store_egress(entry, reached.store),
        "allow-servers": {
            "podSelector": entry,
            "policyTypes": ["Egress"],
            "egress": [
                {"to": [of_namespaces({_NAMESPACE_NAME: namespace})], "ports": tcp(*ports)}
                for namespace, ports in sorted(reached.servers.items())
            ],
        },
    }
    if reached.issuer_ports:
        policies["allow-issuers"] = {
            "podSelector": entry,
            "policyTypes": ["Egress"],
            "egress": [{"to": networks(PRIVATE_NETWORKS), "ports": tcp(*reached.issuer_ports)}],
        }
    return policies
