"""From the keys of a settings file to the names of Python's fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def fields(data: Mapping[str, Any]) -> dict[str, Any]:
    """The same values under the names of fields: `memoryGiB` is `memory_gib`, `maxLoraRank` is `max_lora_rank`."""
    return {_snake(key): value for key, value in data.items()}


def _snake(key: str) -> str:
    text = key.replace("GiB", "Gib").replace("KiB", "Kib").replace("MiB", "Mib")
    return "".join(f"_{character.lower()}" if character.isupper() else character for character in text)


def camel(name: str) -> str:
    """The key of a field: `max_lora_rank` is `maxLoraRank`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
