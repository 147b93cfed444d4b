"""What a state of the engine says is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.kube import Kind

STORE_TYPES = ("S3Bucket", "MinioUser", "MinioQuota")
"""Ends of the types of what the program has in an object store."""

_MARK = "4dabf18193072939515e22adb298388d"
"""Key by which the engine marks a value that is no plain one; beside it a secret has its `ciphertext`."""
_KUBERNETES = "kubernetes:"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One recorded object of the cluster; `fields` is what the program declared of it."""

    urn: str
    kind: Kind
    namespace: str
    name: str
    manager: str
    fields: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What the object is found by: its API group, kind, namespace and name."""
        return (self.kind.api_version.rpartition("/")[0], self.kind.kind, self.namespace, self.name)

    def __str__(self) -> str:
        """Return `InferenceService sales-dev/summary`."""
        return named(self.kind.kind, self.namespace, self.name)


def named(kind: str, namespace: str, name: str) -> str:
    """An object as messages name it."""
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def recorded(resources: Iterable[Mapping[str, Any]]) -> list[Entry]:
    """Every object of a cluster in a state's `resources`; what an update had begun to remove is left out."""
    return list(_entries(resources))


def in_store(resources: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Every bucket, user and quota of an object store in a state's `resources`."""
    return [entry for entry in _living(resources) if str(entry["type"]).rpartition(":")[2] in STORE_TYPES]


def has_removals(resources: Iterable[Mapping[str, Any]]) -> bool:
    """Whether an interrupted update has left the state something that it still has to remove."""
    return any(entry.get("delete") for entry in resources)


def is_secret(value: object) -> bool:
    """Whether the state has a value in encrypted form alone."""
    return isinstance(value, Mapping) and _MARK in value


def holders_of_claim(entries: Sequence[Entry], claim: Entry) -> list[Entry]:
    """Recorded Jobs that mount a claim: what they have done is gone with it."""
    return [
        entry
        for entry in entries
        if entry.kind.kind == "Job"
        and entry.namespace == claim.namespace
        and claim.name in _claims(entry.fields.get("spec", {}))
    ]


def _entries(resources: Iterable[Mapping[str, Any]]) -> Iterator[Entry]:
    for entry in _living(resources):
        inputs = entry.get("inputs") or {}
        if not str(entry["type"]).startswith(_KUBERNETES) or "kind" not in inputs:
            continue
        metadata = inputs["metadata"]
        yield Entry(
            urn=entry["urn"],
            kind=Kind(inputs["apiVersion"], inputs["kind"]),
            namespace=metadata.get("namespace", ""),
            name=metadata["name"],
            manager=(metadata.get("annotations") or {}).get("pulumi.com/patchFieldManager", ""),
            fields={key: value for key, value in inputs.items() if not key.startswith("__")},
        )


def _living(resources: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for entry in resources:
        if entry.get("custom", True) and not (entry.get("delete") or entry.get("pendingReplacement")):
            yield entry


def _claims(job: Mapping[str, Any]) -> set[str]:
    volumes = job.get("template", {}).get("spec", {}).get("volumes") or []
    return {
        volume["persistentVolumeClaim"].get("claimName", "")
        for volume in volumes
        if volume.get("persistentVolumeClaim")
    }
