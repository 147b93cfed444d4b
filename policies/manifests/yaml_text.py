"""YAML that stands as a text inside an object."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from typing import Any

import yaml

from policies.judging.values import JsonValue

MOST_VALUES = 100_000
"""Values of a text that are read, aliases written out."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def documents(text: str) -> list[JsonValue] | None:
    """The documents of a text as JSON has them; None where it cannot be read, or stands for too much to be judged."""
    try:
        left = [MOST_VALUES]
        return [_plain(document, left) for document in yaml.load_all(text, Loader=_LOADER)]
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        return None


def _loaded(text: str) -> Iterable[Any]:
    """JSON is read as such, which is many times faster."""
    if text.lstrip().startswith(("{", "[")):
        try:
            return [json.loads(text)]
        except ValueError:
            pass
    loaded: Iterable[Any] = yaml.load_all(text, Loader=_LOADER)
    return loaded


def _plain(value: Any, left: list[int]) -> JsonValue:
    left[0] -= 1
    if left[0] < 0:
        raise ValueError("too many values")
    if isinstance(value, dict):
        return {str(key): _plain(entry, left) for key, entry in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(entry, left) for entry in value]
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value.decode() if isinstance(value, bytes) else value
