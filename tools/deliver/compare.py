"""What the engine is about to do against what plans named: every operation that none of them names is told."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from ops.plan.report import Entry
from tools.drift import Drift
from tools.engine.change import CREATE, DELETE, REPLACE, UPDATE, Change
from tools.engine.distrust import ANNOTATION

Key = tuple[str, str, str]
_APPLIED_AGAIN = f'metadata.annotations["{ANNOTATION}"]'
"""The one path by which an object is applied again after an interrupted run (docs/adr/0025)."""
_INDEX = re.compile(r"\[[0-9]+\]")


def titles(changes: Iterable[Entry]) -> list[str]:
    """Operations of a report, one line each."""
    return [_line(one["operation"], _title(_key(one)), one["properties"]) for one in changes]


def unplanned(actual: Sequence[Change], planned: Iterable[Entry], accepted: Sequence[str] = ()) -> list[str]:
    """Operations on objects that no plan names and no pattern of `accepted` matches, one line each.

    A plan names what an interrupted run has done in part: an object that it creates may be updated, and one that it
    replaces may be created or deleted.
    """
    named: dict[Key, list[Entry]] = defaultdict(list)
    for one in planned:
        named[_key(one)].append(one)
    return [
        _line(change.operation, str(change), change.keys)
        for change in actual
        if not _accepts(accepted, str(change)) and not _covers(named[_key_of(change)], change)
    ]


def by_hand(found: Drift, accepted: Sequence[str] = ()) -> list[str]:
    """What somebody has removed or changed at the store and this delivery would make again, one line each."""
    gone = [str(entry) for entry in (*found.missing, *found.inside, *found.stale)]
    gone += [str(row.entry) for row in found.leaving]
    gone += [f"{row.urn.split('::')[-2].rpartition(':')[2]} {row.name}" for row in found.store]
    return [f"restore {title}: removed or changed by hand" for title in dict.fromkeys(gone)
            if not _accepts(accepted, title)]  # fmt: skip


def _covers(plans: Sequence[Entry], change: Change) -> bool:
    said = {one["operation"] for one in plans}
    if change.operation == UPDATE:
        left = [key for key in change.keys if not _is_applied_again(change, key)]
        if said & {CREATE, REPLACE} or (change.keys and not left):
            return True
        paths = [path for one in plans if one["operation"] == UPDATE for path in one["properties"]]
        return UPDATE in said and all(any(_overlap(key, path) for path in paths) for key in left)
    if change.operation in (CREATE, DELETE):
        return bool(said & {change.operation, REPLACE})
    return change.operation in said


def _is_applied_again(change: Change, key: str) -> bool:
    """Whether only the state says otherwise: what the program declares there is what it declared before."""
    return key == _APPLIED_AGAIN and key not in change.values


def _overlap(one: str, other: str) -> bool:
    """Whether two paths are one, or one lies below the other: who compares tells the whole or a part.

    Which entry of a list it is does not count: where one is put in, those behind it have other numbers.
    """
    short, long = sorted((_INDEX.sub("[]", path) for path in (one, other)), key=len)
    return long == short or (long.startswith(short) and long[len(short)] in ".[")


def _accepts(patterns: Sequence[str], title: str) -> bool:
    return any(fnmatchcase(title, pattern) for pattern in patterns)


def _key(one: Entry) -> Key:
    return (str(one["kind"]), str(one["namespace"]), str(one["name"]))


def _key_of(change: Change) -> Key:
    return (change.kind, change.namespace, change.called or change.name)


def _title(key: Key) -> str:
    kind, namespace, name = key
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def _line(operation: str, title: str, paths: Iterable[str]) -> str:
    return "".join(_parts(operation, title, list(paths)))


def _parts(operation: str, title: str, paths: Sequence[str]) -> Iterator[str]:
    yield f"{operation} {title}"
    if operation in (UPDATE, REPLACE) and paths:
        yield f": {', '.join(paths[:4])}"
        yield f" and {len(paths) - 4} more" if len(paths) > 4 else ""
