"""Whether data fits a JSON Schema, for the keywords that the project's schemas use: yes or no, and nothing more.

It stands before the `jsonschema` package, which takes a tenth of a second to import and words the faults of data that
does not fit. Both must be of one opinion: a test compares them, and a keyword that is not known here is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]
"""A schema that is no boolean; those are handled in `fits` alone."""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    # JSON Schema takes 2.0 for one, too; but it would be written on as it stands, and vLLM's parser refuses it.
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: _is_number(value) and (isinstance(value, int) or math.isfinite(value)),
}
_SAID = frozenset({"$schema", "title", "description", "examples", "then", "else", "required"})
"""Keywords that demand nothing by themselves, or that another one looks at."""


def fits(schema: Schema | bool, value: Any) -> bool:
    """Whether a value fits; raise KeyError where a keyword that is not known here would have to decide."""
    if isinstance(schema, bool):
        return schema
    return all(keyword in _SAID or _CHECKS[keyword](schema, value) for keyword in schema) and _has_all(schema, value)


def known_keywords() -> frozenset[str]:
    """Every keyword that a schema may use."""
    return _SAID | frozenset(_CHECKS)


def _has_all(schema: Schema, value: Any) -> bool:
    return not isinstance(value, dict) or all(key in value for key in schema.get("required", ()))


def _properties(schema: Schema, value: Any) -> bool:
    if not isinstance(value, dict):
        return True
    parts = schema["properties"]
    return all(fits(parts[key], entry) for key, entry in value.items() if key in parts)


def _additional(schema: Schema, value: Any) -> bool:
    if not isinstance(value, dict):
        return True
    known, rest = schema.get("properties", {}), schema["additionalProperties"]
    return all(fits(rest, entry) for key, entry in value.items() if key not in known)


def _items(schema: Schema, value: Any) -> bool:
    return not isinstance(value, list) or all(fits(schema["items"], entry) for entry in value)


def _names(schema: Schema, value: Any) -> bool:
    return not isinstance(value, dict) or all(fits(schema["propertyNames"], key) for key in value)


def _pattern(schema: Schema, value: Any) -> bool:
    """The whole text must match, as `infra.validate` has it."""
    return not isinstance(value, str) or re.fullmatch(schema["pattern"], value) is not None


def _unique(schema: Schema, value: Any) -> bool:
    if not isinstance(value, list) or not schema["uniqueItems"]:
        return True
    if all(isinstance(entry, str) for entry in value):
        return len(set(value)) == len(value)
    return not any(_same(entry, other) for index, entry in enumerate(value) for other in value[:index])


def _condition(schema: Schema, value: Any) -> bool:
    return fits(schema.get("then" if fits(schema["if"], value) else "else", {}), value)


def _same(one: Any, other: Any) -> bool:
    """Equality as JSON has it: true is not 1, and 1.0 is."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _length(value: Any, kind: Any) -> int | None:
    return len(value) if isinstance(value, kind) else None


def _least(keyword: str, kind: type) -> Callable[[Schema, Any], bool]:
    return lambda schema, value: (size := _length(value, kind)) is None or size >= schema[keyword]


def _most(keyword: str, kind: type) -> Callable[[Schema, Any], bool]:
    return lambda schema, value: (size := _length(value, kind)) is None or size <= schema[keyword]


_CHECKS: Mapping[str, Callable[[Schema, Any], bool]] = {
    "type": lambda schema, value: _TYPES[schema["type"]](value),
    "enum": lambda schema, value: any(_same(entry, value) for entry in schema["enum"]),
    "const": lambda schema, value: _same(schema["const"], value),
    "minimum": lambda schema, value: not _is_number(value) or not value < schema["minimum"],
    "maximum": lambda schema, value: not _is_number(value) or not value > schema["maximum"],
    "pattern": _pattern,
    "minLength": _least("minLength", str),
    "maxLength": _most("maxLength", str),
    "minItems": _least("minItems", list),
    "maxItems": _most("maxItems", list),
    "minProperties": _least("minProperties", dict),
    "maxProperties": _most("maxProperties", dict),
    "uniqueItems": _unique,
    "items": _items,
    "properties": _properties,
    "additionalProperties": _additional,
    "propertyNames": _names,
    "if": _condition,
}
