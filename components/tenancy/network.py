"""The network rules of a tenant's namespace: default-deny both ways, and exactly the flows that servers need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from components.labels import DOMAIN, SERVICE_LABEL
from components.platform import Platform
from components.ports import PROXY_PORT, SERVER_PORT, STATUS_PORT

GATEWAY_LABEL = f"{DOMAIN}/access"
"""Namespace label: its value `gateway` admits the namespace's pods to the model servers, `metrics` to their metrics."""

_API_SERVER_PORT = 6443
PRIVATE_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
"""Networks that are not the internet: RFC 1918, RFC 6598 (shared address space) and RFC 4193."""

_NAMESPACE_NAME = "kubernetes.io/metadata.name"
_POLICY_GROUP = "network.openshift.io/policy-group"


@dataclass(frozen=True, kw_only=True)
class StoreAddress:
    """Where the object store's pods listen: a TCP port, in one namespace, in networks, or in any private network."""

    port: int
    namespace: str | None = None
    cidrs: Sequence[str] = ()

    def peers(self) -> list[dict[str, Any]]:
        """Peers of a rule; never none, which would mean the internet too."""
        if self.namespace is not None:
            return [_namespaces({_NAMESPACE_NAME: self.namespace})]
        return _networks(self.cidrs or PRIVATE_NETWORKS)


def network_policies(platform: Platform, store: StoreAddress) -> dict[str, Any]:
    """Specifications of NetworkPolicies by name."""
    server = {"matchExpressions": [{"key": SERVICE_LABEL, "operator": "Exists"}]}
    policies: dict[str, Any] = {
        "default-deny": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        "allow-dns": dns_egress(platform),
        "allow-object-store": store_egress(server, store),
        # With OpenShift AI the proxy is the only way in: the server's own port knows no callers.
        "allow-gateway": {
            "podSelector": server,
            **_ingress(_callers(platform), PROXY_PORT if platform.openshift_ai else SERVER_PORT),
        },
        "allow-metrics": {"podSelector": server, **_ingress(_scrapers(platform), SERVER_PORT, STATUS_PORT)},
    }
    if platform.openshift_ai:
        policies["allow-api-server"] = _egress(
            server, {"to": _networks(PRIVATE_NETWORKS), "ports": _tcp(_API_SERVER_PORT)}
        )
    return policies


def dns_egress(platform: Platform) -> dict[str, Any]:
    """A NetworkPolicy's specification that lets all pods out to the cluster's DNS servers."""
    namespace, port = platform.dns()
    ports = [{"port": port, "protocol": protocol} for protocol in ("UDP", "TCP")]
    return _egress({}, {"to": [_namespaces({_NAMESPACE_NAME: namespace})], "ports": ports})


def store_egress(pods: dict[str, Any], store: StoreAddress) -> dict[str, Any]:
    """A NetworkPolicy's specification that lets pods out to the object store, and nowhere else."""
    return _egress(pods, {"to": store.peers(), "ports": _tcp(store.port)})


def server_ingress(pods: dict[str, Any], platform: Platform, port: int) -> dict[str, Any]:
    """A NetworkPolicy's specification that lets callers and scrapers in to a server's port that is its own."""
    return {"podSelector": pods, **_ingress([*_callers(platform), *_scrapers(platform)], port)}


def _callers(platform: Platform) -> list[dict[str, Any]]:
    router = [_namespaces({_POLICY_GROUP: "ingress"})] if platform.has_routes else []
    return [_namespaces({GATEWAY_LABEL: "gateway"}), *router]


def _scrapers(platform: Platform) -> list[dict[str, Any]]:
    openshift = platform.kind == "openshift" and platform.monitoring
    return [
        _namespaces({GATEWAY_LABEL: "metrics"}),
        *([_namespaces({_POLICY_GROUP: "monitoring"})] if openshift else []),
    ]


def _namespaces(labels: dict[str, str]) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": labels}}


def _networks(cidrs: Sequence[str]) -> list[dict[str, Any]]:
    return [{"ipBlock": {"cidr": cidr}} for cidr in cidrs]


def _tcp(*ports: int) -> list[dict[str, Any]]:
    return [{"port": port, "protocol": "TCP"} for port in ports]


def _egress(pods: dict[str, Any], rule: dict[str, Any]) -> dict[str, Any]:
    return {"podSelector": pods, "policyTypes": ["Egress"], "egress": [rule]}


def _ingress(peers: list[dict[str, Any]], *ports: int) -> dict[str, Any]:
    return {"policyTypes": ["Ingress"], "ingress": [{"from": peers, "ports": _tcp(*ports)}]}
