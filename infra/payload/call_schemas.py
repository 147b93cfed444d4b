"""Structured outputs and tools: a grammar is compiled for each, so its size is bounded before a server sees it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from .call_checks import Bounds, by, either, fields, flag, list_of, one_of, text

MOST_REPETITIONS = 10_000
"""How often a pattern, or a number of a schema, may have something repeated. Braces in braces multiply."""

_COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains")


def pattern(value: Any, bounds: Bounds) -> str | None:
    """A regular expression."""
    most = bounds["maxPatternCharacters"]
    if not isinstance(value, str) or len(value) > most:
        return f"must be a pattern of {most} characters at most"
    if _weight(value) > MOST_REPETITIONS:
        return f"has a pattern that repeats more than {MOST_REPETITIONS} times"
    return None


_PIECES = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\{(\d{1,9})?(?:,(\d{1,9})?)?\}|[()]|.", re.DOTALL)
_HEAVY = 10**9


def _weight(expression: str) -> int:
    """How many pieces are left when all repetitions are written out: those in braces are, `*` and `+` are not."""
    above: list[int] = []
    total = last = 0
    for found in _PIECES.finditer(expression):
        sign = found.group()
        if sign == "(":
            above.append(total)
            total = last = 0
        elif sign == ")" and above:
            last, total = total, above.pop() + total
        elif sign[0] == "{" and len(sign) > 1:
            times = max(int(found.group(1) or 0), int(found.group(2) or 0), 1)
            total += last * (times - 1)
            last *= times
        else:
            last = 1
            total += 1
        if max(total, last) > _HEAVY:
            return _HEAVY
    return total + sum(above)


def schema(value: Any, bounds: Bounds) -> str | None:
    """A JSON Schema."""
    if not isinstance(value, dict):
        return "must be an object"
    most = bounds["maxSchemaCharacters"]
    if len(json.dumps(value)) > most:
        return f"may have {most} characters as JSON"
    return next((wrong for wrong in _wrong(value, bounds) if wrong), None)


def _wrong(value: Any, bounds: Bounds) -> Iterator[str | None]:
    if isinstance(value, list):
        for entry in value:
            yield from _wrong(entry, bounds)
    elif isinstance(value, dict):
        for key, entry in value.items():
            if key == "pattern" and isinstance(entry, str):
                yield pattern(entry, bounds)
            elif key == "patternProperties" and isinstance(entry, dict):
                yield from (pattern(name, bounds) for name in entry)
            elif key in _COUNTS and isinstance(entry, (int, float)) and entry > MOST_REPETITIONS:
                yield f"has a {key} over {MOST_REPETITIONS}"
            yield from _wrong(entry, bounds)


_NAME, _SAID = text(128), text("maxSchemaCharacters")
_FUNCTION = {"name": _NAME, "description": _SAID, "parameters": schema, "strict": flag}
_TOOL = by("type", {"function": fields({"type": _NAME, "function": fields(_FUNCTION, "name")}, "function")})
_NAMED_SCHEMA = {"name": _NAME, "description": _SAID, "schema": schema, "strict": flag}
_ANY = {"text": fields({"type": _NAME}), "json_object": fields({"type": _NAME})}

tools = list_of(_TOOL, "maxTools", 1)
"""Tools of a chat: functions alone."""

flat_tools = list_of(by("type", {"function": fields({"type": _NAME, **_FUNCTION}, "name")}), "maxTools")
"""Tools of /v1/responses: functions alone, none that the server would run itself."""

_MODES = one_of("none", "auto", "required")
tool_choice = either(
    _MODES, fields({"type": one_of("function"), "function": fields({"name": _NAME}, "name")}, "function")
)
flat_tool_choice = either(_MODES, fields({"type": one_of("function"), "name": _NAME}, "type", "name"))

_CHAT_SCHEMA = fields({"type": _NAME, "json_schema": fields(_NAMED_SCHEMA, "schema")}, "json_schema")
response_format = by("type", {**_ANY, "json_schema": _CHAT_SCHEMA})
"""Of a chat or a completion."""

text_config = fields(
    {
        "format": by("type", {**_ANY, "json_schema": fields({"type": _NAME, **_NAMED_SCHEMA}, "schema")}),
        "verbosity": one_of("low", "medium", "high"),
    }
)
"""`text` of /v1/responses."""

structured_outputs = fields(
    {
        "json": schema,
        "regex": pattern,
        "choice": list_of(text(1024), 1024, 1),
        "json_object": flag,
        "disable_any_whitespace": flag,
        "disable_additional_properties": flag,
        "whitespace_pattern": pattern,
    }
)
"""vLLM's own way: without `grammar` and `structural_tag`, whose size after expansion is not known here."""
