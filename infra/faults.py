"""Faults in what a user wrote: each with its path, value, rule and a right example; all told at once."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

MISSING = object()
"""Stands for the value of a key that is not there."""

HIDDEN = "(not shown)"
"""Stands for a secret in a fault."""

_SHOWN_CHARACTERS = 80


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault. `str()` is one line: path, value, rule, example."""

    path: str
    value: object
    rule: str
    example: str

    def __str__(self) -> str:
        """Return `path: value; rule: ...; example: ...`."""
        shown = "missing" if self.value is MISSING else _text(self.value)
        if "PRIVATE KEY" in shown:  # wherever somebody has put one by mistake
            shown = HIDDEN
        if len(shown) > _SHOWN_CHARACTERS:
            half = (_SHOWN_CHARACTERS - 3) // 2  # a path is told apart by its end, most other values by their start
            shown = f"{shown[:half]}...{shown[-half:]}"
        return printable(f"{self.path}: {shown}; rule: {self.rule}; example: {self.example}")


def printable(text: str) -> str:
    """The text on one line; what could move a terminal's cursor or turn the reading direction is escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def _text(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except TypeError:  # a key that is no text, such as a date
        return str(value)


class FaultsError(Exception):
    """What a user wrote cannot be used. `faults` are sorted by path; `str()` is the message."""

    def __init__(self, source: str, faults: Iterable[Fault]) -> None:
        """Keep the faults in order; `source` names the file or stack that they lie in."""
        self.source = source
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.path, str(fault))))
        count = len(self.faults)
        head = f"{source}: {count} fault{'' if count == 1 else 's'}, nothing was changed"
        super().__init__("\n".join([head, *(f"  {fault}" for fault in self.faults)]))
