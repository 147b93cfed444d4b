"""Recorded and live objects for the tests of this folder, in the forms of the engine and of an API server."""

from __future__ import annotations

from typing import Any

MANAGER = "kitchen-dev"


def recorded_object(
    kind: str, name: str, namespace: str = "sales-dev", api: str = "v1", **fields: Any
) -> dict[str, Any]:
    """A resource of a state."""
    inside = {"namespace": namespace} if namespace else {}
    metadata = {"name": name, **inside, "annotations": {"pulumi.com/patchFieldManager": MANAGER}}
    return {
        "urn": f"urn:pulumi:dev::kitchen::kubernetes:{api}:{kind}::{namespace}-{name}",
        "type": f"kubernetes:{api}:{kind}",
        "custom": True,
        "id": f"{namespace}/{name}",
        "inputs": {"apiVersion": api, "kind": kind, "metadata": metadata, **fields},
    }


def tree(value: Any) -> Any:
    """What a manager holds that has applied `value`: maps by key, everything else as a whole."""
    return {f"f:{key}": tree(inner) for key, inner in value.items()} if isinstance(value, dict) else {}


def row(manager: str, fields: dict[str, Any], operation: str = "Apply") -> dict[str, Any]:
    """An entry of managedFields."""
    return {"manager": manager, "operation": operation, "time": "2026-11-29T02:00:00Z", "fieldsV1": tree(fields)}


def live_object(resource: dict[str, Any], *rows: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """The object as recorded, with `changed` in the place of its fields; managed by us unless `rows` say who."""
    inputs = {**resource["inputs"], **changed}
    own = {key: value for key, value in inputs.items() if key not in ("apiVersion", "kind")}
    own["metadata"] = {"annotations": inputs["metadata"]["annotations"]}
    managed = list(rows) or [row(MANAGER, own)]
    return {**inputs, "metadata": {**inputs["metadata"], "uid": "1", "managedFields": managed}}
