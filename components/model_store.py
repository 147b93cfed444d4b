"""The volume that holds a base model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components import naming
from components.kubernetes_object import KubernetesObject


@dataclass(frozen=True, kw_only=True)
class BaseModelVolumeArgs:
    """`base_model` is `<name>/vN`; `size_gib` the size of the volume; `protect` refuses its deletion."""

    namespace: str
    base_model: str
    size_gib: int
    storage_class: str
    access_mode: str
    labels: Mapping[str, str]
    protect: bool


class BaseModelVolume(pulumi.ComponentResource):
    """A PersistentVolumeClaim for one version of a base model.

    `storage_uri` is what KServe mounts read-only at /mnt/models: `pvc://<claim>/base/<name>/vN`. The claim is not
    waited for: a class that binds with its first pod would never come to an end, and the server waits anyway.
    """

    TOKEN = "kitchen:model_store:BaseModelVolume"

    def __init__(self, name: str, args: BaseModelVolumeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the claim."""
        claim = naming.base_model_claim(args.base_model)
        self.storage_uri = f"pvc://{claim}/base/{args.base_model}"
        super().__init__(self.TOKEN, name, {"storageUri": self.storage_uri}, opts)
        KubernetesObject(
            name,
            api_version="v1",
            kind="PersistentVolumeClaim",
            metadata={
                "name": claim,
                "namespace": args.namespace,
                "labels": dict(args.labels),
                "annotations": {"pulumi.com/skipAwait": "true"},
            },
            spec={
                "accessModes": [args.access_mode],
                "storageClassName": args.storage_class,
                "resources": {"requests": {"storage": f"{args.size_gib}Gi"}},
            },
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        self.register_outputs({"storageUri": self.storage_uri})
