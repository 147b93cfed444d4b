"""Bucket policies of the program: statements of its own beside those that others wrote, compared as a store keeps them.

What a store makes of them differs. MinIO evaluates a bucket policy for anonymous requests alone: there the policies of
users deny the rest (`components.object_store.minio.users`). Stores that evaluate it for users too, as S3 and SeaweedFS
do, deny both by it. SeaweedFS does not know `aws:principaltype`: what it says of a request without a key is that there
is no `aws:username`, which on S3 would be said of roles too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

Guard = Literal["anonymous", "delete-versions", "without-key"]
"""`anonymous`, and for SeaweedFS `without-key`: no request without a key.

`delete-versions`: nobody deletes versions or passes over a retention."""

_SIDS: Mapping[str, str] = {
    "anonymous": "KitchenDenyAnonymous",
    "delete-versions": "KitchenDenyDeleteVersions",
    "without-key": "KitchenDenyWithoutKey",
}
_NOBODY: Mapping[str, Mapping[str, Any]] = {
    "anonymous": {"StringEquals": {"aws:principaltype": ["Anonymous"]}},
    "without-key": {"Null": {"aws:username": ["true"]}},
}
_CONDITION, _OF_CONDITION = "a condition", "a value of a condition"
_LISTS = ("Action", "NotAction", "Resource", "NotResource", "AWS")


def statement(guard: str, bucket: str) -> dict[str, Any]:
    """The statement of a guard for a bucket."""
    arn = f"arn:aws:s3:::{bucket}"
    made: dict[str, Any] = {"Sid": _SIDS[guard], "Effect": "Deny", "Principal": {"AWS": ["*"]}}
    if guard in _NOBODY:
        return made | {"Action": ["s3:*"], "Resource": [arn, f"{arn}/*"], "Condition": _NOBODY[guard]}
    return made | {"Action": ["s3:BypassGovernanceRetention", "s3:DeleteObjectVersion"], "Resource": [f"{arn}/*"]}


def split(text: str, bucket: str) -> tuple[list[str], list[dict[str, Any]]]:
    """The guards that a policy holds exactly as we write them, and the statements that are not ours."""
    found = json.loads(text).get("Statement", []) if text else []
    statements = found if isinstance(found, list) else [found]
    kept = [canonical(entry) for entry in statements]
    guards = [guard for guard in _SIDS if canonical(statement(guard, bucket)) in kept]
    return guards, [entry for entry in statements if entry.get("Sid") not in _SIDS.values()]


def forged(text: str, bucket: str) -> list[dict[str, Any]]:
    """Statements that bear a guard's name and are not as we write that guard."""
    found = json.loads(text).get("Statement", []) if text else []
    names = {sid: canonical(statement(guard, bucket)) for guard, sid in _SIDS.items()}
    statements = found if isinstance(found, list) else [found]
    return [entry for entry in statements if canonical(entry) != names.get(str(entry.get("Sid")), canonical(entry))]


def document(bucket: str, guards: Sequence[str], foreign: Sequence[Mapping[str, Any]]) -> str:
    """The policy of these guards and statements; empty for none."""
    statements = [*foreign, *(statement(guard, bucket) for guard in _SIDS if guard in guards)]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else ""


def canonical(value: Any, key: str = "") -> Any:
    """A policy in one spelling: stores keep lists as sets, write one entry as text, and `*` as every AWS principal."""
    if key == "Principal" and value == "*":
        value = {"AWS": ["*"]}
    if (key in _LISTS or key == _OF_CONDITION) and isinstance(value, str):
        value = [value]
    if isinstance(value, Mapping):
        inner = {"Condition": _CONDITION, _CONDITION: _OF_CONDITION}.get(key)
        return {name: canonical(entry, inner or name) for name, entry in value.items()}
    if isinstance(value, list):
        return sorted((canonical(entry) for entry in value), key=lambda entry: json.dumps(entry, sort_keys=True))
    return value
