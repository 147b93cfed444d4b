"""Pods that restart, as the program's previews tell of them (components/restarts.py)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tools.engine.outcome import Outcome

_LINE = re.compile(r"pods restart: (?P<name>\S+) in (?P<namespace>\S+) \((?P<manner>[^)]*)\): (?P<what>.*)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Restart:
    """Pods of one service that are replaced: how, and what of them changes."""

    kitchen: str
    namespace: str
    manner: str
    what: str

    @property
    def where(self) -> str:
        """The service, such as `support in helpdesk-dev`."""
        return f"{self.kitchen} in {self.namespace}"

    def __str__(self) -> str:
        """Return such as `its pods restart, one pod after the other (adapters)`."""
        return f"its pods restart, {self.manner} ({self.what})"


def restarts(outcome: Outcome) -> list[Restart]:
    """Every restart that a preview told of; none of an update, which tells of none."""
    found = (_LINE.fullmatch(message.text) for message in outcome.messages if message.severity == "warning")
    return [
        Restart(kitchen=m["name"], namespace=m["namespace"], manner=m["manner"], what=m["what"]) for m in found if m
    ]


def is_restart(text: str) -> bool:
    """Whether a message tells of a restart, and is told with its kitchen."""
    return _LINE.fullmatch(text) is not None
