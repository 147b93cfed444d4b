"""A tenant's namespace with its quota, limits and network rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.kubernetes_object import KubernetesObject
from components.platform import Platform
from components.tenancy.network import StoreAddress, network_policies
from components.tenancy.provisions import Provision


@dataclass(frozen=True, kw_only=True)
class TenantArgs:
    """Quota figures are cores, GiB and GPUs; `provisions` are put into the namespace before any pod.

    `title` and `description` say on OpenShift what the Project is. `entry_namespace` is that of the entry, where there
    is one: its pods alone call the servers then. `mesh_labels` are those by which pods get a mesh's sidecar.
    `protect` refuses the deletion of the namespace, which would take everything in it along.
    """

    namespace: str
    labels: Mapping[str, str]
    gpus: int
    gpu_resources: Sequence[str]
    cpu: int
    memory_gib: int
    storage_gib: int
    platform: Platform
    store: StoreAddress
    title: str
    description: str
    provisions: Sequence[Provision]
    protect: bool
    entry_namespace: str | None = None
    mesh_labels: Mapping[str, str] = field(default_factory=dict)


class Tenant(pulumi.ComponentResource):
    """A namespace held to `restricted`, with a quota, default limits, default-deny and the flows needed.

    Guaranteed: nothing enters or leaves the namespace but DNS look-ups, the object store's port, calls from the entry
    (without one from namespaces that are labelled as gateways), and scrapes from those labelled for metrics
    (`network_policies` names each flow).
    """

    TOKEN = "kitchen:tenancy:Tenant"

    def __init__(self, name: str, args: TenantArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the namespace and everything that guards it."""
        super().__init__(self.TOKEN, name, {"namespace": args.namespace}, opts)
        namespace = KubernetesObject(
            name,
            api_version="v1",
            kind="Namespace",
            metadata={
                "name": args.namespace,
                "labels": {**args.labels, **_pod_security(), **args.mesh_labels},
                "annotations": args.platform.namespace_annotations(args.title, args.description),
            },
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
        for policy, spec in network_policies(args.platform, args.store, args.entry_namespace).items():
            KubernetesObject(
                f"{name}-{policy}",
                api_version="networking.k8s.io/v1",
                kind="NetworkPolicy",
                metadata=_metadata(policy, args),
                spec=spec,
                opts=child,
            )
        for provision in args.provisions:
            provision.declare(name, args.namespace, args.labels, child)
        self.namespace = args.namespace
        self.namespace_object = namespace
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
