"""Workloads of the mesh on loopback: what Kubernetes and Istio know of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

INBOUND, OUTBOUND = 15006, 15001
"""Ports of a sidecar to which a pod's connections are led: those that come, and those that its program opens."""

_NETWORKING = "networking.istio.io"
_TYPES = "type.googleapis.com/envoy.extensions.filters"


@dataclass(frozen=True, kw_only=True)
class Pod:
    """`address` is the one that others call; the program listens on `inside`, which nobody else knows.

    On one machine the two must differ: the kernel of a real pod tells the sidecar's own connections from those of
    others by its user. `kind` is `sidecar`, or `router` for a gateway of the mesh, whose `listeners` are its own.
    """

    name: str
    namespace: str
    account: str
    address: str
    inside: str
    labels: Mapping[str, str] = field(default_factory=dict)
    kind: str = "sidecar"
    listeners: tuple[int, ...] = ()

    @property
    def all_labels(self) -> dict[str, str]:
        """Its labels, and the one by which Istio's injector marks pods that speak mTLS."""
        return {**self.labels, "security.istio.io/tlsMode": "istio"}

    def objects(self) -> Iterator[dict[str, Any]]:
        """What istiod is told: the workload, and what a sidecar does otherwise where no kernel redirects.

        The workload is a WorkloadEntry, because Kubernetes takes no endpoint on loopback; Services choose it by its
        labels as they choose pods. The EnvoyFilter binds the pod's address instead of all, and reads from a header
        where a connection went to. It writes the protocol of a call into the TLS between sidecars too, as a filter
        does that only Istio's own build of Envoy has. Filter chains, clusters and rules stay as istiod makes them.
        """
        spec = {"address": self.address, "labels": self.all_labels, "serviceAccount": self.account}
        yield self._object("v1", "WorkloadEntry", self.name, spec)
        patches = list(self._gateway() if self.kind == "router" else self._sidecar())
        selected = {"workloadSelector": {"labels": dict(self.labels)}, "configPatches": patches}
        yield self._object("v1alpha3", "EnvoyFilter", f"on-loopback-{self.name}", selected)

    def _object(self, version: str, kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
        metadata = {"name": name, "namespace": self.namespace}
        return {"apiVersion": f"{_NETWORKING}/{version}", "kind": kind, "metadata": metadata, "spec": spec}

    def _gateway(self) -> Iterator[dict[str, Any]]:
        for port in self.listeners:
            match = {"context": "GATEWAY", "listener": {"portNumber": port}}
            yield _patch("LISTENER", match, "MERGE", {"address": socket_address(self.address, port)})

    def _sidecar(self) -> Iterator[dict[str, Any]]:
        reads = _filter("envoy.filters.listener.proxy_protocol", "listener.proxy_protocol.v3.ProxyProtocol")
        for name, way, port in (("virtualInbound", "INBOUND", INBOUND), ("virtualOutbound", "OUTBOUND", OUTBOUND)):
            match = {"context": f"SIDECAR_{way}", "listener": {"name": name}}
            yield _patch("LISTENER", match, "MERGE", {"address": socket_address(self.address, port)})
            yield _patch("LISTENER_FILTER", match, "INSERT_FIRST", reads)
        says = {
            "object_key": "envoy.network.application_protocols",
            "format_string": {"text_format_source": {"inline_string": "istio-http/1.1"}},
            "shared_with_upstream": "ONCE",
        }
        protocol = _filter("protocol", "http.set_filter_state.v3.Config", on_request_headers=[says])
        manager = {"filterChain": {"filter": {"name": "envoy.filters.network.http_connection_manager"}}}
        yield _patch("HTTP_FILTER", {"context": "SIDECAR_OUTBOUND", "listener": manager}, "INSERT_FIRST", protocol)


def socket_address(address: str, port: int) -> dict[str, Any]:
    """An address as Envoy's configuration has it."""
    return {"socket_address": {"address": address, "port_value": port}}


def _filter(name: str, kind: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "typed_config": {"@type": f"{_TYPES}.{kind}", **fields}}


def _patch(applied: str, match: dict[str, Any], operation: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"applyTo": applied, "match": match, "patch": {"operation": operation, "value": value}}
