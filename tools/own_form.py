"""Forms that values of our own files must have; what is wrong is told by place and rule, never by value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

Form = Callable[[Any], str]
"""Takes a value; returns what is wrong with it, as the end of a sentence, or an empty text."""

NEWER = "a newer release may have written it"


def words(value: Any) -> str:
    """A text that is not empty."""
    if isinstance(value, str) and not value.strip():
        return "is an empty text"
    return "" if isinstance(value, str) else _must("a text", value)


def flag(value: Any) -> str:
    """True or false."""
    return "" if isinstance(value, bool) else _must("true or false", value)


def anything(value: Any) -> str:
    """What somebody else has to understand."""
    del value
    return ""


def number(low: int, high: int) -> Form:
    """A whole number in a range, ends included."""

    def form(value: Any) -> str:
        right = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        return "" if right else _must(f"a whole number from {low} to {high}", value)

    return form


def each(entry: Form) -> Form:
    """A mapping whose keys are texts and whose values have a form."""

    def form(value: Any) -> str:
        if not isinstance(value, dict):
            return _must("a mapping", value)
        return _first((key, words(key) or entry(held)) for key, held in value.items())

    return form


def rows(entry: Form) -> Form:
    """A list whose values have a form."""

    def form(value: Any) -> str:
        if not isinstance(value, list):
            return _must("a list", value)
        return _first((str(place), entry(held)) for place, held in enumerate(value))

    return form


def record(fields: Mapping[str, Form], *, may_lack: Collection[str] = (), closed: bool = True) -> Form:
    """A mapping with these keys; with others too unless it is `closed`."""

    def form(value: Any) -> str:
        if not isinstance(value, dict):
            return _must("a mapping", value)
        if missing := [key for key in fields if key not in value and key not in may_lack]:
            return f"has no `{missing[0]}`"
        if closed and (unknown := [key for key in value if key not in fields]):
            return f"has a key that this release does not know ({str(unknown[0])[:40]!r}): {NEWER}"
        return _first((key, rule(value[key])) for key, rule in fields.items() if key in value)

    return form


def optional(form: Form) -> Form:
    """A value of the form, or null."""
    return lambda value: "" if value is None else form(value)


def _first(found: Any) -> str:
    for place, wrong in found:
        if wrong:
            return f"`{str(place)[:40]}` {wrong}"
    return ""


def _must(rule: str, value: Any) -> str:
    return f"must be {rule} and is {_NAMES.get(type(value), 'something else')}"


_NAMES: Mapping[type, str] = {
    dict: "a mapping",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "another number",
    float: "another number",
    type(None): "null",
}
