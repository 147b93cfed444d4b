"""Manifests that stand as a text inside an object, read as a whole file is (`policies.reading`)."""

from __future__ import annotations

from policies.judging.values import JsonValue
from policies.reading.stream import read_stream


def documents(text: str) -> list[JsonValue] | None:
    """The documents of a text; None where one of them is not read as kubectl reads it."""
    found = [*read_stream(text)]
    return None if any(read.refused for read in found) else [read.value for read in found]
