"""The text of a stack's settings file: what the engine must find in it is put there, and every other byte stays.

The engine writes the whole file anew: numbers become text, and remarks move. A file that holds its `encryptionsalt`, or
its secrets provider, is read only.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from infra import strict_yaml
from ops.rollback.block import LayoutError, end_of_block
from tools.progress import note

ENCRYPTION = ("secretsprovider", "encryptedkey", "encryptionsalt")
"""Keys beside `config` by which the engine knows how the stack's secrets are encrypted."""


@contextmanager
def kept(file: Path) -> Iterator[None]:
    """Give a file its text back where the engine has written it anew; one that is not there is left to the engine."""
    before = file.read_bytes() if file.is_file() else None
    try:
        yield
    finally:
        if before is not None and file.read_bytes() != before:
            file.write_bytes(before)
            stack = file.name.split(".")[1]
            note(f"{file.name}: the engine wrote it anew, as it states no {ENCRYPTION[-1]} and no secrets provider; "
                f"it has its text again; `make init STACK={stack}` adds the line that ends this")  # fmt: skip


def encryption(text: str) -> dict[str, str]:
    """What a file says of ENCRYPTION; raise LayoutError."""
    return {key: str(value) for key, value in _read(text).items() if key in ENCRYPTION}


def with_encryption(text: str, said: Mapping[str, str]) -> str:
    """`text` with lines for `said` at its end; raise LayoutError unless nothing else is read from it."""
    if not said:
        return text
    lines = [f"{key}: {value}" for key, value in said.items()]
    return _checked(_with_lines(text, len(text.splitlines()), lines), {**_read(text), **said})


def with_secret(text: str, name: str, encrypted: str) -> str:
    """`text` with a secret of `config` in its place, or behind the last setting; raise LayoutError as above."""
    lines = text.splitlines(keepends=True)
    entries = _settings(text)
    place = next((entry for entry in entries if entry[0].value == name), None)
    key, value = place or entries[-1]
    end = end_of_block(lines, key, value)
    start = key.start_mark.line if place else end
    indent = " " * key.start_mark.column
    expected: dict[str, Any] = copy.deepcopy(_read(text))
    expected["config"][name] = {"secure": encrypted}
    kept = "".join([*lines[:start], *lines[end:]])
    return _checked(_with_lines(kept, start, [f"{indent}{name}:", f"{indent}  secure: {encrypted}"]), expected)


def _with_lines(text: str, place: int, more: list[str]) -> str:
    ending = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    if place > 0 and not lines[place - 1].endswith("\n"):
        lines[place - 1] += ending
    return "".join([*lines[:place], *(line + ending for line in more), *lines[place:]])


def _checked(text: str, expected: object) -> str:
    if _read(text) != expected:
        raise LayoutError("is not laid out so that a line can be added alone")
    return text


def _read(text: str) -> dict[str, Any]:
    try:
        found = strict_yaml.parse(text)
    except strict_yaml.YamlError:
        raise LayoutError("is no YAML") from None
    if not isinstance(found, dict) or not isinstance(found.get("config"), dict):
        raise LayoutError("has no mapping `config`")
    return found


def _settings(text: str) -> list[tuple[yaml.Node, yaml.Node]]:
    """Keys and values of `config`, each on lines of its own."""
    _read(text)
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    config = next(value for key, value in node.value if key.value == "config")
    if config.flow_style or not config.value:
        raise LayoutError("has no `config` in block style")
    return list(config.value)
