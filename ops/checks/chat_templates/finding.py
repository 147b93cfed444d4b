"""What a reader of a chat template must look at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, order=True)
class Finding:
    """One thing in a template that is not understood, or that does harm.

    `name` is what a person accepts it by, the same for each place where it stands; `refused` ones cannot be accepted.
    `rule` is a phrase that follows the template's name.
    """

    line: int
    name: str
    rule: str
    refused: bool = False


def shown(text: str, most: int = 40) -> str:
    """A text of a template as it may stand in a line: ASCII, escaped and short."""
    escaped = ascii(text)
    return escaped if len(escaped) <= most else f"{escaped[: most - 4]}...'"
