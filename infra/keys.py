"""From the keys of a settings file to the names of Python's fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def fields(data: Mapping[str, Any]) -> dict[str, Any]:
    """The same values under the names of fields: `memoryGiB` is `memory_gib`, `maxLoraRank` is `max_lora_rank`."""
    return {_snake(key): value for key, value in data.items()}


_UNITS = {"Gib": "GiB", "Kib": "KiB", "Mib": "MiB"}


def _snake(key: str) -> str:
    text = key
    for word, unit in _UNITS.items():
        text = text.replace(unit, word)
    return "".join(f"_{character.lower()}" if character.isupper() else character for character in text)


def camel(name: str) -> str:
    """The key of a field: `max_lora_rank` is `maxLoraRank`, and `memory_gib` is `memoryGiB`."""
    first, *rest = name.split("_")
    words = (part.capitalize() for part in rest)
    return first + "".join(_UNITS.get(word, word) for word in words)
