"""What the last update recorded, out of `pulumi stack export`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.declared import DeclaredKitchen, DeclaredObject
from infra.faults import Fault, FaultsError
from ops.audit.cluster import Cluster, UnseenError, content_of
from ops.audit.compare import differences
from ops.audit.verdicts import NOT_ASKED, OUT_OF_REACH, Finding, Row, differs, not_proven, proven
from policies.check.errors import CheckError
from policies.check.state import state_documents

State = Mapping[tuple[str, str, str], Sequence[Mapping[str, Any]]]
"""Recorded inputs by kind, namespace and name: more than one while an old copy waits for its deletion."""


def read_state(path: Path) -> State:
    """Read an exported state, `-` for standard input; raise FaultsError for anything else."""
    found: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    try:
        for document in state_documents(path):
            if not document.subject.is_kubernetes:
                continue
            inputs = document.subject.inputs
            metadata = inputs.get("metadata")
            place = metadata if isinstance(metadata, dict) else {}
            key = (document.subject.kind, str(place.get("namespace", "")), str(place.get("name", "")))
            found.setdefault(key, []).append(inputs)
    except CheckError as error:
        example = "pulumi stack export --stack dev --file state.json"
        rule = str(error).partition("; example:")[0].removeprefix(f"{path}: ")
        fault = Fault(path="--state", value=str(path), rule=rule, example=example)
        raise FaultsError("audit", [fault]) from None
    return found


def state_rows(kitchen: DeclaredKitchen, state: State | None, cluster: Cluster) -> list[Row]:
    """One row for every object of a kitchen: recorded as Git declares it, and in the cluster as recorded."""
    return [
        Row(
            kitchen=kitchen.name,
            what=f"{entry.kind} {entry.name}",
            where="state",
            declared="as in Git",
            finding=_recorded(entry, state, cluster),
        )
        for entry in kitchen.objects()
    ]


def _recorded(entry: DeclaredObject, state: State | None, cluster: Cluster) -> Finding:
    if state is None:
        return not_proven(NOT_ASKED, "--state")
    copies = state.get((entry.kind, entry.namespace, entry.name), [])
    if not copies:
        return differs("not recorded")
    for inputs in copies:
        recorded = {key: inputs.get(key) for key in entry.content}
        for difference in differences(entry.content, recorded, live=False):
            return differs(f"recorded: {difference}")
    return _compared(entry, copies[0], cluster)


def _compared(entry: DeclaredObject, inputs: Mapping[str, Any], cluster: Cluster) -> Finding:
    """Of what is recorded as in Git: whether the cluster has it so."""
    try:
        live = cluster.one(entry.namespace, entry.kind, entry.name)
    except UnseenError as error:
        return not_proven(OUT_OF_REACH, f"the cluster, to compare with: {error}", "recorded as in Git")
    if live is None:
        return differs("recorded, not in the cluster")
    recorded = {key: inputs[key] for key in entry.content}
    for difference in differences(recorded, content_of(live), live=True):
        return differs(f"in the cluster: {difference}")
    return proven("recorded as in Git, in the cluster as recorded")
