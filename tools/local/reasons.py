"""Why something in the embedded cluster waits: what its processes, pods, quotas and finalizers say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tools.cluster import Cluster, ClusterError
from tools.cluster.api import Api

Item = Mapping[str, Any]

_MOST = 3
"""Reasons that are told at once; of more their number."""
_REFUSED = ("FailedCreate", "ReplicaSetCreateError", "ProvisioningFailed")
_SERVICES = "/apis/serving.kserve.io/v1beta1/inferenceservices"


def reasons(cluster: Cluster) -> list[str]:
    """What keeps things waiting at this moment, the likeliest first; never raises."""
    try:
        found = list(dict.fromkeys([*_processes(cluster), *_objects(Api(cluster.kubeconfig))]))
    except ClusterError as error:
        found = [str(error).splitlines()[0]]
    return [*found[:_MOST], *([f"{len(found) - _MOST} more reasons"] if len(found) > _MOST else [])]


def _processes(cluster: Cluster) -> Iterator[str]:
    for entry in cluster.status().components:
        if not entry.alive:
            yield f"{entry.name} has ended (its log: {entry.log}); `make up` starts it again"
        elif not entry.healthy:
            yield f"{entry.name} (process {entry.pid}) does not answer at {entry.address}"


def _objects(api: Api) -> Iterator[str]:
    for path, told in _TOLD.items():
        for item in api.get(path).get("items", []):
            yield from told(item)


def _pod(pod: Item) -> Iterator[str]:
    """Scheduling first: what a pod waits for then has no other reason."""
    if pod["status"].get("phase") != "Pending":
        return
    if message := _false(pod, "PodScheduled"):
        yield f"pod {_name(pod)} is Pending: {message}"
        return
    states = [*pod["status"].get("initContainerStatuses", []), *pod["status"].get("containerStatuses", [])]
    waiting = [state["state"]["waiting"] for state in states if "waiting" in state.get("state", {})]
    if why := next((entry.get("message") or entry.get("reason") for entry in waiting), ""):
        yield f"pod {_name(pod)} is Pending: {why}"


def _namespace(namespace: Item) -> Iterator[str]:
    if "deletionTimestamp" not in namespace["metadata"]:
        return
    conditions = [entry for entry in namespace["status"].get("conditions", []) if entry["status"] == "True"]
    why = "; ".join(str(entry.get("message", "")) for entry in conditions)
    held = ", ".join(namespace["metadata"].get("finalizers", []))
    yield f"namespace {namespace['metadata']['name']} is being deleted" + (
        f": {why}" if why else f", and waits for the finalizer {held}" if held else ""
    )


def _claim(claim: Item) -> Iterator[str]:
    yield from _leaving("claim", claim)
    if claim["status"].get("phase") == "Lost":
        yield f"claim {_name(claim)} has lost its volume"


def _service(service: Item) -> Iterator[str]:
    yield from _leaving("InferenceService", service)
    if not service.get("status", {}).get("conditions"):
        yield f"InferenceService {_name(service)}: KServe has not looked at it yet"


def _deployment(deployment: Item) -> Iterator[str]:
    for entry in deployment.get("status", {}).get("conditions", []):
        if entry["type"] == "ReplicaFailure" and entry["status"] == "True":
            yield f"Deployment {_name(deployment)}: {entry.get('message', '')}"


def _job(job: Item) -> Iterator[str]:
    if failed := _true(job, "Failed"):
        yield f"Job {_name(job)} has failed: {failed}"


def _event(event: Item) -> Iterator[str]:
    """Refusals that the object itself does not tell: a Job says nothing of a quota."""
    about = event["involvedObject"]
    if event.get("reason") in _REFUSED and about["kind"] in ("Job", "PersistentVolumeClaim"):
        yield f"{about['kind']} {about.get('namespace', '')}/{about['name']}: {event.get('message', '')}"


_TOLD: Mapping[str, Callable[[Item], Iterator[str]]] = {
    "/api/v1/namespaces": _namespace,
    "/api/v1/pods": _pod,
    "/apis/apps/v1/deployments": _deployment,
    "/apis/batch/v1/jobs": _job,
    "/api/v1/persistentvolumeclaims": _claim,
    "/api/v1/events?fieldSelector=type%3DWarning": _event,
    _SERVICES: _service,
}


def _leaving(word: str, item: Item) -> Iterator[str]:
    held = item["metadata"].get("finalizers", [])
    if "deletionTimestamp" in item["metadata"] and held:
        yield f"{word} {_name(item)} is being deleted, and waits for the finalizer {', '.join(held)}"


def _false(item: Item, kind: str) -> str:
    conditions = item["status"].get("conditions", [])
    return next((str(e.get("message", "")) for e in conditions if e["type"] == kind and e["status"] == "False"), "")


def _true(item: Item, kind: str) -> str:
    conditions = item.get("status", {}).get("conditions", [])
    return next((str(e.get("message", "")) for e in conditions if e["type"] == kind and e["status"] == "True"), "")


def _name(item: Item) -> str:
    return f"{item['metadata']['namespace']}/{item['metadata']['name']}"
