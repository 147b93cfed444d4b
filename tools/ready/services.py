"""The state of a serving object, told from it and from the Deployments that KServe makes for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from components.labels import DOMAIN
from tools.drift.recorded import recorded
from tools.kube import Kind, Object

ABSENT, ROLLING, UNKNOWN, READY = "absent", "rolling out", "Unknown", "True"

SERVICES = {"InferenceService", "LLMInferenceService"}
"""Kinds that serve."""
_MADE_BY_DEPLOYMENT = "InferenceService"


class Service(NamedTuple):
    """A serving object."""

    kind: Kind
    namespace: str
    name: str

    def __str__(self) -> str:
        """Return `summary in sales-dev`."""
        return f"{self.name} in {self.namespace}"


def declared_services(resources: Iterable[Mapping[str, Any]]) -> list[Service]:
    """The serving objects of a state, canaries among them."""
    entries = [entry for entry in recorded(resources) if entry.kind.kind in SERVICES]
    return sorted(Service(entry.kind, entry.namespace, entry.name) for entry in entries)


def state_of(service: Object | None, deployments: Sequence[Object]) -> str:
    """Condition Ready of a service, `absent` without one, or `rolling out` until its pods are the declared ones.

    KServe calls a service Ready as long as any pods serve it, and until it has seen a change.
    """
    if service is None:
        return ABSENT
    ready = condition(service, "Ready").get("status", UNKNOWN)
    if ready != READY:
        return str(ready)
    made = [entry for entry in deployments if owned_by(entry, service)]
    if not made and service.get("kind") == _MADE_BY_DEPLOYMENT:
        return ROLLING
    return (
        READY
        if all(rolled_out(entry) and follows(entry, service) and not lacks(entry, service) for entry in made)
        else ROLLING
    )


def rolled_out(deployment: Object) -> bool:
    """The rule of `kubectl rollout status` (kubectl, polymorphichelpers/rollout_status.go)."""
    status, wanted = deployment.get("status", {}), deployment["spec"].get("replicas", 1)
    return bool(
        status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
        and status.get("updatedReplicas", 0) == wanted == status.get("replicas", 0)
        and status.get("availableReplicas", 0) == wanted
    )


def follows(deployment: Object, service: Object) -> bool:
    """Whether the Deployment is of what the service says now: the sums that the program puts on pods are the same."""
    declared = (service["spec"].get("predictor") or {}).get("annotations") or {}
    there = deployment["spec"]["template"]["metadata"].get("annotations") or {}
    return all(there.get(key) == value for key, value in declared.items() if key.startswith(f"{DOMAIN}/"))


def lacks(deployment: Object, service: Object) -> int:
    """How many pods the Deployment was told to have less than the service declares, as after `kubectl scale`."""
    declared = (service["spec"].get("predictor") or {}).get("minReplicas") or 0
    return max(0, int(declared) - int(deployment["spec"].get("replicas", 1)))


def owned_by(entry: Object, owner: Object) -> bool:
    """Whether an object was made for another one."""
    owners = entry["metadata"].get("ownerReferences") or []
    return any(row.get("uid") == owner["metadata"].get("uid") for row in owners)


def condition(entry: Object, name: str) -> Mapping[str, Any]:
    """A condition of an object's status; empty where it has none of that name."""
    rows = (entry.get("status") or {}).get("conditions") or []
    return next((row for row in rows if row.get("type") == name), {})
