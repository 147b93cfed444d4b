"""What a run of the engine planned, did and said, gathered from its events.

The events are the engine's own (`--event-log`, a line of JSON each; sdk/go/common/apitype/events.go): nothing is read
out of text that is written for people. Of a resource's properties only its place and the names of those that change
are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tools.engine.places import fixed_sum, place_of

CREATE, UPDATE, DELETE, REPLACE, SAME = "create", "update", "delete", "replace", "same"
_REPLACING = ("create-replacement", "delete-replaced", "discard-replaced")
"""Steps of which a replacement is made; the engine tells of the whole as `replace`."""
_SHOWN = ("info", "info#err", "warning", "error")


@dataclass(frozen=True, kw_only=True)
class Change:
    """One resource and what happens to it: `operation` is the engine's word (create, update, delete, replace, same)."""

    operation: str
    urn: str
    type: str
    keys: tuple[str, ...] = ()
    place: Mapping[str, str] = field(default_factory=dict)
    """What finds the thing where it is: namespace and name of an object, bucket, or user of the store."""
    fixed: str = ""
    """Sum of what cannot be changed of an object once it is made; empty where everything can."""

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.rpartition("::")[2]


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message of the program, a provider or the engine: `severity` is info, warning or error."""

    severity: str
    text: str
    urn: str = ""


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One finding of a policy: `level` is `mandatory` (denied) or `advisory`."""

    policy: str
    level: str
    urn: str
    text: str


@dataclass
class Outcome:
    """A run of the engine: what it has told so far, and its exit status once it has ended."""

    status: int | None = None
    started: list[Change] = field(default_factory=list)
    done: list[Change] = field(default_factory=list)
    failed: list[Change] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    is_complete: bool = False

    def take(self, event: Mapping[str, Any]) -> None:
        """Add one event; kinds that are not known here say nothing that is asked for."""
        for kind, gather in _GATHERERS.items():
            if (body := event.get(kind)) is not None:
                gather(self, body)

    def changes(self) -> list[Change]:
        """Everything but what stays as it is, once a resource; components of ours are no object anywhere."""
        return [change for change in self.started if change.operation != SAME]

    def errors(self) -> list[Message]:
        """What was told as an error."""
        return [message for message in self.messages if message.severity == "error"]

    def denials(self) -> list[Violation]:
        """Findings for which the engine stops."""
        return [found for found in self.violations if found.level == "mandatory"]

    def by_operation(self) -> Counter[str]:
        """How many resources are created, updated ... and stay the same."""
        return Counter(change.operation for change in self.started)

    def _begins(self, body: Mapping[str, Any]) -> None:
        if (change := _change(body)) is not None:
            self.started.append(change)

    def _ends(self, body: Mapping[str, Any]) -> None:
        if (change := _change(body)) is not None:
            self.done.append(change)

    def _fails(self, body: Mapping[str, Any]) -> None:
        if (change := _change(body)) is not None:
            self.failed.append(change)

    def _says(self, body: Mapping[str, Any]) -> None:
        severity, text = str(body.get("severity")), str(body.get("message", "")).rstrip()
        if severity in _SHOWN and text:
            told = "info" if severity.startswith("info") else severity
            self.messages.append(Message(severity=told, text=text, urn=str(body.get("urn", ""))))

    def _finds(self, body: Mapping[str, Any]) -> None:
        self.violations.append(
            Violation(
                policy=str(body.get("policyName")),
                level=str(body.get("enforcementLevel")),
                urn=str(body.get("resourceUrn", "")),
                text=str(body.get("message", "")).strip(),
            )
        )

    def _sums(self, body: Mapping[str, Any]) -> None:
        self.counts = {str(key): int(value) for key, value in (body.get("resourceChanges") or {}).items()}
        self.is_complete = True


_GATHERERS = {
    "resourcePreEvent": Outcome._begins,
    "resOutputsEvent": Outcome._ends,
    "resOpFailedEvent": Outcome._fails,
    "diagnosticEvent": Outcome._says,
    "policyEvent": Outcome._finds,
    "summaryEvent": Outcome._sums,
}


def _change(body: Mapping[str, Any]) -> Change | None:
    """The change of an event; none for a part of a replacement."""
    data = body["metadata"]
    if data["op"] in _REPLACING:
        return None
    detailed: Mapping[str, Any] = data.get("detailedDiff") or {}
    keys: Sequence[str] = list(detailed) or data.get("diffs") or ()
    kind, inputs = str(data["type"]), (data.get("new") or data.get("old") or {}).get("inputs") or {}
    return Change(
        operation=str(data["op"]),
        urn=str(data["urn"]),
        type=kind,
        keys=tuple(sorted(keys)),
        place=place_of(kind, inputs),
        fixed=fixed_sum(kind, inputs),
    )
