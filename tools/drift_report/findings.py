"""What a look has found, in the form that table, JSON and numbers are made of."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Place(StrEnum):
    """Where something is not as declared."""

    CLUSTER = "cluster"
    STORE = "store"
    SERVER = "server"


class What(StrEnum):
    """How it is not as declared; `unrecorded` was set by an update of ours that was interrupted."""

    MISSING = "missing"
    LEAVING = "leaving"
    CHANGED = "changed"
    UNRECORDED = "unrecorded"
    UNDECLARED = "undeclared"


OPERATIONS: Mapping[What, str] = {
    What.MISSING: "create",
    What.LEAVING: "create",
    What.CHANGED: "update",
    What.UNRECORDED: "update",
    What.UNDECLARED: "other",
}
"""What it is to an update, in the words of the numbers; what nobody declares no update touches."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One field: its path, what is declared and what is there, as texts that may be shown, and who has set it."""

    path: str
    declared: str | None = None
    live: str | None = None
    by: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return `spec.hard["requests.cpu"]: declared 64, is 640 (kubectl-edit)`."""
        said = [f"declared {self.declared}"] * (self.declared is not None)
        said += [f"is {self.live}"] * (self.live is not None)
        who = f" ({', '.join(self.by)})" if self.by else ""
        return f"{self.path}{': ' if said else ''}{', '.join(said)}{who}"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is not as declared; `way` says what a person types, or does, about it."""

    place: Place
    what: What
    kind: str
    name: str
    namespace: str = ""
    changes: tuple[Change, ...] = ()
    by: tuple[str, ...] = ()
    more: str = ""
    way: str = ""

    @property
    def title(self) -> str:
        """Kind, namespace and name."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def order(self) -> tuple[str, ...]:
        """Alike things stand beside each other, and two looks at the same have the same order."""
        return (self.place, self.what, self.namespace, self.kind, self.name)


MOST = 20
"""Findings of one sort in one namespace that people are told one by one; the JSON has all."""


def by_sort(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Alike things of one namespace, each group in the order of its first."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.place, finding.what, finding.namespace, finding.kind), []).append(finding)
    return list(groups.values())


@dataclass(frozen=True, kw_only=True)
class Unjudged:
    """Something that reaches what is ours, or lies in it, and that this program cannot judge.

    It may be your platform's. `sum` is of what decides about it: a changed one is another one. One that `is_told` is
    drift unless people have said that it is meant.
    """

    place: Place
    kind: str
    name: str
    why: str
    sum: str
    is_told: bool = False
    way: str = ""
    finding: Finding | None = None
    """How it is told, where that is more than the fields here."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What people have judged: this thing, with this content."""
        return (str(self.place), self.kind, self.name, self.sum)


def sum_of(content: Any) -> str:
    """A sum of what decides about something, the same for the same content."""
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(kw_only=True)
class Seen:
    """What the look at one place found."""

    findings: list[Finding] = field(default_factory=list)
    known: Counter[str] = field(default_factory=Counter)
    unread: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)
    unjudged: list[Unjudged] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Look:
    """One look: what was found, what is there by design (by rule how often), and what could not be looked at.

    `unasked` was not to be looked at, and takes nothing from the look's verdict, as `unjudged` does.
    """

    stack: str
    environment: str
    against: str
    findings: Sequence[Finding] = ()
    known: Mapping[str, int] = field(default_factory=dict)
    unread: Sequence[str] = ()
    unasked: Sequence[str] = ()
    unjudged: Sequence[Unjudged] = ()
    is_reviewed: bool = False
    seconds: float = 0.0

    @property
    def open(self) -> list[Unjudged]:
        """What is left to people: neither told as a finding, nor held against what they have judged before."""
        return [] if self.is_reviewed else [one for one in self.unjudged if not one.is_told]

    @property
    def verdict(self) -> str:
        """`drift`, else `unknown` where something could not be looked at, else `none`."""
        return "drift" if self.findings else "unknown" if self.unread else "none"

    @property
    def status(self) -> int:
        """Exit code: 0 none, 1 drift, 4 no drift in what could be looked at, which is not everything."""
        return {"none": 0, "drift": 1, "unknown": 4}[self.verdict]


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Each once, in the order in which they are told."""
    return sorted(dict.fromkeys(findings), key=lambda finding: finding.order)
