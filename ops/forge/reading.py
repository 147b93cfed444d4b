"""Values out of a forge's answers: of the type that they must have, or the answer is none of this forge."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ops.forge.door import Door

COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@contextmanager
def reading(door: Door, path: str) -> Iterator[None]:
    """What is not there, or has another type, is told as an answer of another form."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError):
        raise door.odd(path) from None


def text(entry: Mapping[str, Any], key: str) -> str:
    """A text; "" for null, as forges write of what is empty. Raise TypeError, KeyError."""
    value = entry[key]
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError
    return value


def number(entry: Mapping[str, Any], key: str) -> int:
    """A whole number above 0; raise TypeError, KeyError."""
    value = entry[key]
    if type(value) is not int or value <= 0:
        raise TypeError
    return value


def commit(entry: Mapping[str, Any], key: str) -> str:
    """A commit's name; "" for null. Raise ValueError, TypeError, KeyError."""
    value = text(entry, key)
    if value and not COMMIT.fullmatch(value):
        raise ValueError
    return value


def name(entry: Mapping[str, Any], key: str, part: str) -> str:
    """The name of an account below `key`; "" where the account is gone."""
    account = entry[key]
    return "" if account is None else text(account, part)
