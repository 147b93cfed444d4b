"""Forms that plain data must have: exact values, patterns where a value may vary, and nothing beside what is named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.judging.values import UNKNOWN
from policies.manifests.fields import NOT_KNOWN, Fault

_LONGEST = 120

JUDGED = object()
"""A value that something else judges by what stands in it."""


@dataclass(frozen=True, kw_only=True)
class Text:
    """A text that a regular expression matches whole; `says` is what a message says of another."""

    pattern: str
    says: str = ""


@dataclass(frozen=True, kw_only=True)
class Number:
    """A whole number within bounds."""

    least: int = 0
    most: int = 4294967295


@dataclass(frozen=True)
class Some:
    """A list of any length whose entries have one form."""

    form: Any


@dataclass(frozen=True)
class Maybe:
    """A key that may be missing."""

    form: Any


@dataclass(frozen=True)
class OneOf:
    """One of several exact values."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Each:
    """A mapping with keys of any name whose values have one form."""

    form: Any


def differs(value: Any, form: Any, path: str) -> Iterator[Fault]:
    """One fault for each part that is not as the form has it; a mapping is a form of its keys, and of no others."""
    if form is JUDGED:
        return
    if value is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
    elif isinstance(form, Mapping) and isinstance(value, Mapping):
        yield from _keys(value, form, path)
    elif isinstance(form, Each) and isinstance(value, Mapping):
        for key, inner in value.items():
            yield from differs(inner, form.form, f"{path}.{key}")
    elif isinstance(form, Some | list) and isinstance(value, list):
        yield from _list(value, form, path)
    elif isinstance(form, Mapping | Each | Some | list):
        yield Fault(path=path, text="is not understood: it may copy what callers say")
    elif not _is(value, form):
        yield Fault(path=path, text=f"is {_short(value)}{_wanted(form)}")


def same(value: Any, other: Any) -> bool:
    """Whether two values of JSON are one, where true is no 1."""
    return not list(differs(value, other, ""))


def _keys(value: Mapping[str, Any], form: Mapping[str, Any], path: str) -> Iterator[Fault]:
    for key, inner in value.items():
        here = f"{path}.{key}".lstrip(".")
        if key not in form:
            yield Fault(path=here, text="is not understood: it may copy what callers say")
        else:
            wanted = form[key]
            yield from differs(inner, wanted.form if isinstance(wanted, Maybe) else wanted, here)
    for key, wanted in form.items():
        if key not in value and not isinstance(wanted, Maybe):
            yield Fault(path=f"{path}.{key}".lstrip("."), text="is missing, and the program writes it")


def _list(value: list[Any], form: Some | list[Any], path: str) -> Iterator[Fault]:
    if isinstance(form, Some):
        for index, entry in enumerate(value):
            yield from differs(entry, form.form, f"{path}[{index}]")
    elif len(value) != len(form):
        yield Fault(path=path, text=f"has {len(value)} entries, and must have {len(form)}")
    else:
        for index, (entry, wanted) in enumerate(zip(value, form, strict=True)):
            yield from differs(entry, wanted, f"{path}[{index}]")


def _is(value: Any, form: Any) -> bool:
    if isinstance(form, Text):
        return isinstance(value, str) and re.fullmatch(form.pattern, value) is not None
    if isinstance(form, Number):
        return type(value) is int and form.least <= value <= form.most
    if isinstance(form, OneOf):
        return any(_is(value, one) for one in form.values)
    return type(value) is type(form) and bool(value == form)


def _wanted(form: Any) -> str:
    if isinstance(form, Text):
        return f": {form.says}" if form.says else f", and must match {form.pattern}"
    if isinstance(form, Number):
        return f", and must be a number from {form.least} to {form.most}"
    if isinstance(form, OneOf):
        return f", and must be one of {', '.join(map(repr, form.values))}"
    return f", and must be {form!r}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
