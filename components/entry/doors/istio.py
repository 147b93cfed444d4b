"""The door by Istio: its ingress gateway leads TLS through to the entry, and the mesh lets nobody else call.

The sidecars of the mesh prove who calls whom by certificates: the ingress gateway alone reaches the entry, and the
entry alone reaches servers. TLS of callers ends in the entry, as it does without a mesh: nothing else parses them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.entry.counter import pods as counter
from components.entry.doors.parts import PORT, SERVICE, Part, Way
from components.facts import ENTRY_PODS
from components.tenancy.network import of_namespaces, tcp

_NETWORKING, _SECURITY = "networking.istio.io/v1", "security.istio.io/v1"
_CONTROL_PORT = 15012
"""Port of istiod on which sidecars get their configuration and certificates, over TLS."""

_NAMESPACE_NAME = "kubernetes.io/metadata.name"


@dataclass(frozen=True, kw_only=True)
class Mesh:
    """Istio as it is installed: the ingress gateway's pods by labels, namespace and ServiceAccount, and istiod's
    namespace. `revision` names the control plane where there are several.
    """

    selector: Mapping[str, str]
    namespace: str
    service_account: str
    control_namespace: str
    trust_domain: str
    revision: str | None = None

    def namespace_labels(self) -> dict[str, str]:
        """Labels of a namespace whose pods get a sidecar."""
        return {"istio-injection": "enabled"} if self.revision is None else {"istio.io/rev": self.revision}

    def principal(self, namespace: str, service_account: str) -> str:
        """An identity as the mesh's certificates have it."""
        return f"{self.trust_domain}/ns/{namespace}/sa/{service_account}"

    def peers(self) -> list[dict[str, Any]]:
        """The ingress gateway's pods as peers of a network rule."""
        return [{**self._of_gateway(), "podSelector": {"matchLabels": dict(self.selector)}}]

    def _of_gateway(self) -> dict[str, Any]:
        return of_namespaces({_NAMESPACE_NAME: self.namespace})


def guards_of_entry(mesh: Mesh, port: int) -> list[Part]:
    """What holds in the entry's namespace: mTLS, and the ingress gateway alone calls the entry's `port`."""
    door = mesh.principal(mesh.namespace, mesh.service_account)
    return [*_closed(mesh), _allowed("allow-door", door, [port], {"matchLabels": dict(ENTRY_PODS)})]


def guards_of_counter(mesh: Mesh, namespace: str) -> list[Part]:
    """What holds for the shared counter in the entry's namespace: the entry asks it, and it alone its numbers."""
    asked = (counter.COUNTER, SERVICE, counter.GRPC_PORT)
    kept = (counter.VALKEY, counter.COUNTER, counter.VALKEY_PORT)
    return [
        _allowed(
            f"allow-{called}",
            mesh.principal(namespace, account),
            [port],
            {"matchLabels": {"app.kubernetes.io/name": called}},
        )
        for called, account, port in (asked, kept)
    ] + [_headless(counter.COUNTER, namespace)]


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """A tenant's namespace: the ports of its servers, and the headless Services by which the entry knows their pods."""

    namespace: str
    ports: Sequence[int] = ()
    services: Sequence[str] = ()


def guards_of_tenant(mesh: Mesh, entry_namespace: str, tenant: Guarded) -> list[Part]:
    """What holds in a tenant's namespace: mTLS, and the entry's ServiceAccount alone calls the servers' ports."""
    entry = mesh.principal(entry_namespace, SERVICE)
    allowed = [_allowed("allow-entry", entry, tenant.ports)] if tenant.ports else []
    return [*_closed(mesh), *allowed, *(_headless(name, tenant.namespace) for name in tenant.services)]


def istio(way: Way, mesh: Mesh) -> list[Part]:
    """The Gateway that takes TLS for the entry's host name, and the VirtualService that leads it there as it is."""
    server = {
        "port": {"number": PORT, "name": "tls-entry", "protocol": "TLS"},
        "hosts": [f"./{way.host}"],
        "tls": {"mode": "PASSTHROUGH"},
    }
    led = {
        "match": [{"port": PORT, "sniHosts": [way.host]}],
        "route": [{"destination": {"host": way.service_host, "port": {"number": PORT}}}],
    }
    gateway = {"selector": dict(mesh.selector), "servers": [server]}
    return [
        _part(_NETWORKING, "Gateway", SERVICE, gateway),
        _part(_NETWORKING, "VirtualService", SERVICE, {"hosts": [way.host], "gateways": [SERVICE], "tls": [led]}),
    ]


def _closed(mesh: Mesh) -> list[Part]:
    control = {
        "to": [of_namespaces({_NAMESPACE_NAME: mesh.control_namespace})],
        "ports": tcp(_CONTROL_PORT),
    }
    allowed = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [control]}
    return [
        _part("networking.k8s.io/v1", "NetworkPolicy", "allow-mesh", allowed),
        _part(_SECURITY, "PeerAuthentication", "default", {"mtls": {"mode": "STRICT"}}),
        # No rule: nobody. What is allowed is said by other policies.
        _part(_SECURITY, "AuthorizationPolicy", "allow-nothing", {}),
    ]


def _allowed(name: str, principal: str, ports: Sequence[int], selector: dict[str, Any] | None = None) -> Part:
    rule = {
        "from": [{"source": {"principals": [principal]}}],
        "to": [{"operation": {"ports": [str(port) for port in ports]}}],
    }
    about: dict[str, Any] = {} if selector is None else {"selector": selector}
    return _part(_SECURITY, "AuthorizationPolicy", name, {**about, "action": "ALLOW", "rules": [rule]})


def _headless(service: str, namespace: str) -> Part:
    """Callers speak mTLS to a headless Service always.

    Istio itself lets them only once it knows a pod, and only while every pod has a sidecar: the first calls of a
    server that has come up would go in the clear, which the server refuses.
    """
    host = f"{service}.{namespace}.svc.cluster.local"
    said = {"host": host, "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}}
    return _part(_NETWORKING, "DestinationRule", service, said)


def _part(api_version: str, kind: str, name: str, spec: dict[str, Any]) -> Part:
    return Part(api_version=api_version, kind=kind, name=name, fields={"spec": spec})
