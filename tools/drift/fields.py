"""Fields of an object that the program declares and that are not its own any more.

The API server keeps for each field who has set it (managedFields). What somebody changes by hand, with whatever tool,
becomes that one's field; what somebody removes becomes nobody's. So a declared field that is not ours was taken or
removed: no guess about defaults and spellings is needed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.drift.recorded import is_secret
from tools.drift.trees import Path, at, holds, leaves_of, live_at, merged, of_item
from tools.drift.values import MISSING, same

_OUTSIDE = ("apiVersion", "kind")
_IDENTITY = ("name", "namespace")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_NOTHING: Mapping[str, Any] = {".": {}}
"""A tree that holds a place and nothing below it; an empty one holds everything below."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """A declared field that is not ours: its place, both values, and who has it (empty: nobody; it was removed)."""

    path: Path
    declared: Any
    live: Any
    holders: Sequence[str]

    def __str__(self) -> str:
        """Return `spec.hard["requests.cpu"]`."""
        words = ""
        for part in self.path:
            if isinstance(part, int):
                words += f"[{part}]"
            elif _PLAIN.fullmatch(part):
                words += f".{part}" if words else part
            else:
                words += f"[{json.dumps(part)}]"
        return words


def taken(declared: Mapping[str, Any], live: Mapping[str, Any], manager: str) -> list[Field]:
    """Declared fields that `manager` does not hold in a live object and whose value is another one.

    A value that cannot be compared, such as a Secret's, counts as another one.
    """
    rows = live["metadata"].get("managedFields") or []
    ours = merged(_trees(live, manager)) or _NOTHING
    others = [(_holder(row), row["fieldsV1"]) for row in rows if row.get("manager") != manager and "fieldsV1" in row]
    found = []
    for path, value in _lost(_own(declared), ours, ()):
        there = at(live, declared, path)
        unseen = is_secret(value) or (there is MISSING and live.get("kind") == "PartialObjectMetadata")
        if not unseen and same(value, there):
            continue
        holders = [name for name, tree in others if holds(tree, declared, path)]
        found.append(Field(path=path, declared=value, live=MISSING if unseen else there, holders=holders))
    return [*found, *_in_sealed(declared, ours, others)]


def unrecorded(declared: Mapping[str, Any], live: Mapping[str, Any], manager: str) -> list[Field]:
    """Fields that `manager` itself has applied otherwise than recorded, as an update does that was interrupted.

    What a webhook has made of an applied field counts as an update by the same manager, and is not looked at.
    """
    ours = merged(_trees(live, manager, "Apply")) or _NOTHING
    found = []
    for path, value in _held(_own(declared), ours, ()):
        there = at(live, declared, path)
        if there is not MISSING and not same(value, there):
            found.append(Field(path=path, declared=value, live=there, holders=[]))
    more = [Field(path=path, declared=MISSING, live=live_at(live, path), holders=[])
            for path, _ in _more(_own(declared), ours, ())]  # fmt: skip
    return [*found, *more]


def added(declared: Mapping[str, Any], live: Mapping[str, Any], manager: str) -> list[Field]:
    """Places that somebody else has set and nobody has declared, each leaf by itself; a value stands where it is plain.

    What a controller says of an object's state, in `status`, is no part of what is declared.
    """
    found: dict[Path, list[str]] = {}
    for row in live["metadata"].get("managedFields") or []:
        if row.get("manager") == manager:
            continue
        for path, tree in _more(_own(declared), row.get("fieldsV1") or {}, (), items=True):
            for leaf in leaves_of(tree, path):
                if leaf[0] != "status":
                    found.setdefault(leaf, []).append(_holder(row))
    return [Field(path=path, declared=MISSING, live=live_at(live, path), holders=who) for path, who in found.items()]


def beyond(declared: Mapping[str, Any], live: Mapping[str, Any], manager: str) -> list[Field]:
    """Places that somebody else holds as a whole, and that say what is declared and more, or something where that is
    nothing: no key of its own in `managedFields` tells of it.

    An empty `podSelector` selects every pod, and with a label in it, which nobody has declared, it may select none.
    """
    ours = merged(_trees(live, manager)) or _NOTHING
    held: dict[Path, list[str]] = {}
    for row in live["metadata"].get("managedFields") or []:
        if row.get("manager") != manager:
            for path in _wholes(_own(declared), row.get("fieldsV1") or _NOTHING, ()):
                held.setdefault(path, []).append(_holder(row))
    found = []
    for path, holders in held.items():
        value, there = at(declared, declared, path), at(live, declared, path)
        is_more = there is not MISSING and not same(value, there, whole=True) and (not value or same(value, there))
        if is_more and not holds(ours, declared, path):
            found.append(Field(path=path, declared=value, live=there, holders=holders))
    return found


def _wholes(value: Any, tree: Mapping[str, Any], path: Path) -> Iterator[Path]:
    if is_secret(value) or not isinstance(value, Mapping | list):
        return
    if not tree:
        yield path
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if (below := tree.get(f"f:{key}")) is not None:
                yield from _wholes(inner, below, (*path, key))
    else:
        for index, item in enumerate(value):
            if (below := of_item(item, tree)) is not None:
                yield from _wholes(item, below, (*path, index))


_POSING = "as {}, not as it was applied: by hand, or by a webhook"


def passed_as_ours(declared: Mapping[str, Any], live: Mapping[str, Any], manager: str) -> list[Field]:
    """Declared fields that hold another value under `manager`'s name, and that no update of ours has applied.

    `kubectl edit --field-manager` takes any name; a webhook's change of what we applied bears our name too.
    """
    applied = merged(_trees(live, manager, "Apply")) or _NOTHING
    found = []
    for path, value in _held(_own(declared), merged(_trees(live, manager, "Update")) or _NOTHING, ()):
        there = at(live, declared, path)
        if there is not MISSING and not same(value, there) and not holds(applied, _own(declared), path):
            found.append(Field(path=path, declared=value, live=there, holders=[_POSING.format(manager)]))
    return found


def _in_sealed(
    declared: Mapping[str, Any], ours: Mapping[str, Any], others: Sequence[tuple[str, Mapping[str, Any]]]
) -> Iterator[Field]:
    """Keys below a map that the state has in encrypted form alone, and that somebody else has set."""
    for key, value in declared.items():
        own = set(ours.get(f"f:{key}", {}))
        if is_secret(value):
            held = {name for _, tree in others for name in tree.get(f"f:{key}", {})} - own
            for name in sorted(held - {"."}):
                holders = [who for who, tree in others if name in tree.get(f"f:{key}", {})]
                yield Field(path=(key, name[2:]), declared=value, live=MISSING, holders=holders)


def _own(declared: Mapping[str, Any]) -> dict[str, Any]:
    """What the server keeps an owner of: everything but what names the object."""
    metadata = {key: value for key, value in (declared.get("metadata") or {}).items() if key not in _IDENTITY}
    rest = {key: value for key, value in declared.items() if key not in _OUTSIDE}
    return {**rest, "metadata": metadata}


def _trees(live: Mapping[str, Any], manager: str, operation: str = "") -> list[Mapping[str, Any]]:
    return [
        row["fieldsV1"]
        for row in live["metadata"].get("managedFields") or []
        if row.get("manager") == manager and "fieldsV1" in row and operation in ("", row.get("operation"))
    ]


def _held(value: Any, tree: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Any]]:
    """Declared values that `tree` holds, as large as it holds them; those of Secrets cannot be compared."""
    if is_secret(value) or value is None:
        return
    if not tree:
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if (below := tree.get(f"f:{key}")) is not None:
                yield from _held(inner, below, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if (below := of_item(item, tree)) is not None:
                yield from _held(item, below, (*path, index))


def _more(
    value: Any, tree: Mapping[str, Any], path: Path, *, items: bool = False
) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Places that `tree` holds and that are not declared, each with what it holds there; with `items` in lists too."""
    if is_secret(value):
        return
    if isinstance(value, Mapping):
        for name, below in tree.items():
            key = name[2:]
            if name.startswith("f:") and value.get(key) is None:
                yield (*path, key), below
            elif name.startswith("f:"):
                yield from _more(value[key], below, (*path, key), items=items)
    elif isinstance(value, list):
        known = {}
        for index, item in enumerate(value):
            if (below := of_item(item, tree)) is not None:
                known[id(below)] = index
        for name, below in tree.items():
            if name != "." and id(below) not in known:
                yield (*path, name[2:]), below
            elif items and name.startswith("k:"):
                index = known[id(below)]
                yield from _more(value[index], below, (*path, index), items=items)


def _lost(value: Any, tree: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Any]]:
    """Declared leaves below `value` that `tree`, which is ours, does not hold. An empty tree holds all below."""
    if not tree:
        return
    if isinstance(value, Mapping) and not is_secret(value):
        for key, inner in value.items():
            if inner is None or inner in ({}, []):
                continue
            below = tree.get(f"f:{key}")
            if below is not None:
                yield from _lost(inner, below, (*path, key))
            else:
                yield from _leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            below = of_item(item, tree)
            if below is not None:
                yield from _lost(item, below, (*path, index))
            else:
                yield (*path, index), item


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Maps are told key by key; a list is one value."""
    if isinstance(value, Mapping) and value and not is_secret(value):
        for key, inner in value.items():
            if inner is not None:
                yield from _leaves(inner, (*path, key))
    else:
        yield path, value


def _holder(row: Mapping[str, Any]) -> str:
    when = f" since {row['time']}" if row.get("time") else ""
    return f"{row.get('manager', 'somebody')}{when}"
