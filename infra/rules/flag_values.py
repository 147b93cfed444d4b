"""Values of vLLM's flags that are understood, by the catalog's list; the policy pack reads the same one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from infra.rules.flags import ENTRIES

_PLAIN = r"[^/]*"
"""Values of a flag of which the list says no more: they name no file."""


def value_fault(name: str, key: str, value: str) -> str | None:
    """Why `--name=value`, or `--name.key=value`, is not understood, or None."""
    entry = ENTRIES.get(name, {})
    parts: Mapping[str, str] = entry.get("parts", {})
    content = _json(value) if parts else value
    if not key and not isinstance(content, dict):
        whole = entry.get("values", "" if parts else _PLAIN)
        return None if _fits(whole, value) else "the value is not understood"
    for path, text in _leaves(key, content):
        above = path.partition(".")[0]
        pattern = next((parts[entry] for entry in (path, f"{above}.*", "*") if entry in parts), None)
        if pattern is None:
            return f"the key {path!r} is not understood"
        if not _fits(pattern, text):
            return f"the value of the key {path!r} is not understood"
    return None


def _fits(pattern: str, value: str) -> bool:
    clean = ".." not in value or pattern == ".*"
    return clean and re.fullmatch(pattern, value, re.DOTALL) is not None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _leaves(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, entry in value.items():
            yield from _leaves(f"{key}.{name}" if key else name, entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _leaves(key, entry)
    else:
        yield key, value if isinstance(value, str) else json.dumps(value)
