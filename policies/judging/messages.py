"""Reads a resource's inputs out of the engine's message, in one pass where nothing in them is marked.

The engine marks secrets, assets and archives. What is marked goes the SDK's way, in five passes; both ways
have the same result, which tests hold.
"""

from __future__ import annotations

import math
from typing import Any

from google.protobuf import json_format  # type: ignore[import-untyped]  # no stubs in the lock file
from pulumi_policy import deserialize

from policies.judging.secrecy import secret_paths, with_marks
from policies.judging.values import UNKNOWN, UNKNOWN_VALUES, JsonValue, plain

_NONE: frozenset[str] = frozenset()


class _MarkedError(Exception):
    """A value of the engine's own."""


def read(message: Any) -> tuple[dict[str, JsonValue], frozenset[str]]:
    """The inputs as rules see them, and the paths of those that the engine holds for secret.

    Raise ValueError or AssertionError where the message has what JSON does not have, or a mark that is not known.
    """
    try:
        return _mapping(message), _NONE
    except _MarkedError:
        return read_marked(message)


def read_marked(message: Any) -> tuple[dict[str, JsonValue], frozenset[str]]:
    """The same, by the SDK's own functions."""
    props = deserialize.deserialize_properties(with_marks(json_format.MessageToDict(message)))
    return plain(props), secret_paths(props)


def _mapping(message: Any) -> dict[str, JsonValue]:
    fields = message.fields
    if deserialize.SPECIAL_SIG_KEY in fields:
        raise _MarkedError
    return {key: _value(value) for key, value in fields.items()}


def _value(message: Any) -> JsonValue:
    kind = message.WhichOneof("kind")
    if kind == "string_value":
        text = message.string_value
        return UNKNOWN if text in UNKNOWN_VALUES else text
    if kind == "struct_value":
        return _mapping(message.struct_value)
    if kind == "list_value":
        return [_value(value) for value in message.list_value.values]
    if kind == "bool_value":
        return message.bool_value
    return _number(message.number_value) if kind == "number_value" else None


def _number(value: float) -> float | int:
    """The engine knows no whole numbers: 80 comes as 80.0."""
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number of JSON")
    return int(value) if value.is_integer() else value
