"""The namespace of what is seen of an environment: its rules, its dashboards, and monitors of the platform's parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.kubernetes_object import KubernetesObject
from components.observability.groups import Group
from components.observability.monitor import API_VERSION
from components.observability.targets import PlatformTarget, platform_monitor
from components.platform import Platform


@dataclass(frozen=True, kw_only=True)
class MonitoringArgs:
    """`labels` are those of ownership; `found_by` those by which your Prometheus operator finds rules and monitors."""

    namespace: str
    environment: str
    labels: Mapping[str, str]
    groups: Sequence[Group]
    platform: Platform
    found_by: Mapping[str, str] = field(default_factory=dict)
    parts: Sequence[PlatformTarget] = ()
    protect: bool = False


class Monitoring(pulumi.ComponentResource):
    """A namespace without pods, one PrometheusRule a group of rules, and monitors of parts of the platform.

    Guaranteed: no pod and no Service may be in the namespace, so that whoever may write rules runs nothing there.
    """

    TOKEN = "kitchen:monitoring:Monitoring"

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare everything."""
        super().__init__(self.TOKEN, name, {"namespace": args.namespace}, opts)
        self._name, self._args = name, args
        modes = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
        title, text = f"monitoring ({args.environment})", "Private AI Kitchen: alerts and dashboards"
        self.namespace_object = KubernetesObject(
            name,
            api_version="v1",
            kind="Namespace",
            metadata={
                "name": args.namespace,
                "labels": {**args.labels, **modes},
                "annotations": args.platform.namespace_annotations(title, text),
            },
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        self._child = pulumi.ResourceOptions(
            parent=self, depends_on=[self.namespace_object], deleted_with=self.namespace_object
        )
        closed = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
        self._object("default-deny", "networking.k8s.io/v1", "NetworkPolicy", closed)
        nothing = dict.fromkeys(("pods", "services", "requests.cpu", "requests.memory", "limits.memory"), "0")
        self._object("quota", "v1", "ResourceQuota", {"hard": nothing})
        for group in args.groups:
            self._object(f"kitchen-{group.name}", API_VERSION, "PrometheusRule", {"groups": [group.content()]})
        for target in args.parts:
            kind, spec = platform_monitor(args.environment, target)
            self._object(target.part, API_VERSION, kind, spec)
        self.register_outputs({"namespace": args.namespace})

    def _object(self, called: str, api_version: str, kind: str, spec: Mapping[str, Any]) -> None:
        found_by = self._args.found_by if api_version == API_VERSION else {}
        KubernetesObject(
            f"{self._name}-{kind.lower()}-{called}",
            api_version=api_version,
            kind=kind,
            metadata={
                "name": called,
                "namespace": self._args.namespace,
                "labels": {**self._args.labels, **found_by},
            },
            spec=dict(spec),
            opts=self._child,
        )
