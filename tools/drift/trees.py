"""Trees of `managedFields`, in which the API server keeps who has set what, and places in objects.

An empty tree holds a place and everything below it; one of `.` alone holds the place and nothing below.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tools.drift.values import MISSING

Path = tuple[str | int, ...]


def leaves_of(tree: Mapping[str, Any], path: Path) -> Iterator[Path]:
    """Leaves of a tree below a path; an item of a list is one."""
    below = {name: inner for name, inner in tree.items() if name != "."}
    if not below:
        yield path
    for name, inner in below.items():
        yield from leaves_of(inner if name.startswith("f:") else {}, (*path, name[2:]))


def live_at(live: Any, path: Path) -> Any:
    """The value at a path of names alone; MISSING where there is none."""
    for part in path:
        if not isinstance(live, Mapping) or part not in live:
            return MISSING
        live = live[part]
    return live


def of_item(item: Any, tree: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The part of a list's tree that is about an item: by its keys, or by its value."""
    for name, below in tree.items():
        said = name[2:]
        if name.startswith("k:") and isinstance(item, Mapping):
            # What the item does not state has been filled in by the server.
            if all(item.get(key, value) == value for key, value in json.loads(said).items()):
                return below
        elif name.startswith("v:") and json.loads(said) == item:
            return below
    return None


def holds(tree: Mapping[str, Any], declared: Mapping[str, Any], path: Path) -> bool:
    """Whether a tree holds a declared place, or something below it."""
    value: Any = declared
    for part in path:
        value = value[part]
        below = tree.get(f"f:{part}") if isinstance(part, str) else of_item(value, tree)
        if below is None:
            return False
        if not below:
            return True
        tree = below
    return True


def at(live: Any, declared: Any, path: Path) -> Any:
    """The live value at a declared place; items of a list are found by their name, where they have one."""
    for part in path:
        declared = declared[part]
        try:
            if isinstance(part, int) and isinstance(declared, Mapping) and "name" in declared:
                live = next(item for item in live if item.get("name") == declared["name"])
            else:
                live = live[part]
        except (KeyError, IndexError, TypeError, AttributeError, StopIteration):
            return MISSING
    return live


def merged(trees: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One tree of what any of the trees holds; one that ends at a place holds everything below it."""
    names = {name for tree in trees for name in tree}
    joined: dict[str, Any] = {}
    for name in names:
        below = [tree[name] for tree in trees if name in tree]
        joined[name] = {} if any(not tree for tree in below) else merged(below)
    return joined
