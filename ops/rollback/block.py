"""One kitchen in the text of a settings file: found by YAML's own marks, replaced as lines, compared as values."""

from __future__ import annotations

import copy
from typing import Any

import yaml

from infra.strict_yaml import YamlError, parse

KITCHENS = "kitchen:kitchens"


class LayoutError(Exception):
    """The text is not laid out so that one kitchen can be replaced alone; `str()` says why."""


def kitchens_in(text: str) -> dict[str, Any]:
    """The kitchens of a settings file as plain values; empty where it has none. Raise LayoutError."""
    try:
        found = parse(text)["config"][KITCHENS]
    except YamlError as error:
        raise LayoutError(f"is no YAML that can be read: {error}") from None
    except (KeyError, TypeError):
        return {}
    if not isinstance(found, dict):
        raise LayoutError(f"has {KITCHENS} in another form than a mapping")
    return found


def with_block(text: str, name: str, source: str) -> str:
    """`text` with the kitchen `name` as `source` has it; every other byte stays.

    A kitchen that is not in `text` is added behind the last one. Raise LayoutError unless the result, read as YAML,
    differs from `text` in this kitchen alone.
    """
    ending = "\r\n" if "\r\n" in text else "\n"
    lines, column = text.splitlines(keepends=True), _column(text)
    block = [line.rstrip("\r\n") + ending for line in _lines_of(source, name)]
    block = _indented(block, column - _column(source))
    start, end = _place(text, name)
    if start == end and start > 0 and not lines[start - 1].endswith("\n"):
        lines[start - 1] += ending
    if not text.endswith("\n") and end == len(lines) and start != end:
        block[-1] = block[-1].rstrip("\r\n")
    after = "".join([*lines[:start], *block, *lines[end:]])
    expected = copy.deepcopy(parse(text))
    expected["config"][KITCHENS][name] = kitchens_in(source)[name]
    try:
        found = parse(after)
    except YamlError:
        found = None
    if found != expected:
        raise LayoutError(f"is not laid out so that {name} can be replaced alone")
    return after


def _lines_of(text: str, name: str) -> list[str]:
    start, end = _place(text, name)
    return text.splitlines(keepends=True)[start:end]


def _column(text: str) -> int:
    entries = _mapping(text).value
    return int(entries[0][0].start_mark.column) if entries else 4


def _place(text: str, name: str) -> tuple[int, int]:
    """First line of a kitchen and the one behind its last; both behind the last kitchen where it is not there."""
    lines = text.splitlines(keepends=True)
    entries = _mapping(text).value
    if not entries:
        raise LayoutError(f"has no kitchen below {KITCHENS}")
    for key, value in entries:
        if key.value == name:
            return key.start_mark.line, end_of_block(lines, key, value)
    last = end_of_block(lines, *entries[-1])
    return last, last


def end_of_block(lines: list[str], key: yaml.Node, value: yaml.Node) -> int:
    """The line behind an entry of a mapping in block style, by the marks of its key and value.

    Lines behind a block that are empty, or remarks no deeper than its key, belong to what comes next.
    """
    mark = value.end_mark
    # A block ends where the next token starts, on a later line; in a text without a last line end there may be none.
    exclusive = isinstance(value, yaml.CollectionNode) and not value.flow_style and mark.index < sum(map(len, lines))
    end = min(mark.line if exclusive else mark.line + 1, len(lines))
    while end > key.start_mark.line + 1 and _goes_with_the_next(lines[end - 1], key.start_mark.column):
        end -= 1
    return int(end)


def _goes_with_the_next(line: str, column: int) -> bool:
    bare = line.strip()
    return not bare or (bare.startswith("#") and len(line) - len(line.lstrip()) <= column)


def _mapping(text: str) -> yaml.MappingNode:
    """The node of the kitchens, each of which stands on lines of its own."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        raise LayoutError("is no YAML") from None
    for key in ("config", KITCHENS):
        entries = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((value for name, value in entries if name.value == key), None)
    if not isinstance(node, yaml.MappingNode) or node.flow_style:
        raise LayoutError(f"has no {KITCHENS} in block style")
    return node


def _indented(lines: list[str], by: int) -> list[str]:
    """Moved to the right, or to the left as far as there is room; a wrong result is seen by the comparison."""
    if by >= 0:
        return [" " * by + line if line.strip() else line for line in lines]
    return [line[-by:] if line[:-by].isspace() else line.lstrip(" ") for line in lines]
