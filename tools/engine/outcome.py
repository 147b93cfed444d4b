"""What a run of the engine planned, did and said, gathered from its events.

The events are the engine's own (`--event-log`, a line of JSON each; sdk/go/common/apitype/events.go): nothing is read
out of text that is written for people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.engine.change import CREATE, DELETE, REPLACE, SAME, UPDATE, Change, change_of

__all__ = ["CREATE", "DELETE", "REPLACE", "SAME", "UPDATE", "Change", "Message", "Outcome", "Violation"]

_SHOWN = ("info", "info#err", "warning", "error")


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
    """A run of the engine: what it has told so far, and its exit status once it has ended.

    `waits` is what a provider says of a resource by its URN while it waits for it;
    `last_words` are the engine's on stderr, where it tells what comes before every event;
    `rules` are the policies that passed something, `packs` those that ran to the end.
    """

    status: int | None = None
    started: list[Change] = field(default_factory=list)
    done: list[Change] = field(default_factory=list)
    failed: list[Change] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    waits: dict[str, str] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    last_words: list[str] = field(default_factory=list)
    packs: tuple[str, ...] = ()
    rules: set[str] = field(default_factory=set)
    is_complete: bool = False

    def take(self, event: Mapping[str, Any]) -> None:
        """Add one event; kinds that are not known here say nothing that is asked for."""
        for kind, gather in _GATHERERS.items():
            if (body := event.get(kind)) is not None:
                gather(self, body)

    def changes(self) -> list[Change]:
        """Everything but what stays as it is, once a resource; components of ours are no object anywhere."""
        return [change for change in self.started if change.operation != SAME]

    def object_changes(self) -> list[Change]:
        """Of `changes` those of objects outside the state."""
        return [change for change in self.changes() if change.is_object]

    def errors(self) -> list[Message]:
        """What was told as an error."""
        return [message for message in self.messages if message.severity == "error"]

    def denials(self) -> list[Violation]:
        """Findings for which the engine stops."""
        return [found for found in self.violations if found.level == "mandatory"]

    def by_operation(self) -> Counter[str]:
        """How many resources are created, updated ... and stay the same."""
        return Counter(change.operation for change in self.started)

    def _begins_anew(self, _: Mapping[str, Any]) -> None:
        """An update that previews first tells of everything twice: what it does itself is what counts."""
        if self.is_complete:
            for told in (self.started, self.done, self.failed, self.messages, self.violations, self.counts, self.waits):
                told.clear()
            self.is_complete = False

    def _begins(self, body: Mapping[str, Any]) -> None:
        if (change := change_of(body)) is not None:
            self.started.append(change)

    def _ends(self, body: Mapping[str, Any]) -> None:
        if (change := change_of(body)) is not None:
            self.done.append(change)

    def _fails(self, body: Mapping[str, Any]) -> None:
        if (change := change_of(body)) is not None:
            self.failed.append(change)

    def _says(self, body: Mapping[str, Any]) -> None:
        severity, text = str(body.get("severity")), str(body.get("message", "")).rstrip()
        if body.get("ephemeral"):
            self.waits[str(body.get("urn", ""))] = text.strip()
        elif severity in _SHOWN and text:
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
        packs: Mapping[str, str] = body.get("PolicyPacks") or {}
        self.packs = tuple(f"{name.partition('|')[0]} {version}" for name, version in packs.items())
        self.is_complete = True

    def _judges(self, body: Mapping[str, Any]) -> None:
        self.rules.update(body.get("passed") or ())


_GATHERERS = {
    "preludeEvent": Outcome._begins_anew,
    "resourcePreEvent": Outcome._begins,
    "resOutputsEvent": Outcome._ends,
    "resOpFailedEvent": Outcome._fails,
    "diagnosticEvent": Outcome._says,
    "policyEvent": Outcome._finds,
    "policyAnalyzeSummaryEvent": Outcome._judges,
    "policyAnalyzeStackSummaryEvent": Outcome._judges,
    "summaryEvent": Outcome._sums,
}
