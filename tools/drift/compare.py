"""A recorded state held against what a cluster holds; nothing is asked and nothing is changed here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.drift.fields import Field, beyond, taken, unrecorded
from tools.drift.recorded import Entry, holders_of_claim, named
from tools.kube import Kind, Listing, Object

Key = tuple[str, str, str, str]


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A recorded object of which somebody else has changed declared fields, or added to one that is kept as a whole."""

    entry: Entry
    fields: Sequence[Field]


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """A recorded object that somebody has removed and that is not gone yet."""

    entry: Entry
    live: Object


@dataclass(frozen=True, kw_only=True)
class StoreDrift:
    """A bucket, user or quota that is gone (`what` is empty) or has other settings than recorded."""

    urn: str
    name: str
    what: Sequence[str]

    @property
    def gone(self) -> bool:
        """Whether it is not there at all."""
        return not self.what


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """An object of ours that the state does not know."""

    kind: Kind
    namespace: str
    name: str

    def __str__(self) -> str:
        """Return `ConfigMap sales-dev/summary-adapters`."""
        return named(self.kind.kind, self.namespace, self.name)


@dataclass(frozen=True, kw_only=True)
class Drift:
    """Where cluster and store are not as recorded.

    `inside` is recorded in namespaces that are leaving. `stale` are Jobs that are there while the volume that they have
    filled is gone. `unrecorded` is what an update of ours has set and not recorded. `unread` are sentences on what was
    not compared.
    """

    missing: Sequence[Entry] = ()
    leaving: Sequence[Leaving] = ()
    inside: Sequence[Entry] = ()
    stale: Sequence[Entry] = ()
    unrecorded: Sequence[Taken] = ()
    taken: Sequence[Taken] = ()
    store: Sequence[StoreDrift] = ()
    unknown: Sequence[Unknown] = ()
    unread: Sequence[str] = ()

    @property
    def gone(self) -> list[str]:
        """URNs that the engine has to look at so that the next update makes them again."""
        entries = [*self.missing, *(row.entry for row in self.leaving), *(row.entry for row in self.unrecorded)]
        entries += [*self.inside, *self.stale]
        return [*(entry.urn for entry in entries), *(row.urn for row in self.store)]


def key_of(kind: Kind, live: Object) -> Key:
    """What an object is found by, as `Entry.key`."""
    metadata = live["metadata"]
    return (kind.api_version.rpartition("/")[0], kind.kind, metadata.get("namespace", ""), metadata["name"])


def compare(
    entries: Sequence[Entry],
    present: Listing,
    *,
    manager: str,
    store: Sequence[StoreDrift] = (),
    unread: Sequence[str] = (),
) -> Drift:
    """What is recorded and gone, going, or partly somebody else's; and what is ours (`manager`) and not recorded.

    An entry of a kind that could not be read counts as there.
    """
    there = {key_of(kind, live): live for kind, live in present.objects}
    readable = [entry for entry in entries if entry.kind not in present.unread or entry.key in there]
    going = {entry.name for entry in readable if _is_namespace(entry) and _is_going(there.get(entry.key))}
    inside = [entry for entry in readable if entry.namespace in going]
    readable = [entry for entry in readable if entry.namespace not in going]
    missing = [entry for entry in readable if entry.key not in there]
    missing = [entry for entry in missing if not (_ends_by_itself(entry) and _place_is_there(entry, missing))]
    leaving = [Leaving(entry=entry, live=there[entry.key]) for entry in readable if _is_going(there.get(entry.key))]
    away = {entry.key for entry in missing} | {row.entry.key for row in leaving}
    staying = [entry for entry in readable if entry.key not in away]
    claims = [entry for entry in (*missing, *(row.entry for row in leaving)) if _is_claim(entry)]
    stale = [job for claim in claims for job in holders_of_claim(staying, claim) if job.key in there]
    return Drift(
        missing=tuple(missing),
        leaving=tuple(leaving),
        inside=tuple(inside),
        stale=tuple({job.urn: job for job in stale}.values()),
        unrecorded=tuple(_differing(staying, there, unrecorded)),
        taken=tuple(_differing(staying, there, _of_others)),
        store=tuple(store),
        unknown=tuple(_unknown(entries, present, manager)),
        unread=(*(f"{kind}: {why}" for kind, why in present.unread.items()), *unread),
    )


def _differing(
    entries: Sequence[Entry], there: Mapping[Key, Object], how: Callable[[Any, Object, str], list[Field]]
) -> Iterator[Taken]:
    for entry in entries:
        if (live := there.get(entry.key)) and (fields := how(entry.fields, live, entry.manager)):
            yield Taken(entry=entry, fields=fields)


def _of_others(declared: Mapping[str, Any], live: Object, manager: str) -> list[Field]:
    """Declared fields with another value, and those that say what is declared and more; each once."""
    own = taken(declared, live, manager)
    known = {one.path for one in own}
    return [*own, *(one for one in beyond(declared, live, manager) if one.path not in known)]


def _unknown(entries: Sequence[Entry], present: Listing, manager: str) -> Iterator[Unknown]:
    """Objects that we applied. What controllers make carries copies of our labels, but not our name as a manager."""
    known = {entry.key for entry in entries}
    for kind, live in present.objects:
        metadata = live["metadata"]
        ours = any(_is_ours(row, manager) for row in metadata.get("managedFields") or [])
        if ours and key_of(kind, live) not in known and not {"ownerReferences", "deletionTimestamp"} & set(metadata):
            yield Unknown(kind=kind, namespace=metadata.get("namespace", ""), name=metadata["name"])


def _is_ours(row: Mapping[str, Any], manager: str) -> bool:
    return bool(row.get("manager") == manager and row.get("operation") == "Apply")


def _ends_by_itself(entry: Entry) -> bool:
    """Whether the cluster itself removes the object: a Job with a time to live is gone once it has done its work."""
    return entry.kind.kind == "Job" and entry.fields.get("spec", {}).get("ttlSecondsAfterFinished") is not None


def _place_is_there(entry: Entry, missing: Sequence[Entry]) -> bool:
    """Whether namespace and volumes of a Job are there: then what it has done is there too."""
    gone = {other.name for other in missing if _is_namespace(other)}
    return entry.namespace not in gone and not any(
        holders_of_claim([entry], other) for other in missing if _is_claim(other)
    )


def _is_namespace(entry: Entry) -> bool:
    return entry.kind.kind == "Namespace"


def _is_going(live: Object | None) -> bool:
    return live is not None and "deletionTimestamp" in live["metadata"]


def _is_claim(entry: Entry) -> bool:
    return entry.kind.kind == "PersistentVolumeClaim"
