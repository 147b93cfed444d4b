"""Values of a server's flags that are understood: of each flag, and of each key of a JSON value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from policies.judging.values import JsonValue
from policies.manifests.flags import Flags
from policies.manifests.server_flags import NEGATED, ServerFlag, flags
from policies.reading.own import json_of_python

_PLAIN = re.compile(r"[^/]*", re.DOTALL)
"""Values of a flag of which the list says no more: they name no file."""

_EVERY = "*"

_KINDS = {
    "whole": re.compile(r"-?[0-9]+"),
    "number": re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e-?[0-9]+)?"),
    "size": re.compile(r"[0-9]+[KMGT]?|[0-9]+(?:\.[0-9]+)?[kmgt]"),
}
"""What vLLM's parser takes for each kind of value; texts and JSON are judged by the list alone."""


def strange_values(given: Flags, stated: frozenset[str]) -> Iterator[str]:
    """What of a command line's values is not understood, said without them; `stated` are known as `--name=value`."""
    for name, times in given.given.items():
        flag = flags().get(name)
        if flag is None or flag.closed or flag.takes == "0" or name.startswith(NEGATED):
            continue
        parts = given.parts.get(name, [])
        for value in (value for values in times for value in values):
            if f"--{name}={value}" not in stated and value not in [text for _, text in parts]:
                yield from dict.fromkeys(_value_fault(flag, value))
        for key, value in parts:
            if f"--{name}.{key}={value}" not in stated:
                yield from dict.fromkeys(_part_faults(flag, key.removesuffix("+"), _json(value)))


def _value_fault(flag: ServerFlag, value: str) -> Iterator[str]:
    kind = _KINDS.get(flag.kind)
    if flag.choices and value not in flag.choices:
        yield f"gives --{flag.name} a value that vLLM does not choose from"
        return
    if flag.values is None and kind is not None and not kind.fullmatch(value):
        yield f"gives --{flag.name} a value that vLLM does not read"
        return
    whole = flag.values or (None if flag.parts else _PLAIN)
    if whole is not None and whole.fullmatch(value) and (".." not in value or whole.pattern == ".*"):
        return
    content = _json(value) if flag.parts else None
    if isinstance(content, dict):
        yield from _part_faults(flag, "", content)
    else:
        yield f"gives --{flag.name} a value that is not understood"


def _json(text: str) -> JsonValue:
    try:
        return json_of_python(text)
    except ValueError:
        return text


def _part_faults(flag: ServerFlag, key: str, value: JsonValue) -> Iterator[str]:
    if isinstance(value, dict):
        for name, entry in value.items():
            if "." in name:
                # vLLM takes keys apart in names of flags alone.
                yield f"gives --{flag.name} a key that is not understood{_shown(name)}"
            else:
                yield from _part_faults(flag, f"{key}.{name}" if key else name, entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _part_faults(flag, key, entry)
    else:
        pattern = _pattern(flag.parts, key)
        text = value if isinstance(value, str) else json.dumps(value)
        if pattern is None:
            yield f"gives --{flag.name} a key that is not understood{_shown(key)}"
        elif not pattern.fullmatch(text):
            yield f"gives --{flag.name} a value that is not understood{_shown(key)}"


def _pattern(parts: Mapping[str, re.Pattern[str]], key: str) -> re.Pattern[str] | None:
    """The pattern of a key; one that ends in `.*` is of every key below, and `*` of every key at all."""
    above = key.partition(".")[0]
    return parts.get(key) or parts.get(f"{above}.{_EVERY}") or parts.get(_EVERY)


def _shown(key: str) -> str:
    """A key as messages show it: what was written as one may be anything."""
    return f": {key}" if re.fullmatch(r"[A-Za-z_][\w.-]{0,80}", key) else ""
