"""Where a resource of the program is found, read from its inputs: what is made and not recorded is looked for there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

BUCKET, QUOTA, USER = ":S3Bucket", ":MinioQuota", ":MinioUser"
_BUCKET = ("endpoint", "region", "bucket")
_IN_STORE = {BUCKET: _BUCKET, QUOTA: _BUCKET, USER: ("endpoint", "region", "accessKey", "user", "owner")}
_FIXED = {
    "PriorityClass": ("value", "preemptionPolicy"),
    "StatefulSet": ("spec",),
    "LLMInferenceService": ("spec",),
}
"""What Kubernetes (or the program, on its behalf) does not change of an object once it is made."""


def place_of(kind: str, inputs: Mapping[str, Any]) -> dict[str, str]:
    """Namespace and name of a Kubernetes object; for a bucket or a user of the store what finds it; else nothing."""
    if is_object(kind):
        metadata = inputs.get("metadata") or {}
        return {key: str(metadata[key]) for key in ("namespace", "name") if metadata.get(key)}
    keys = next((keys for end, keys in _IN_STORE.items() if kind.endswith(end)), ())
    return {key: str(inputs[key]) for key in keys if inputs.get(key)}


def is_object(kind: str) -> bool:
    """Whether a resource type is a kind of Kubernetes objects."""
    return kind.startswith("kubernetes:")


def fixed_sum(kind: str, inputs: Mapping[str, Any]) -> str:
    """Sum of the parts that cannot change in place; another sum is another object of the same name."""
    parts = _FIXED.get(kind.rpartition(":")[2], ()) if is_object(kind) else ()
    if not parts:
        return ""
    told = json.dumps({part: inputs.get(part) for part in parts}, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()
