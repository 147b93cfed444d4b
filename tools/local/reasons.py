"""Why something in the embedded cluster waits: what its processes, pods, quotas and finalizers say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tools.cluster import Cluster, ClusterError
from tools.cluster.api import Api

Item = Mapping[str, Any]

_EVENTS = "/api/v1/events?fieldSelector=type%3DWarning"
_SERVICES = "/apis/serving.kserve.io/v1beta1/inferenceservices"


def reasons(cluster: Cluster) -> list[str]:
    """What keeps things waiting at this moment, the likeliest first; never raises."""
    try:
        return list(dict.fromkeys([*_processes(cluster), *_objects(Api(cluster.kubeconfig))]))
    except ClusterError as error:
        return [str(error).splitlines()[0]]


def _processes(cluster: Cluster) -> Iterator[str]:
    for entry in cluster.status().components:
        if not entry.alive:
            yield f"{entry.name} has ended (its log: {entry.log}); `make up` starts it again"
        elif not entry.healthy:
            yield f"{entry.name} (process {entry.pid}) does not answer at {entry.address}"


def _objects(api: Api) -> Iterator[str]:
    events = {_about(event): str(event.get("message", "")) for event in _in_order(api.get(_EVENTS).get("items", []))}
    for job in api.get("/apis/batch/v1/jobs").get("items", []):
        yield from _job(job, events.get(("Job", _name(job)), ""))
    for claim in api.get("/api/v1/persistentvolumeclaims").get("items", []):
        yield from _claim(claim, events.get(("PersistentVolumeClaim", _name(claim)), ""))
    for path, told in _TOLD.items():
        for item in api.get(path).get("items", []):
            yield from told(item)


def _pod(pod: Item) -> Iterator[str]:
    """Scheduling first: what a pod waits for then has no other reason."""
    if pod["status"].get("phase") != "Pending":
        return
    if message := _condition(pod, "PodScheduled", "False"):
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


def _claim(claim: Item, event: str) -> Iterator[str]:
    yield from _leaving("claim", claim)
    if claim["status"].get("phase") == "Pending" and event:
        yield f"claim {_name(claim)} is Pending: {event}"


def _service(service: Item) -> Iterator[str]:
    yield from _leaving("InferenceService", service)
    if not service.get("status", {}).get("conditions"):
        yield f"InferenceService {_name(service)}: KServe has not looked at it yet"


def _deployment(deployment: Item) -> Iterator[str]:
    for entry in deployment.get("status", {}).get("conditions", []):
        if entry["type"] == "ReplicaFailure" and entry["status"] == "True":
            yield f"Deployment {_name(deployment)}: {entry.get('message', '')}"


def _job(job: Item, event: str) -> Iterator[str]:
    """A Job itself says nothing of a quota: its events do, each with the name of another pod."""
    status = job.get("status", {})
    if failed := _condition(job, "Failed", "True"):
        yield f"Job {_name(job)} has failed: {failed}"
    elif event and not status.get("active") and not status.get("succeeded"):
        yield f"Job {_name(job)} gets no pod: {event.partition(' is forbidden: ')[2] or event}"


_TOLD: Mapping[str, Callable[[Item], Iterator[str]]] = {
    "/api/v1/namespaces": _namespace,
    "/api/v1/pods": _pod,
    "/apis/apps/v1/deployments": _deployment,
    _SERVICES: _service,
}


def _leaving(word: str, item: Item) -> Iterator[str]:
    held = item["metadata"].get("finalizers", [])
    if "deletionTimestamp" in item["metadata"] and held:
        yield f"{word} {_name(item)} is being deleted, and waits for the finalizer {', '.join(held)}"


def _condition(item: Item, kind: str, status: str) -> str:
    conditions = item.get("status", {}).get("conditions", [])
    return next((str(e.get("message", "")) for e in conditions if e["type"] == kind and e["status"] == status), "")


def _in_order(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(events, key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))


def _about(event: Item) -> tuple[str, str]:
    item = event["involvedObject"]
    return str(item.get("kind")), f"{item.get('namespace', '')}/{item.get('name')}"


def _name(item: Item) -> str:
    return f"{item['metadata']['namespace']}/{item['metadata']['name']}"
