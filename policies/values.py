"""From the engine's proxies to plain values that a rule can walk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from pulumi_policy.proxy import UnknownValueError

JsonValue: TypeAlias = Any
"""None, bool, number, string, list, dict with text keys, or UNKNOWN."""


class _Unknown:
    """A value that a preview cannot know yet."""

    def __repr__(self) -> str:
        return "(not known before the update)"


UNKNOWN = _Unknown()
"""Stands for a value that is not known during a preview."""


def plain(value: object) -> JsonValue:
    """Copy a value out of its proxies. What is unknown becomes `UNKNOWN` instead of an exception.

    The SDK turns a rule that touches an unknown value into an advisory remark, even a mandatory one
    (pulumi_policy/policy.py, Analyze): a rule of this pack must decide for itself.
    """
    if isinstance(value, Mapping):
        return {str(key): _read(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_read(value, index) for index in range(len(value))]
    # The engine knows no whole numbers: 80 comes as 80.0.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _read(container: Any, key: object) -> JsonValue:
    try:
        return plain(container[key])
    except UnknownValueError:
        return UNKNOWN
