"""Drift in lines that a person reads: what was removed or changed by hand, what becomes of it, and what to type."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from shlex import quote
from typing import Any

from tools.drift.compare import Drift, Taken, Unknown
from tools.drift.fields import Field
from tools.drift.recorded import Entry, recorded
from tools.drift.values import MISSING

_SHOWN = 60
"""Characters of a value."""
_FIELDS = 3
"""Fields of one object that are told one by one."""


BY_HAND = "was removed by hand"
BY_AN_UPDATE = "went with what an interrupted update had left to remove"


def lines(
    drift: Drift, command: str, *, mends: bool = True, back: Sequence[Taken] = (), removed: str = BY_HAND
) -> Iterator[str]:
    """Everything that was found, one line an object; `command` is what a person typed, such as `make up`.

    Without `mends` nothing follows that would mend it, and the lines say what would. `back` is taken back. `removed`
    says how what is gone has gone.
    """
    again = "it is made again" if mends else f"`{command}` makes it again"
    yield from _missing(drift.missing, removed, again)
    for leaving in drift.leaving:
        inside = sum(entry.namespace == leaving.entry.name for entry in drift.inside)
        more = f" with {inside} recorded objects and its volumes" if inside else ""
        yield f"is being removed by hand: {leaving.entry}{more}"
    for job in drift.stale:
        yield f"{job}: the volume that it has loaded is gone; {'it is run' if mends else f'`{command}` runs it'} again"
    for row in drift.store:
        if row.gone:
            yield f"{removed}: {row.name}; {again}{', empty' if row.name.startswith('bucket') else ''}"
        else:
            done = "it is set again" if mends else f"`{command}` sets it again"
            yield f"was changed by hand: {row.name}: {', '.join(row.what)}; {done}"
    for ours in drift.unrecorded:
        done = "it is set again" if mends else f"`{command}` sets it again"
        yield f"was set by an update that was interrupted: {_taken(ours)}; {done}"
    for taken in drift.taken:
        yield f"was changed by hand: {_taken(taken)}{'; it is taken back' if taken in back else ''}"
    if stays := [taken for taken in drift.taken if taken not in back]:
        yield _way_back(stays, command)
    for why in drift.unread:
        yield f"not compared: {why}"


def leftovers(drift: Drift, resources: Iterable[Mapping[str, Any]]) -> list[str]:
    """What is ours in the cluster and, after an update, still in no state: with the command that removes each."""
    known = {entry.key for entry in recorded(resources)}
    return [f"in no state: {entry}, which an interrupted update has left; remove it: {removal(entry)}"
            for entry in drift.unknown if key_of_unknown(entry) not in known]  # fmt: skip


def removal(entry: Unknown) -> str:
    """The command that removes an object."""
    group, _, _ = entry.kind.api_version.rpartition("/")
    kind = entry.kind.kind.lower() + (f".{group}" if "." in group else "")
    inside = f" -n {entry.namespace}" if entry.namespace else ""
    # Names of roles are any text: a shell reads none of it, and kubectl none as an option.
    return f"kubectl delete{inside} {kind} {'-- ' * entry.name.startswith('-')}{quote(entry.name)}"


def key_of_unknown(entry: Unknown) -> tuple[str, str, str, str]:
    """What it is found by, as `Entry.key`."""
    return (entry.kind.api_version.rpartition("/")[0], entry.kind.kind, entry.namespace, entry.name)


def _missing(entries: Sequence[Entry], removed: str, again: str) -> Iterator[str]:
    """What was in a namespace that is gone itself is counted; everything else has a line."""
    namespaces = {entry.name: entry for entry in entries if entry.kind.kind == "Namespace"}
    inside = Counter(entry.namespace for entry in entries if entry.namespace in namespaces)
    for name, entry in namespaces.items():
        more = f" with {inside[name]} recorded objects and its volumes" if inside[name] else ""
        yield f"{removed}: {entry}{more}; {again}"
    for entry in entries:
        if entry.namespace not in namespaces and entry not in namespaces.values():
            yield f"{removed}: {entry}; {again}"


def _taken(taken: Taken) -> str:
    shown = [_field(taken.entry, field) for field in taken.fields[:_FIELDS]]
    more = len(taken.fields) - len(shown)
    return f"{taken.entry}: " + "; ".join([*shown, *([f"and {more} more fields"] if more else [])])


def _field(entry: Entry, field: Field) -> str:
    who = f"; set by {', '.join(field.holders)}" if field.holders else ""
    if entry.kind.kind == "Secret":  # no value of it is shown, declared or not
        return f"{field}{who or ' was removed'}"
    if field.declared is MISSING:
        return f"{field} is not recorded"
    is_now = "was removed" if field.live is MISSING else f"is {_short(field.live)}"
    return f"{field} {is_now}, declared is {_short(field.declared)}{who}"


def _way_back(rows: Sequence[Taken], command: str) -> str:
    first = rows[0].entry
    return (
        "what was changed by hand stays as it is: another tool may need it so; to take it back: "
        f"{command} TAKE_BACK=yes (everything named here), or {command} TAKE_BACK='{first}'"
    )


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
