"""The cluster: recorded objects that are not as recorded, and what stands in our namespaces that nobody declares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.labels import DOMAIN, PART_OF
from tools.drift.compare import Drift, Key, Taken, Unknown, compare, key_of
from tools.drift.fields import Field, added, passed_as_ours
from tools.drift.look import MADE, present
from tools.drift.recorded import Entry, recorded
from tools.drift.report import removal
from tools.drift.values import MISSING
from tools.drift_report.by_design import FIELD_RULES, OBJECT_RULES, Beside, is_listed
from tools.drift_report.findings import Change, Finding, Place, Seen, What
from tools.drift_report.grants import grants
from tools.drift_report.reviewed import found_beside, is_for_people
from tools.drift_report.shown import both
from tools.drift_report.whole_cluster import Ours, of_whole_cluster, stranger
from tools.kube import Kind, Kube, Listing, Object

_NAMESPACE = Kind("v1", "Namespace")


@dataclass(frozen=True, kw_only=True)
class Way:
    """What mends: `command` makes again and sets again, and is what a person types."""

    command: str

    def back(self, entry: Entry) -> str:
        """How fields that another has are taken back."""
        return f"{self.command} TAKE_BACK='{entry}'"


def of_cluster(
    resources: Sequence[Mapping[str, Any]],
    kube: Kube,
    *,
    manager: str,
    environment: str,
    way: Way,
    skipped: frozenset[str] = frozenset(),
) -> Seen:
    """Hold a state's `resources` against the cluster. Raises KubeError when there is no answer at all.

    Objects of the kinds `skipped` are not asked for, and that is told.
    """
    everything = recorded(resources)
    entries = [entry for entry in everything if entry.kind.kind not in skipped]
    made = [kind for kind in MADE if kind.kind not in skipped]
    there = present(kube, entries, environment, made)
    drift = compare(entries, there, manager=manager)
    kinds, silent = kube.kinds()
    listed, unread = _listed(kube, kinds, _namespaces(entries, there), environment, skipped)
    granted = grants(kube, listed, everything, environment)
    beside = Beside(everything, listed, granted, environment)
    ours = Ours(entries=everything, namespaces=_labels(everything, there), environment=environment)
    seen = of_whole_cluster(kube, kinds, ours, skipped)
    seen.unread[:0] = [*drift.unread, *silent, *unread, *granted.unread]
    seen.unjudged += [stranger(live, why) for live, why in granted.strangers]
    seen.findings += _gone(drift, way)
    seen.findings += _changed(drift, entries, there, beside, known=seen.known, way=way)
    _undeclared(listed, everything, drift.unknown, beside, seen)
    for kind in sorted(skipped):
        count = sum(entry.kind.kind == kind for entry in everything)
        seen.unasked.append(f"objects of kind {kind}, {count} of them declared: --skip {kind}")
    return seen


def _namespaces(entries: Sequence[Entry], there: Listing) -> list[str]:
    """Ours: those that are recorded, those in which something is, and those that carry our labels."""
    own = {entry.namespace for entry in entries} | {entry.name for entry in entries if entry.kind == _NAMESPACE}
    own |= {str(live["metadata"]["name"]) for kind, live in there.objects if kind == _NAMESPACE}
    return sorted(own - {""})


def _labels(entries: Sequence[Entry], there: Listing) -> dict[str, Mapping[str, str]]:
    """By name of each namespace its labels as they are; as they are recorded where it is not there."""
    found: dict[str, Mapping[str, str]] = {name: {} for name in _namespaces(entries, there)}
    for entry in entries:
        if entry.kind == _NAMESPACE:
            found[entry.name] = (entry.fields.get("metadata") or {}).get("labels") or {}
    for kind, live in there.objects:
        if kind == _NAMESPACE:
            found[str(live["metadata"]["name"])] = live["metadata"].get("labels") or {}
    return found


def _listed(
    kube: Kube, kinds: Mapping[Kind, bool], namespaces: Sequence[str], environment: str, skipped: frozenset[str]
) -> tuple[list[tuple[Kind, Object]], list[str]]:
    """Metadata of everything in the namespaces, and of what carries our labels beside them; what was refused.

    Of what lies in no namespace those kinds alone that the program can make: to list others is nobody's right here.
    """
    wanted = {kind: inside for kind, inside in kinds.items() if is_listed(kind) and kind.kind not in skipped}
    inside = [(kind, name) for kind, namespaced in wanted.items() if namespaced for name in namespaces]
    labels = {PART_OF: "private-ai-kitchen", f"{DOMAIN}/environment": environment}
    outside = [(kind, "") for kind, namespaced in wanted.items() if not namespaced and kind in MADE]
    found: list[tuple[Kind, Object]] = []
    refused: dict[Kind, list[str]] = {}
    unread: list[str] = []
    answers = [*kube.metadata(inside), *kube.metadata(outside, labels)]
    for (kind, _), answer in zip([*inside, *outside], answers, strict=True):
        if isinstance(answer, str):
            refused.setdefault(kind, []).append(answer)
        else:
            found += [(kind, live) for live in answer]
    for kind, why in refused.items():
        more = f" (and in {len(why) - 1} more namespaces)" if len(why) > 1 else ""
        unread.append(f"{kind} of {kind.api_version}: {why[0]}{more}")
    return found, unread


def _gone(drift: Drift, way: Way) -> Iterator[Finding]:
    gone = {entry.name for entry in drift.missing if entry.kind == _NAMESPACE}
    going = {row.entry.name for row in drift.leaving if row.entry.kind == _NAMESPACE}
    for entry in drift.missing:
        if entry.namespace not in gone:
            yield _of(entry, What.MISSING, way.command, more=_with(drift, entry, gone))
    for row in drift.leaving:
        yield _of(row.entry, What.LEAVING, way.command, more=_with(drift, row.entry, going))
    for job in drift.stale:
        yield _of(job, What.MISSING, way.command, more="the volume that it has loaded is gone")


def _with(drift: Drift, entry: Entry, namespaces: set[str]) -> str:
    if entry.kind != _NAMESPACE or entry.name not in namespaces:
        return ""
    inside = sum(other.namespace == entry.name for other in (*drift.missing, *drift.inside))
    return f"with {inside} recorded objects and its volumes"


def _changed(
    drift: Drift, entries: Sequence[Entry], there: Listing, beside: Beside, *, known: Counter[str], way: Way
) -> Iterator[Finding]:
    """One finding an object: what was declared and is another's, and what another has added."""
    live = {key_of(kind, one): one for kind, one in there.objects}
    taken = {row.entry.urn: row for row in drift.taken}
    for row in drift.unrecorded:
        yield _of(row.entry, What.UNRECORDED, way.command, changes=_changes(row))
    away = {row.entry.urn for row in drift.leaving}
    for entry in entries:
        own = _untold(taken.get(entry.urn, Taken(entry=entry, fields=())).fields, entry, beside, known)
        one = live.get(entry.key) if entry.urn not in away else None
        foreign = added(entry.fields, one, entry.manager) if one is not None else []
        more = _untold(foreign, entry, beside, known)
        posed = passed_as_ours(entry.fields, one, entry.manager) if one is not None else []
        if one is not None and not (own or more or posed or _bears(one, entry.manager)):
            posed = [_NOBODY]
        back = [way.back(entry)] * bool(own) + [f"{_edit(entry)}: remove what was added"] * bool(more)
        back += [f"compare it with `make render`, then {_edit(entry)}"] * bool(posed)
        if back:
            changes = _changes(Taken(entry=entry, fields=[*own, *more, *posed]))
            yield _of(entry, What.CHANGED, "; ".join(back), changes=changes)


_NOBODY = Field(path=("metadata", "managedFields"), declared=MISSING, live=MISSING, holders=["emptied by somebody"])
"""Without it the API server does not know who has set a field, and what was added cannot be told from defaults."""


def _bears(live: Object, manager: str) -> bool:
    return any(row.get("manager") == manager for row in live["metadata"].get("managedFields") or [])


def _untold(fields: Sequence[Field], entry: Entry, beside: Beside, known: Counter[str]) -> list[Field]:
    told = []
    for one in fields:
        if (rule := beside.field_rule(entry, one)) is None:
            told.append(one)
        else:
            known[rule.id] += 1
    return told


def _changes(row: Taken) -> tuple[Change, ...]:
    told = ((one, *both(row.entry, one)) for one in row.fields)
    return tuple(Change(path=str(one), declared=said, live=live, by=tuple(one.holders)) for one, said, live in told)


def _undeclared(
    listed: Sequence[tuple[Kind, Object]],
    entries: Sequence[Entry],
    left: Sequence[Unknown],
    beside: Beside,
    seen: Seen,
) -> None:
    """What nobody declares, into `seen`: people may judge what only another program's controller reads."""
    declared = {entry.key for entry in entries}
    ours = {(one.kind.kind, one.namespace, one.name) for one in left}
    told: dict[Key, tuple[Kind, Object]] = {}
    made: Counter[Key] = Counter()
    for kind, live in listed:
        key = key_of(kind, live)
        if key in declared:
            continue
        if (rule := beside.rule(kind, live)) is not None:
            seen.known[rule.id] += 1
        elif (origin := key_of(*beside.origin(kind, live))) != key and key not in beside.granted.more:
            made[origin] += 1
        else:
            told[key] = kind, live
    for key, (kind, live) in told.items():
        what = Unknown(kind=kind, namespace=key[2], name=key[3])
        more = ["an interrupted update has left it"] * (key[1:] in ours)
        more += [why for why in [beside.granted.more.get(key)] if why]
        more += [f"with {made[key]} objects that controllers have made of it"] * bool(made[key])
        finding = Finding(
            place=Place.CLUSTER,
            what=What.UNDECLARED,
            kind=kind.kind,
            namespace=what.namespace,
            name=what.name,
            by=tuple(_makers(live)),
            more="; ".join(more),
            way=removal(what),
        )
        if key in beside.granted.more or key[1:] in ours or not is_for_people(kind, live):
            seen.findings.append(finding)
        else:
            seen.unjudged.append(found_beside(finding, live))


def _makers(live: Object) -> list[str]:
    """Who has written it, by name and since when; never what."""
    rows = live["metadata"].get("managedFields") or []
    said = [f"{row.get('manager', 'somebody')} since {row.get('time', 'an unknown time')}" for row in rows]
    owners = live["metadata"].get("ownerReferences") or []
    return [*said[:2], *(f"owned by {owner.get('kind')} {owner.get('name')}" for owner in owners[:1])]


def _of(entry: Entry, what: What, way: str, *, changes: tuple[Change, ...] = (), more: str = "") -> Finding:
    return Finding(
        place=Place.CLUSTER,
        what=what,
        kind=entry.kind.kind,
        namespace=entry.namespace,
        name=entry.name,
        changes=changes,
        more=more,
        way=way,
    )


def _edit(entry: Entry) -> str:
    group = entry.kind.api_version.rpartition("/")[0]
    kind = entry.kind.kind.lower() + (f".{group}" if "." in group else "")
    return f"kubectl edit{f' -n {entry.namespace}' if entry.namespace else ''} {kind} {entry.name}"


RULES = {rule.id: rule.reason for rule in (*OBJECT_RULES, *FIELD_RULES)}
"""Why what is known by design is no drift."""
