"""The priority of an environment's servers when GPUs are short."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components import naming
from components.kubernetes_object import KubernetesObject


@dataclass(frozen=True, kw_only=True)
class PriorityArgs:
    """`value` orders pods, a higher one first; `preempt` lets waiting pods displace those of a lower value."""

    environment: str
    value: int
    preempt: bool
    labels: Mapping[str, str]


class Priority(pulumi.ComponentResource):
    """A PriorityClass of one environment; never the cluster's default.

    Its value cannot be changed in Kubernetes: another one replaces the class, and pods keep the value that they
    started with.
    """

    TOKEN = "kitchen:priority:Priority"

    def __init__(self, name: str, args: PriorityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the class."""
        self.class_name = naming.priority_class(args.environment)
        super().__init__(self.TOKEN, name, {"class": self.class_name}, opts)
        KubernetesObject(
            name,
            api_version="scheduling.k8s.io/v1",
            kind="PriorityClass",
            metadata={"name": self.class_name, "labels": dict(args.labels)},
            value=args.value,
            preemptionPolicy="PreemptLowerPriority" if args.preempt else "Never",
            globalDefault=False,
            description=f"model servers of the environment {args.environment}",
            opts=pulumi.ResourceOptions(
                parent=self, replace_on_changes=["value", "preemptionPolicy"], delete_before_replace=True
            ),
        )
        self.register_outputs({"class": self.class_name})
