"""Why a service is not Ready, from its objects alone: the first thing that is wrong on the way to its pods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tools.kube import Object
from tools.ready.services import condition, follows, lacks, owned_by, rolled_out

_SHOWN = 300
"""Characters of a message of the cluster."""
_PODS = 3
"""Pods of one service that are told."""
_NOWHERE = "no node takes it"
_STUCK = (_NOWHERE, "there is no PersistentVolumeClaim", "PersistentVolumeClaim")
"""Beginnings of what a pod says that somebody has to mend; an image or a start that failed is tried again."""
_REVISION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True, kw_only=True)
class Around:
    """What there is in the namespace of a service."""

    deployments: Sequence[Object] = ()
    replica_sets: Sequence[Object] = ()
    pods: Sequence[Object] = ()
    claims: Sequence[Object] = ()
    unread: Sequence[str] = field(default=())


@dataclass(frozen=True, kw_only=True)
class Reason:
    """What is wrong, and the command that shows more. `stuck`: it does not come by itself, ever."""

    text: str
    look: str
    stuck: bool = False


def reasons(service: Object | None, kind: str, namespace: str, name: str, around: Around) -> list[Reason]:
    """Every reason that the objects give, the nearest to the cause first; never empty."""
    describe = f"kubectl -n {namespace} describe"
    whole = f"{describe} {kind.lower()} {name}"
    if service is None:
        return [Reason(text=f"there is no {kind} {namespace}/{name}", look=f"kubectl -n {namespace} get events")]
    made = [entry for entry in around.deployments if owned_by(entry, service)]
    found = [reason for entry in made for reason in _of_deployment(entry, service, around, describe)]
    if not found:
        found = [Reason(text=text, look=whole) for text in _of_conditions(service)]
    if not found:
        what = "KServe has made no Deployment for it: is its controller running?" if not made else "nothing says why"
        found = [Reason(text=what, look=whole)]
    return [*found, *(Reason(text=f"not looked at: {text}", look=whole) for text in around.unread)]


def pod_reason(pod: Object) -> Reason | None:
    """What keeps a pod that has not started, such as that of a load Job; None for one that has."""
    if (pod.get("status") or {}).get("phase") != "Pending":
        return None
    text, name = next(_of_pod(pod, None), ""), pod["metadata"]["name"]
    look = f"kubectl -n {pod['metadata'].get('namespace')} describe pod {name}"
    return Reason(text=text, look=look, stuck=_is_stuck(text)) if text else None


def _of_deployment(deployment: Object, service: Object, around: Around, describe: str) -> Iterator[Reason]:
    name = deployment["metadata"]["name"]
    sets = [entry for entry in around.replica_sets if owned_by(entry, deployment)]
    newest = max(sets, key=_revision, default=None)
    pods = [pod for pod in around.pods if newest is not None and owned_by(pod, newest)]
    told = False
    for reason in _of_pods(pods, around.claims, describe):
        told = True
        yield reason
    for entry in ([newest] if newest else []) + [deployment]:
        failed = condition(entry, "ReplicaFailure")
        if failed.get("status") == "True":
            told = True
            yield Reason(
                text=f"pods cannot be made: {_short(failed.get('message', ''))}",
                look=f"{describe} {'replicaset' if entry is newest else 'deployment'} {entry['metadata']['name']}",
                stuck=True,
            )
            break
    if told:
        return
    if lacks(deployment, service):
        wanted = service["spec"]["predictor"]["minReplicas"]
        scale = f"kubectl -n {deployment['metadata']['namespace']} scale deployment {name} --replicas={wanted}"
        has = deployment["spec"].get("replicas", 1)
        yield Reason(text=f"Deployment {name} was scaled by hand to {has}, declared is {wanted}: {scale}",
                     look=f"{describe} deployment {name}", stuck=True)  # fmt: skip
    elif not follows(deployment, service):
        text = f"KServe has not brought the change to Deployment {name} yet: is its controller running?"
        yield Reason(text=text, look=f"{describe} deployment {name}")
    elif not rolled_out(deployment):
        old = [pod for pod in around.pods if any(owned_by(pod, entry) for entry in sets if entry is not newest)]
        ending = f"; {len(old)} old pods have not ended yet" if old else ""
        message = condition(deployment, "Progressing").get("message", "")
        yield Reason(
            text=f"{_short(message) or 'its pods are being made'}{ending}", look=f"{describe} deployment {name}"
        )


def _of_pods(pods: Sequence[Object], claims: Sequence[Object], describe: str) -> Iterator[Reason]:
    waiting = [(pod, text) for pod in pods if (text := next(_of_pod(pod, claims), ""))]
    for pod, text in waiting[:_PODS]:
        name = pod["metadata"]["name"]
        yield Reason(text=f"pod {name}: {text}", look=f"{describe} pod {name}", stuck=_is_stuck(text))
    if (more := len(waiting) - _PODS) > 0:
        yield Reason(text=f"and {more} more pods", look=f"{describe} pods")


def _of_pod(pod: Object, claims: Sequence[Object] | None) -> Iterator[str]:
    """What keeps a pod: its place, its volumes, its images, its init containers, its servers, in this order."""
    status = pod.get("status") or {}
    if pod["metadata"].get("deletionTimestamp"):
        yield "it is ending"
        return
    yield from _of_claims(pod, claims or []) if claims is not None else ()
    placed = condition(pod, "PodScheduled")
    if placed.get("status") == "False":
        yield f"{_NOWHERE}: {_short(placed.get('message', ''))}"
    for part in ("initContainerStatuses", "containerStatuses"):
        for row in status.get(part) or []:
            yield from _of_container(row)
    if status.get("phase") == "Failed":
        yield f"it has failed: {_short(status.get('message') or status.get('reason') or '')}"
    if condition(pod, "Ready").get("status") != "True":
        yield from _unready(status)


def _is_stuck(text: str) -> bool:
    return text.startswith(_STUCK)


def _of_claims(pod: Object, claims: Sequence[Object]) -> Iterator[str]:
    by_name = {claim["metadata"]["name"]: claim for claim in claims}
    for volume in pod["spec"].get("volumes") or []:
        name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if name is None:
            continue
        claim = by_name.get(name)
        if claim is None:
            yield f"there is no PersistentVolumeClaim {name}"
        elif claim["metadata"].get("deletionTimestamp"):
            yield f"PersistentVolumeClaim {name} is being removed"
        elif (phase := (claim.get("status") or {}).get("phase", "Pending")) != "Bound":
            storage_class = claim["spec"].get("storageClassName", "(none)")
            yield f"PersistentVolumeClaim {name} is {phase}: storage class {storage_class} has given no volume yet"


def _of_container(row: Mapping[str, Any]) -> Iterator[str]:
    state = row.get("state") or {}
    waits, ended = state.get("waiting") or {}, state.get("terminated") or {}
    last = (row.get("lastState") or {}).get("terminated") or {}
    name = f"container {row.get('name')}"
    if (reason := waits.get("reason")) and reason not in ("PodInitializing", "ContainerCreating"):
        code = f", it ended with {last['exitCode']}" if "exitCode" in last else ""
        yield f"{name}: {reason}{code}: {_short(waits.get('message', ''))}".rstrip(": ")
    elif ended.get("exitCode"):
        yield f"{name}: ended with {ended['exitCode']}: {_short(ended.get('message') or ended.get('reason') or '')}"


def _unready(status: Mapping[str, Any]) -> Iterator[str]:
    for row in status.get("initContainerStatuses") or []:
        if "running" in (row.get("state") or {}) and not row.get("restartPolicy"):
            yield f"init container {row.get('name')} is at work"
    for row in status.get("containerStatuses") or []:
        if "running" in (row.get("state") or {}) and not row.get("ready"):
            yield f"container {row.get('name')} runs and is not ready: it loads its model, or its readiness probe fails"
    yield f"it is {status.get('phase', 'Pending')}"


def _of_conditions(service: Object) -> Iterator[str]:
    rows = (service.get("status") or {}).get("conditions") or []
    for row in rows:
        if row.get("status") != "True" and row.get("severity") != "Info" and (row.get("message") or row.get("reason")):
            yield f"{row.get('type')}: {_short(row.get('message') or row.get('reason'))}"


def _revision(entry: Object) -> int:
    text = (entry["metadata"].get("annotations") or {}).get(_REVISION, "0")
    return int(text) if text.isdigit() else 0


def _short(text: str) -> str:
    line = " ".join(str(text).split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."
