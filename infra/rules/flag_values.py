"""Values of vLLM's flags that are understood, by the catalog's list; the policy pack reads the same one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from infra.flag_words import ENTRIES
from infra.strict_json import JsonError, TwiceError, parse

_PLAIN = r"[^/]*"
"""Values of a flag of which the list says no more: they name no file."""

_KINDS = {
    "whole": (r"-?[0-9]+", "a whole number"),
    "number": (r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e-?[0-9]+)?", "a number"),
    "size": (r"[0-9]+[KMGT]?|[0-9]+(?:\.[0-9]+)?[kmgt]", "a whole number, or one such as 8k"),
}
"""What vLLM's parser takes for a kind of value, and what it is called."""

_SOME = 12
"""Most choices that a message lists."""


def value_fault(name: str, key: str, value: str) -> str | None:
    """Why `--name=value`, or `--name.key=value`, is not understood, or None."""
    entry = ENTRIES.get(name, {})
    parts: Mapping[str, str] = entry.get("parts", {})
    try:
        content = _json(value) if parts else value
    except TwiceError as error:
        return f"the key {error.key!r} stands twice: the last one would count"
    if not key and not isinstance(content, dict):
        return _whole_fault(entry, value)
    return _parts_fault(parts, key, content) if parts else "it takes no part of a JSON value"


def _parts_fault(parts: Mapping[str, str], key: str, content: Any) -> str | None:
    dotted = _dotted(content)
    if dotted is not None:
        return f"the key {dotted!r} is not understood: in JSON each part is an object of its own"
    for path, text in _leaves(key.removesuffix("+"), content):
        pattern = _pattern(parts, path)
        if pattern is None:
            return f"the key {path!r} is not understood"
        if not _fits(pattern, text):
            return f"the value of the key {path!r} is not understood"
    return None


def _whole_fault(entry: Mapping[str, Any], value: str) -> str | None:
    parts, choices = entry.get("parts", {}), entry.get("choices")
    if choices is not None and value not in choices:
        shown = ", ".join(choices[:_SOME]) + (", ..." if len(choices) > _SOME else "")
        return f"the value is none of {shown}"
    kind = _KINDS.get(entry.get("kind", ""))
    if "values" not in entry and kind is not None and not re.fullmatch(kind[0], value):
        return f"the value is not understood: vLLM reads {kind[1]}"
    whole = entry.get("values", "" if parts else _PLAIN)
    return None if _fits(whole, value) else "the value is not understood"


def _pattern(parts: Mapping[str, str], path: str) -> str | None:
    above = path.partition(".")[0]
    return next((parts[entry] for entry in (path, f"{above}.*", "*") if entry in parts), None)


def _fits(pattern: str, value: str) -> bool:
    clean = ".." not in value or pattern == ".*"
    return clean and re.fullmatch(pattern, value, re.DOTALL) is not None


def _json(text: str) -> Any:
    """The value of a JSON text, or the text itself; raise TwiceError."""
    try:
        return parse(text)
    except TwiceError:
        raise
    except JsonError:
        return text


def _dotted(value: Any) -> str | None:
    """A key of a JSON value with a dot: vLLM takes keys apart in names of flags alone."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = [key for key in value if "." in key] if isinstance(value, dict) else []
    return next(iter([*own, *filter(None, map(_dotted, inside))]), None)


def _leaves(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, entry in value.items():
            yield from _leaves(f"{key}.{name}" if key else name, entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _leaves(key, entry)
    else:
        yield key, value if isinstance(value, str) else json.dumps(value)
