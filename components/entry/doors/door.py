"""A door's objects in one namespace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.entry.doors.parts import Part
from components.kubernetes_object import KubernetesObject


@dataclass(frozen=True, kw_only=True)
class DoorArgs:
    """`parts` are declared in their order, each after the one before it; the last one opens the door."""

    namespace: str
    labels: Mapping[str, str]
    parts: Sequence[Part]


class Door(pulumi.ComponentResource):
    """The objects by which calls come to the entry, or by which a mesh guards a namespace.

    Guaranteed: what guards is there before what opens.
    """

    TOKEN = "kitchen:doors:Door"

    def __init__(self, name: str, args: DoorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the parts."""
        super().__init__(self.TOKEN, name, {}, opts)
        before: list[pulumi.Resource] = []
        for part in args.parts:
            made = KubernetesObject(
                f"{name}-{part.kind.lower()}-{part.name}",
                api_version=part.api_version,
                kind=part.kind,
                metadata={
                    "name": part.name,
                    "namespace": args.namespace,
                    "labels": dict(args.labels),
                    **({"annotations": dict(part.annotations)} if part.annotations else {}),
                },
                opts=pulumi.ResourceOptions(parent=self, depends_on=before),
                **part.fields,
            )
            before = [made]
        self.register_outputs({})
