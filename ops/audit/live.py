"""The objects of a kitchen in the cluster, and what is there that nobody declares."""

from __future__ import annotations

from collections.abc import Iterator

from infra.declared import Declared, DeclaredKitchen, DeclaredObject
from ops.audit.cluster import Cluster, Object, UnseenError, content_of, name_of
from ops.audit.compare import differences
from ops.audit.pods import of_kitchen, signers_in
from ops.audit.verdicts import (
    NO_KITCHEN,
    NOTHING_TO_SEE,
    OUT_OF_REACH,
    Finding,
    Row,
    differs,
    not_proven,
    proven,
)

_SERVICES = ("InferenceService", "LLMInferenceService")


def object_rows(kitchen: DeclaredKitchen, cluster: Cluster) -> list[Row]:
    """One row for every object of a kitchen as it is in the cluster, and one for the load of its base model."""
    rows = [
        Row(
            kitchen=kitchen.name,
            what=f"{entry.kind} {entry.name}",
            where="cluster",
            declared="as in Git",
            finding=_object(entry, cluster),
        )
        for entry in kitchen.objects()
    ]
    model = Row(
        kitchen=kitchen.name,
        what=f"base model {kitchen.base_model.ref}",
        where="cluster",
        declared=f"loaded, every sum compared{_signed_by(kitchen)}",
        finding=_load(kitchen, cluster),
    )
    return [*rows, model]


def _signed_by(kitchen: DeclaredKitchen) -> str:
    """Whose signature the load asks for: its list is a row of its own."""
    signers = signers_in(kitchen.base_manifest.content)
    return f", signed by {' or '.join(signer['name'] for signer in signers)}" if signers else ""


def undeclared_rows(declared: Declared, cluster: Cluster) -> list[Row]:
    """One row for every service and pod of the environment's namespaces that Git does not declare, or one for none."""
    return [
        Row(kitchen=NO_KITCHEN, what=what, where=namespace, declared="nothing else", finding=finding)
        for namespace in declared.namespaces
        for what, finding in _undeclared(declared, namespace, cluster)
    ]


def _object(entry: DeclaredObject, cluster: Cluster) -> Finding:
    try:
        live = cluster.one(entry.namespace, entry.kind, entry.name)
    except UnseenError as error:
        return not_proven(OUT_OF_REACH, str(error))
    if live is None:
        return differs("missing")
    for difference in differences(entry.content, content_of(live), live=True):
        return differs(difference)
    return proven("as in Git")


def _load(kitchen: DeclaredKitchen, cluster: Cluster) -> Finding:
    """That the Job of these very sums has succeeded: its name and its list are rows of their own."""
    try:
        job = cluster.one(kitchen.namespace, "Job", kitchen.load.name)
    except UnseenError as error:
        return not_proven(OUT_OF_REACH, str(error))
    if job is None:
        return differs("no load of these sums")
    status = job.get("status") or {}
    if status.get("succeeded"):
        return proven(f"Job {kitchen.load.name} succeeded")
    if any(entry.get("type") == "Failed" and entry.get("status") == "True" for entry in status.get("conditions") or []):
        return differs(f"Job {kitchen.load.name} failed")
    return not_proven(NOTHING_TO_SEE, f"Job {kitchen.load.name} has not ended")


def _undeclared(declared: Declared, namespace: str, cluster: Cluster) -> Iterator[tuple[str, Finding]]:
    kitchens = [kitchen for kitchen in declared.kitchens if kitchen.namespace == namespace]
    services = {(kitchen.service.kind, kitchen.service.name) for kitchen in kitchens}
    for kind in _SERVICES:
        try:
            names = [name_of(entry) for entry in cluster.objects(namespace, kind)]
        except UnseenError as error:
            if kind in {known for known, _ in services} or kind == _SERVICES[0]:
                yield f"other {kind}s", not_proven(OUT_OF_REACH, str(error))
            continue
        more = [name for name in names if (kind, name) not in services]
        yield from ((f"{kind} {name}", differs("not declared")) for name in more)
        if not more and kind == _SERVICES[0]:
            yield f"other {kind}s", proven("none")
    try:
        pods = cluster.objects(namespace, "Pod")
    except UnseenError as error:
        yield "other pods", not_proven(OUT_OF_REACH, str(error))
        return
    strangers = [
        name_of(pod)
        for pod in pods
        if not any(of_kitchen(kitchen, pod) for kitchen in kitchens) and not _loads(declared, namespace, pod)
    ]
    yield from ((f"pod {name}", differs("not declared")) for name in strangers)
    if not strangers:
        yield "other pods", proven("none")


def _loads(declared: Declared, namespace: str, pod: Object) -> bool:
    owners = pod["metadata"].get("ownerReferences") or []
    return any(entry.get("kind") == "Job" and (namespace, entry.get("name")) in declared.loads for entry in owners)
