"""Small checks of values, out of which the bounds of calls are made: each says what is wrong, or None."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Bounds = Mapping[str, Any]
"""A kitchen's bounds, by the names of call_bounds.DEFAULTS."""

Check = Callable[[Any, Bounds], "str | None"]
"""What is wrong with a value, or None. The words follow the name of the parameter, and repeat no value."""


def flag(value: Any, _bounds: Bounds) -> str | None:
    """True or false."""
    return None if isinstance(value, bool) else "must be true or false"


def number(least: float, most: float) -> Check:
    """A number, both ends included."""

    def check(value: Any, _bounds: Bounds) -> str | None:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
            return f"must be a number from {least:g} to {most:g}"
        return None

    return check


def integer(least: int, most: int | str) -> Check:
    """A whole number; `most` may be the name of a bound."""

    def check(value: Any, bounds: Bounds) -> str | None:
        upper = bounds[most] if isinstance(most, str) else most
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= upper:
            return f"must be a whole number from {least} to {upper}"
        return None

    return check


def text(most: int | str) -> Check:
    """A text; `most` characters, or the name of a bound."""

    def check(value: Any, bounds: Bounds) -> str | None:
        upper = bounds[most] if isinstance(most, str) else most
        if not isinstance(value, str) or len(value) > upper:
            return f"must be a text of {upper} characters at most"
        return None

    return check


def one_of(*allowed: object) -> Check:
    """One of these values, of the same type."""

    def check(value: Any, _bounds: Bounds) -> str | None:
        if any(value == one and type(value) is type(one) for one in allowed):
            return None
        return f"must be {' or '.join(str(one).lower() if isinstance(one, bool) else str(one) for one in allowed)}"

    return check


def list_of(entry: Check, most: int | str, least: int = 0) -> Check:
    """A list of such entries."""

    def check(value: Any, bounds: Bounds) -> str | None:
        upper = bounds[most] if isinstance(most, str) else most
        if not isinstance(value, list) or not least <= len(value) <= upper:
            return f"must be a list of {least} to {upper} entries"
        return next((f"has an entry that {wrong}" for one in value if (wrong := entry(one, bounds))), None)

    return check


def either(*checks: Check) -> Check:
    """What one of the checks takes."""

    def check(value: Any, bounds: Bounds) -> str | None:
        wrong = [found for one in checks if (found := one(value, bounds))]
        return None if len(wrong) < len(checks) else ", or ".join(wrong)

    return check


def both(*checks: Check) -> Check:
    """What all of the checks take."""

    def check(value: Any, bounds: Bounds) -> str | None:
        return next((found for one in checks if (found := one(value, bounds))), None)

    return check


def map_to(entry: Check, most: int) -> Check:
    """An object with any keys and such values."""

    def check(value: Any, bounds: Bounds) -> str | None:
        if not isinstance(value, dict) or len(value) > most:
            return f"must be an object of {most} entries at most"
        return next((f"has a value that {wrong}" for one in value.values() if (wrong := entry(one, bounds))), None)

    return check


def fields(known: Mapping[str, Check], *needed: str) -> Check:
    """An object with these keys alone; null is as if the key were not there, except for the needed ones."""

    def check(value: Any, bounds: Bounds) -> str | None:
        if not isinstance(value, dict):
            return "must be an object"
        if not set(value) <= set(known):
            return f"may have {', '.join(sorted(known))} alone"
        lacking = [key for key in needed if value.get(key) is None]
        if lacking:
            return f"lacks {lacking[0]}"
        for key, entry in value.items():
            wrong = None if entry is None else known[key](entry, bounds)
            if wrong:
                return f"has {key}, which {wrong}"
        return None

    return check


def by(key: str, kinds: Mapping[str, Check], absent: str | None = None) -> Check:
    """An object whose text below `key` says which check it takes; without it the check of `absent`."""

    def check(value: Any, bounds: Bounds) -> str | None:
        kind = value.get(key, absent) if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in kinds:
            return f"must be an object with a {key} of {', '.join(sorted(kinds))}"
        return kinds[kind](value, bounds)

    return check
