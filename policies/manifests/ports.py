"""How many ports a rule of a network policy allows."""

from __future__ import annotations

import math

from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import at

MOST = 32
"""More ports, in one row or in many, are as good as every port."""

_DIGITS = 9
"""Most digits of a text that is read as a number."""


def ports_bound(ports: list[JsonValue]) -> bool:
    """Whether ports narrow a rule: together they are few, each by its number or name."""
    widths = [_width(port) for port in ports]
    return bool(widths) and all(width is not None for width in widths) and sum(map(int, filter(None, widths))) <= MOST


def _width(port: JsonValue) -> int | None:
    """How many ports an entry means; None where it means all of them, or where it is not known."""
    first, last = _number(at(port, "port")), _number(at(port, "endPort"))
    if first in (None, UNKNOWN, 0):
        return None
    if last in (None, 0):
        return 1
    return int(last - first) + 1 if _is_number(first) and _is_number(last) else None


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _number(value: JsonValue) -> JsonValue:
    """A number, also one written as text; a text of many digits stays what it is."""
    is_number = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _DIGITS
    return int(value) if is_number and isinstance(value, str) else value
