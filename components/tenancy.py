"""A tenant's namespace with its quota, limits and network rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.kubernetes_object import KubernetesObject
from components.labels import DOMAIN, SERVICE_LABEL
from components.vllm import SERVER_PORT

GATEWAY_LABEL = f"{DOMAIN}/access"
"""Namespace label; its value `gateway` admits the namespace's pods to the model servers."""

_DNS_PORTS = (53, 5353)


@dataclass(frozen=True, kw_only=True)
class TenantArgs:
    """Quota figures are cores, GiB and GPUs; `store_port` is the TCP port of the object store.

    `protect` refuses the deletion of the namespace, which would take everything in it along.
    """

    namespace: str
    labels: Mapping[str, str]
    gpus: int
    gpu_resources: Sequence[str]
    cpu: int
    memory_gib: int
    storage_gib: int
    store_port: int
    protect: bool


class Tenant(pulumi.ComponentResource):
    """A namespace held to `restricted`, with a quota, default limits, default-deny and the flows needed.

    Guaranteed: nothing enters or leaves the namespace but DNS look-ups, the object store's port, and calls from
    namespaces that are labelled as gateways to the model servers' port.
    """

    TOKEN = "kitchen:tenancy:Tenant"

    def __init__(self, name: str, args: TenantArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the namespace and everything that guards it."""
        super().__init__(self.TOKEN, name, {"namespace": args.namespace}, opts)
        namespace = KubernetesObject(
            name,
            api_version="v1",
            kind="Namespace",
            metadata={"name": args.namespace, "labels": {**args.labels, **_pod_security()}},
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        # The namespace's deletion removes what is in it: no need to delete each object first.
        child = pulumi.ResourceOptions(parent=self, depends_on=[namespace], deleted_with=namespace)
        guards: tuple[tuple[str, str, dict[str, Any]], ...] = (
            ("quota", "ResourceQuota", {"hard": _quota(args)}),
            ("limits", "LimitRange", {"limits": [_default_limits()]}),
        )
        for short, kind, spec in guards:
            KubernetesObject(
                f"{name}-{short}",
                api_version="v1",
                kind=kind,
                metadata=_metadata(short, args),
                spec=spec,
                opts=child,
            )
        for policy, spec in _network_policies(args.store_port).items():
            KubernetesObject(
                f"{name}-{policy}",
                api_version="networking.k8s.io/v1",
                kind="NetworkPolicy",
                metadata=_metadata(policy, args),
                spec=spec,
                opts=child,
            )
        self.namespace = args.namespace
        self.register_outputs({"namespace": args.namespace})


def _metadata(name: str, args: TenantArgs) -> Any:
    return {"name": name, "namespace": args.namespace, "labels": dict(args.labels)}


def _pod_security() -> dict[str, str]:
    return {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}


def _quota(args: TenantArgs) -> dict[str, str]:
    devices = {f"requests.{resource}": str(args.gpus) for resource in sorted(set(args.gpu_resources))}
    return {
        "requests.cpu": str(args.cpu),
        "requests.memory": f"{args.memory_gib}Gi",
        "limits.memory": f"{args.memory_gib}Gi",
        "requests.storage": f"{args.storage_gib}Gi",
        "services.nodeports": "0",
        "services.loadbalancers": "0",
        **devices,
    }


def _default_limits() -> Any:
    return {
        "type": "Container",
        # No default CPU limit: it would throttle servers, and contradict requests above it.
        "default": {"memory": "1Gi"},
        "defaultRequest": {"cpu": "100m", "memory": "256Mi"},
    }


def _network_policies(store_port: int) -> dict[str, Any]:
    dns = [{"port": port, "protocol": protocol} for port in _DNS_PORTS for protocol in ("UDP", "TCP")]
    server = {"matchExpressions": [{"key": SERVICE_LABEL, "operator": "Exists"}]}
    return {
        "default-deny": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        "allow-dns": {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [{"to": [{"namespaceSelector": {}}], "ports": dns}],
        },
        "allow-object-store": {
            "podSelector": server,
            "policyTypes": ["Egress"],
            "egress": [{"ports": [{"port": store_port, "protocol": "TCP"}]}],
        },
        "allow-gateway": {"podSelector": server, **gateway_ingress(SERVER_PORT)},
    }


def gateway_ingress(port: int) -> dict[str, Any]:
    """The part of a NetworkPolicy that lets gateways in to one port."""
    gateways = {"namespaceSelector": {"matchLabels": {GATEWAY_LABEL: "gateway"}}}
    return {"policyTypes": ["Ingress"], "ingress": [{"from": [gateways], "ports": [{"port": port, "protocol": "TCP"}]}]}
