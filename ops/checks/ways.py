"""Where a value stands in a JSON text, at the price of two words for each value: long keys are not copied to each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Way = tuple[Any, str | int] | None
"""The way to a value: that of what it stands in, and its key or number there; None for the whole."""

_LONGEST_KEY = 80


def written(way: Way) -> str:
    """The way as text: `parts[0].name`, keys cut at 80 characters."""
    parts = [f"[{step}]" if isinstance(step, int) else f".{step[:_LONGEST_KEY]}" for step in steps(way)]
    return "".join(reversed(parts)).removeprefix(".")


def steps(way: Way) -> Iterator[str | int]:
    """The keys and numbers, the last first."""
    while way is not None:
        way, step = way
        yield step
