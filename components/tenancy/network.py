"""The network rules of a tenant's namespace: default-deny both ways, and exactly the flows that servers need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.facts import ENTRY_PODS
from components.labels import DOMAIN, SERVICE_LABEL
from components.platform import PROMETHEUS_PODS, Platform
from components.ports import PROXY_PORT, SERVER_PORT, STATUS_PORT

GATEWAY_LABEL = f"{DOMAIN}/access"
"""Namespace label: its value `gateway` admits the namespace's pods to the model servers, `metrics` to their metrics."""

_API_SERVER_PORT = 6443
PRIVATE_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
"""Networks that are not the internet: RFC 1918, RFC 6598 (shared address space) and RFC 4193."""

_NAMESPACE_NAME = "kubernetes.io/metadata.name"
_POLICY_GROUP = "network.openshift.io/policy-group"
INGRESS_ROUTERS = {_POLICY_GROUP: "ingress"}
"""Label of the namespaces where OpenShift's routers are."""

_USER_WORKLOAD = {**PROMETHEUS_PODS, "app.kubernetes.io/instance": "user-workload"}
"""The Prometheus of user-workload monitoring, as its operator labels it (cluster-monitoring-operator,
assets/prometheus-user-workload/prometheus.yaml): it alone scrapes namespaces of ours."""


@dataclass(frozen=True, kw_only=True)
class StoreAddress:
    """Where the object store's pods listen: a TCP port, in one namespace, in networks, or in any private network."""

    port: int
    namespace: str | None = None
    cidrs: Sequence[str] = ()

    def peers(self) -> list[dict[str, Any]]:
        """Peers of a rule; never none, which would mean the internet too."""
        if self.namespace is not None:
            return [of_namespaces({_NAMESPACE_NAME: self.namespace})]
        return networks(self.cidrs or PRIVATE_NETWORKS)


def network_policies(platform: Platform, store: StoreAddress, entry_namespace: str | None = None) -> dict[str, Any]:
    """Specifications of NetworkPolicies by name; where there is an entry, nothing else calls servers."""
    server = {"matchExpressions": [{"key": SERVICE_LABEL, "operator": "Exists"}]}
    policies: dict[str, Any] = {
        "default-deny": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        "allow-dns": dns_egress(platform),
        "allow-object-store": store_egress(server, store),
        # With OpenShift AI the proxy is the only way in: the server's own port knows no callers.
        "allow-gateway": {
            "podSelector": server,
            **_ingress(_callers(platform, entry_namespace), PROXY_PORT if platform.openshift_ai else SERVER_PORT),
        },
        "allow-metrics": {"podSelector": server, **_ingress(scrapers(platform), SERVER_PORT, STATUS_PORT)},
    }
    if platform.openshift_ai:
        policies["allow-api-server"] = _egress(
            server, {"to": networks(PRIVATE_NETWORKS), "ports": tcp(_API_SERVER_PORT)}
        )
    return policies


def dns_egress(platform: Platform) -> dict[str, Any]:
    """A NetworkPolicy's specification that lets all pods out to the cluster's DNS servers."""
    namespace, port = platform.dns()
    ports = [{"port": port, "protocol": protocol} for protocol in ("UDP", "TCP")]
    return _egress({}, {"to": [of_namespaces({_NAMESPACE_NAME: namespace})], "ports": ports})


def store_egress(pods: dict[str, Any], store: StoreAddress) -> dict[str, Any]:
    """A NetworkPolicy's specification that lets pods out to the object store, and nowhere else."""
    return _egress(pods, {"to": store.peers(), "ports": tcp(store.port)})


def server_ingress(
    pods: dict[str, Any], platform: Platform, port: int, entry_namespace: str | None = None
) -> dict[str, Any]:
    """A NetworkPolicy's specification that lets callers and scrapers in to a server's port that is its own."""
    return {"podSelector": pods, **_ingress([*_callers(platform, entry_namespace), *scrapers(platform)], port)}


def scrapers_ingress(pods: dict[str, Any], platform: Platform, *ports: int) -> dict[str, Any]:
    """A NetworkPolicy's specification that lets in what scrapes metrics, and nobody else."""
    return {"podSelector": pods, **_ingress(scrapers(platform), *ports)}


def entry_pods(namespace: str) -> dict[str, Any]:
    """The entry's pods as a peer of a rule, wherever that rule stands."""
    return {**of_namespaces({_NAMESPACE_NAME: namespace}), "podSelector": {"matchLabels": dict(ENTRY_PODS)}}


def _callers(platform: Platform, entry_namespace: str | None) -> list[dict[str, Any]]:
    if entry_namespace is not None:
        return [entry_pods(entry_namespace)]
    router = [of_namespaces(INGRESS_ROUTERS)] if platform.has_routes else []
    return [of_namespaces({GATEWAY_LABEL: "gateway"}), *router]


def scrapers(platform: Platform) -> list[dict[str, Any]]:
    """Peers that take metrics: Prometheus in namespaces that are labelled for it, and OpenShift's for user workloads.

    Grafana, Alertmanager and exporters stand in the same namespaces, and take none.
    """
    openshift = platform.kind == "openshift" and platform.monitoring
    return [
        {**of_namespaces({GATEWAY_LABEL: "metrics"}), **_pods(platform.scraper_pods)},
        *([{**of_namespaces({_POLICY_GROUP: "monitoring"}), **_pods(_USER_WORKLOAD)}] if openshift else []),
    ]


def _pods(labels: Mapping[str, str]) -> dict[str, Any]:
    return {"podSelector": {"matchLabels": dict(labels)}}


def of_namespaces(labels: dict[str, str]) -> dict[str, Any]:
    """Every pod of the namespaces with these labels, as a peer of a rule."""
    return {"namespaceSelector": {"matchLabels": labels}}


def networks(cidrs: Sequence[str]) -> list[dict[str, Any]]:
    """Networks as peers of a rule."""
    return [{"ipBlock": {"cidr": cidr}} for cidr in cidrs]


def tcp(*ports: int) -> list[dict[str, Any]]:
    """TCP ports of a rule."""
    return [{"port": port, "protocol": "TCP"} for port in ports]


def _egress(pods: dict[str, Any], rule: dict[str, Any]) -> dict[str, Any]:
    return {"podSelector": pods, "policyTypes": ["Egress"], "egress": [rule]}


def _ingress(peers: list[dict[str, Any]], *ports: int) -> dict[str, Any]:
    return {"policyTypes": ["Ingress"], "ingress": [{"from": peers, "ports": tcp(*ports)}]}
