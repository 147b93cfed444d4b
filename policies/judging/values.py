"""From the engine's proxies to plain values that a rule can walk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from pulumi_policy import proxy

JsonValue: TypeAlias = Any
"""None, bool, number, string, list, dict with text keys, or UNKNOWN."""


_PROXIES: Any = (proxy._DictProxy, proxy._ListProxy)
UNKNOWN_VALUES = frozenset(value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_"))
"""What the engine writes in place of a value that it does not know."""


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
    value = unwrapped(value)
    if isinstance(value, str):
        return UNKNOWN if value in UNKNOWN_VALUES else value
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    if isinstance(value, Mapping):  # the proxies that remediations get
        return {str(key): plain(value[key]) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [plain(entry) for entry in value]
    # The engine knows no whole numbers: 80 comes as 80.0.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def unwrapped(value: Any) -> Any:
    """What lies below a proxy of the SDK, which keeps it under this key; any other value itself."""
    return value["__target"] if isinstance(value, _PROXIES) else value
