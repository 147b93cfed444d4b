"""Kubernetes objects for the components, without the SDK's generated classes.

The generated module of core/v1 alone takes 0.4 s to import on every preview, and its thousands of classes give
nothing to objects that are written as plain mappings. Types and state are the same as with them: a stack can go
from one to the other without a change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components import restarts

_GROUPS = {"v1": "core/v1"}
_FIELD_MANAGER = "pulumi.com/patchFieldManager"
_SECRET_OUTPUTS = {"Secret": ["data", "stringData"]}


class KubernetesObject(pulumi.CustomResource):
    """One object of the Kubernetes API, created by server-side apply.

    `metadata` must name the object: names are never generated. A Secret's data is secret in the state. The field
    manager is `<project>-<stack>`, not the provider's random one: what an interrupted create left is taken over whole
    by the next one, and an object that another stack or person wrote otherwise is a conflict, never overwritten.
    """

    def __init__(
        self,
        name: str,
        *,
        api_version: str,
        kind: str,
        metadata: Mapping[str, Any],
        opts: pulumi.ResourceOptions,
        **fields: Any,
    ) -> None:
        """Declare the object; `fields` are what stands beside its metadata, such as `spec` or `data`."""
        token = f"kubernetes:{_GROUPS.get(api_version, api_version)}:{kind}"
        manager = {_FIELD_MANAGER: f"{pulumi.get_project()}-{pulumi.get_stack()}"}
        annotated = {**metadata, "annotations": {**metadata.get("annotations", {}), **manager}}
        properties = {"apiVersion": api_version, "kind": kind, "metadata": annotated, **fields}
        own = pulumi.ResourceOptions(
            additional_secret_outputs=_SECRET_OUTPUTS.get(kind),
            hooks=restarts.binding(kind, metadata["name"], metadata.get("namespace", "")),
        )
        super().__init__(token, name, properties, pulumi.ResourceOptions.merge(opts, own))
