"""Objects of the whole cluster that reach into our namespaces: what is surely nobody's is told, the rest is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.labels import DOMAIN, PART_OF
from infra.faults import FaultsError
from tools.drift.compare import Unknown
from tools.drift.recorded import Entry
from tools.drift.report import removal
from tools.drift_report import cluster_hooks as hooks
from tools.drift_report import cluster_rights
from tools.drift_report.by_design import CHILD, DEPLOYER
from tools.drift_report.cluster_rights import RBAC, Served
from tools.drift_report.findings import Finding, Place, Seen, Unjudged, What, sum_of
from tools.drift_report.grants import of_deployer, way_of
from tools.identity.held import lacks
from tools.identity.rights import rights
from tools.kube import Kind, Kube, Object

_ADMISSION = "admissionregistration.k8s.io"
_MUTATING, _VALIDATING = "MutatingAdmissionPolicy", "ValidatingAdmissionPolicy"
ROLE, BINDING = "ClusterRole", "ClusterRoleBinding"
LOOKED_AT: Mapping[str, str] = {
    ROLE: RBAC,
    BINDING: RBAC,
    **dict.fromkeys((*hooks.WEBHOOKS, *hooks.POLICIES, _MUTATING, _VALIDATING), _ADMISSION),
    "APIService": "apiregistration.k8s.io",
    **dict.fromkeys(hooks.NETWORKS, "policy.networking.k8s.io"),
}
"""Kinds in no namespace that are read whole, with their API group; none of them holds a secret."""


@dataclass(frozen=True, kw_only=True)
class Ours:
    """What is ours of a cluster: recorded objects, and by name the labels of our namespaces."""

    entries: Sequence[Entry]
    namespaces: Mapping[str, Mapping[str, str]]
    environment: str


def of_whole_cluster(kube: Kube, kinds: Mapping[Kind, bool], ours: Ours, skipped: frozenset[str]) -> Seen:
    """Look at the kinds of `LOOKED_AT` that the cluster serves; `kinds` says of each whether it lies in namespaces."""
    asked = [kind for kind in kinds if _is_looked_at(kind) and kind.kind not in skipped]
    listing = kube.listing(asked)
    seen = Seen(unread=[f"{kind} of {kind.api_version}: {why}" for kind, why in listing.unread.items()])
    by_kind: dict[str, dict[str, Object]] = {kind.kind: {} for kind in asked}
    for kind, live in listing.objects:
        by_kind[kind.kind][str(live["metadata"]["name"])] = live
    plurals: dict[str, set[str]] = {"": {"namespaces"}}
    for kind, plural in kube.plurals(kinds):
        plurals.setdefault(_group(kind), set()).add(plural)
    served = Served(plurals={group: frozenset(names) for group, names in plurals.items()})
    declared = {entry.key for entry in ours.entries}
    looked = _Looked(by_kind, served, ours, seen)
    if ROLE in skipped and BINDING not in skipped:
        seen.unasked.append(f"what a {BINDING} allows to others than accounts of ours: --skip {ROLE}")
    for kind, live in listing.objects:
        if (_group(kind), kind.kind, "", live["metadata"]["name"]) not in declared:
            looked.judge(kind, live)
    return seen


def _is_looked_at(kind: Kind) -> bool:
    return LOOKED_AT.get(kind.kind) == _group(kind)


class _Looked:
    """What was read of one cluster, and what was found in it."""

    def __init__(self, by_kind: Mapping[str, Mapping[str, Object]], served: Served, ours: Ours, seen: Seen) -> None:
        self._by_kind, self._served, self._ours, self._seen = by_kind, served, ours, seen

    def judge(self, kind: Kind, live: Object) -> None:
        """Tell one object, name it, or know it."""
        if way := way_of(live, self._ours.environment):
            beyond = self._beyond(kind, live, way)
            if not beyond:
                self._seen.known[DEPLOYER.id] += 1
                return
            self._seen.findings.append(_undeclared(kind, live, beyond))
        elif _is_marked(live, self._ours.environment):
            self._seen.findings.append(_undeclared(kind, live, "it has our labels, and no state knows it"))
        else:
            for one in self._reaching(kind, {"kind": kind.kind, **live}):
                self._seen.unjudged.append(one)

    def _reaching(self, kind: Kind, live: Object) -> Iterator[Unjudged]:
        if kind.kind == BINDING:
            roles = self._by_kind.get(ROLE, {})
            delegating = {entry.namespace for entry in self._ours.entries if entry.kind.kind == "LLMInferenceService"}
            found = cluster_rights.reach(live, roles, self._served, self._ours.namespaces, delegating)
            if found is not None and found.is_known:
                self._seen.known[CHILD.id] += 1
            elif found is not None:
                yield _unjudged(kind, live, found.why, cluster_rights.content(live, roles), is_told=found.is_drift)
            return
        hook = None
        if kind.kind in hooks.WEBHOOKS:
            hook = hooks.webhook(live, self._served, self._ours.namespaces)
        elif kind.kind in hooks.POLICIES:
            policies = self._by_kind.get(kind.kind.removesuffix("Binding"), {})
            hook = hooks.policy(live, policies, self._ours.namespaces)
        elif kind.kind == "APIService":
            hook = hooks.server(live, {_group(entry.kind) for entry in self._ours.entries}, self._ours.namespaces)
        elif kind.kind in hooks.NETWORKS:
            hook = hooks.network(live, self._ours.namespaces)
        if hook is not None:
            yield _unjudged(kind, live, hook.why, hook.content, is_told=hook.is_drift)

    def _beyond(self, kind: Kind, live: Object, way: str) -> str:
        """What an object that says it is of `kitchen identity` is otherwise than that writes it; empty for nothing."""
        if kind.kind == BINDING:
            fault, who = of_deployer(live, way, ROLE, self._ours.namespaces)
            if who:
                self._seen.unjudged.append(
                    stranger({"kind": kind.kind, **live}, f"gives {who} the rights of way {way}")
                )
            return fault
        if kind.kind != ROLE:
            return "`kitchen identity` writes none of this kind"
        try:
            given = [rule.manifest() for rule in rights([entry.fields for entry in self._ours.entries], way).cluster]
        except FaultsError as error:
            return f"allows what cannot be derived: {error.faults[0].value}"
        beyond = [word for rule in live.get("rules") or [] for word in lacks(rule, given)]
        beyond += ["unite other roles"] * bool(live.get("aggregationRule"))
        more = f" and {len(beyond) - 1} more" if len(beyond) > 1 else ""
        said = beyond[0].removeprefix("may not ") if beyond else ""
        return f"allows what `kitchen identity` does not: {said}{more}" if beyond else ""


def _is_marked(live: Object, environment: str) -> bool:
    labels: Mapping[str, Any] = live["metadata"].get("labels") or {}
    return labels.get(PART_OF) == "private-ai-kitchen" and labels.get(f"{DOMAIN}/environment") == environment


def _undeclared(kind: Kind, live: Object, more: str) -> Finding:
    name = str(live["metadata"]["name"])
    way = removal(Unknown(kind=kind, namespace="", name=name))
    return Finding(place=Place.CLUSTER, what=What.UNDECLARED, kind=kind.kind, name=name, more=more, way=way)


def stranger(binding: Object, why: str) -> Unjudged:
    """A binding of `kitchen identity` to an account that an option may have named; `why` names it."""
    metadata = binding["metadata"]
    kind, place, name = str(binding.get("kind", "RoleBinding")), str(metadata.get("namespace", "")), metadata["name"]
    what = Unknown(kind=Kind(f"{RBAC}/v1", kind), namespace=place, name=str(name))
    title = f"{place}/{name}" if place else str(name)
    return Unjudged(place=Place.CLUSTER, kind=kind, name=title, why=why, sum=sum_of(why), way=removal(what))


def _unjudged(kind: Kind, live: Object, why: str, content: Any, *, is_told: bool) -> Unjudged:
    name = str(live["metadata"]["name"])
    way = removal(Unknown(kind=kind, namespace="", name=name))
    return Unjudged(
        place=Place.CLUSTER, kind=kind.kind, name=name, why=why, sum=sum_of(content), is_told=is_told, way=way
    )


def _group(kind: Kind) -> str:
    return kind.api_version.rpartition("/")[0]
