"""The architecture page: its first picture says who imports whom, and the code does no more and no less."""

from __future__ import annotations

import re
from functools import cache

import pytest

from tests.unit.support.imports import graph, modules
from tools.local.workspace import REPOSITORY

PAGE = (REPOSITORY / "docs" / "architecture.md").read_text()
INSIDE = ("components", "policies")
"""Packages whose own rooms the picture shows: folders, and the files beside them."""

Edges = set[tuple[str, str]]


def drawn(page: str) -> tuple[dict[str, set[str]], dict[str, Edges]]:
    """Boxes and arrows of the first picture by the package that they are drawn in; between packages by ""."""
    (picture, *_) = re.findall(r"^```mermaid\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    boxes: dict[str, set[str]] = {"": set()}
    arrows: dict[str, Edges] = {"": set()}
    inside = ""
    for line in picture.splitlines()[1:]:
        words = line.split("[")[0].split()
        if words[:1] == ["subgraph"]:
            boxes[""].add(words[1])
            inside = words[1]
            boxes[inside], arrows[inside] = set(), set()
        elif words == ["end"]:
            inside = ""
        elif len(words) == 3 and words[1] == "-->":
            arrows[inside].add((words[0], words[2]))
        elif words:
            assert len(words) == 1, f"neither a box nor an arrow: {line}"
            boxes[inside].add(words[0])
    return boxes, arrows


def room(name: str, package: str) -> str | None:
    """Which box a module belongs to: a package, or with `package` a room in it; None for what is elsewhere."""
    first, *rest = name.split(".")
    if not package:
        return first
    if first != package or not rest:
        return None
    if (REPOSITORY / package / rest[0]).is_dir():
        return rest[0]
    return "ground" if package == "components" else rest[0].strip("_")


@cache
def coded(package: str) -> tuple[set[str], Edges]:
    """Rooms of a package, and which of them imports from which; without a package, the packages themselves."""
    rooms = {here for name in modules() if (here := room(name, package)) is not None}
    pairs = {(room(name, package), room(other, package)) for name, others in graph().items() for other in others}
    return rooms, {(here, there) for here, there in pairs if here is not None and there not in (here, None)}


def followed(edges: Edges) -> Edges:
    """Every pair that the arrows connect, over other boxes too."""
    while more := {(start, end) for start, middle in edges for other, end in edges if middle == other} - edges:
        edges = edges | more
    return edges


def untrue(page: str) -> list[str]:
    """What the picture of a page says otherwise than the code."""
    boxes, arrows = drawn(page)
    found = []
    for package in ("", *INSIDE):
        rooms, edges = coded(package)
        reached = followed(arrows[package])
        found += [f"no box for {name}" for name in sorted(rooms - boxes[package])]
        found += [f"no code for the box {name}" for name in sorted(boxes[package] - rooms)]
        found += [f"no import for the arrow {start} --> {end}" for start, end in sorted(arrows[package] - edges)]
        found += [f"{start} imports {end}, and no arrow says so" for start, end in sorted(edges - reached)]
        found += [f"a circle through {start}" for start, end in sorted(reached) if start == end]
    return found


def test_the_picture_of_imports_is_what_the_code_does() -> None:
    assert untrue(PAGE) == []


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("rules --> manifests", "", "rules imports manifests, and no arrow says so"),
        ("infra --> components", "components --> infra", "no import for the arrow components --> infra"),
        ("tenancy --> ground", "tenancy --> ground\nground --> tenancy", "a circle through ground"),
        ('gpu["gpu: placement, memory"]', "", "no box for gpu"),
        ("end", 'extra["extra"]\nend', "no code for the box extra"),
    ],
    ids=["missing", "turned", "circle", "unnamed", "invented"],
)
def test_a_wrong_picture_is_seen(right: str, wrong: str, message: str) -> None:
    line = re.compile(rf"^ *{re.escape(right)}$", re.MULTILINE)
    assert message in untrue(line.sub(wrong, PAGE, count=1))
