"""Exemptions: a rule lets one object through for a while, because somebody said why, and answers for it."""

from __future__ import annotations

import datetime
import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
KEYS = ("rule", "object", "reason", "approver", "expires")


@dataclass(frozen=True, kw_only=True)
class Exemption:
    """`object` is a subject's title, `<kind> <namespace>/<name>`, `*` in it is any text; `expires` is the last day."""

    rule: str
    object: str
    reason: str
    approver: str
    expires: datetime.date

    def covers(self, rule: str, title: str) -> bool:
        """Whether it is about this rule and object; whether it still holds is another question."""
        return rule == self.rule and fnmatch.fnmatchcase(title, self.object)

    def __str__(self) -> str:
        """One line: rule, object, until when, why and who."""
        return f"{self.rule}: {self.object} until {self.expires}: {self.reason} (approved by {self.approver})"


def exemptions(entries: object) -> tuple[Exemption, ...]:
    """Read the setting `kitchen:exemptions`; raise ValueError that names every fault."""
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise ValueError("kitchen:exemptions: must be a list")  # noqa: TRY004 - a setting, not an argument
    faults: list[str] = []
    found = [_exemption(index, entry, faults) for index, entry in enumerate(entries)]
    if faults:
        raise ValueError("; ".join(faults))
    return tuple(entry for entry in found if entry is not None)


def _exemption(index: int, entry: Any, faults: list[str]) -> Exemption | None:
    where = f"kitchen:exemptions[{index}]"
    if not isinstance(entry, dict) or set(entry) != set(KEYS) or not all(_text(entry[key]) for key in KEYS):
        faults.append(f"{where}: must have the keys {', '.join(KEYS)}, each a text")
        return None
    if not entry["object"].strip("*? "):
        faults.append(f"{where}.object: {entry['object']!r} would cover everything")
        return None
    try:
        # Of what Python takes for days, no weeks and none without signs between.
        expires = datetime.date.fromisoformat(entry["expires"] if _DAY.fullmatch(entry["expires"]) else "")
    except ValueError:
        faults.append(f"{where}.expires: {entry['expires']!r} is no date; example: '2026-12-31'")
        return None
    return Exemption(**{**entry, "expires": expires})


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
