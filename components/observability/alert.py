"""What an alert and a recording rule are: values of which every output is made (operator's objects, files, docs)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["page", "ticket", "note"]
"""`page` wakes somebody, `ticket` is for the next working day, `note` is for whoever looks."""

Owner = Literal["platform", "tenant", "security"]
"""Who acts on it."""

Subject = Literal[
    "serving", "adapters", "entry", "record", "gpu", "store", "platform", "governance", "delivery", "objectives"
]

_ID = re.compile(r"Kitchen(?:[A-Z][a-z0-9]+)+")
_HOLD = re.compile(r"0s|[1-9][0-9]*[smhd]")
_RECORD = re.compile(r"kitchen:[a-z0-9_]+(?::[a-z0-9_]+)?")
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OF_LABEL, _OF_VALUE = re.compile(r"\{\{ \$labels\.(\w+) \}\}"), re.compile(r"\{\{ \$value[^}]*\}\}")

RUNBOOK_PAGE = "alerts.md"
"""Page of the docs with a section for each alert."""


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One alert. `id` is its name everywhere; `hold` is how long the expression must hold before it fires.

    `summary` says what is so and `impact` what users notice; both may hold `{{ $labels.x }}` and `{{ $value }}`.
    `keeps` are the labels that the expression's series carry, so that routing and silences may go by them. Raises
    ValueError for a name, time or label of another form.
    """

    id: str
    subject: Subject
    expression: str
    severity: Severity
    owner: Owner
    summary: str
    impact: str
    hold: str = "0s"
    keeps: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the forms that Prometheus and the docs' anchors need."""
        for name, value, form in (("id", self.id, _ID), ("hold", self.hold, _HOLD)):
            if not form.fullmatch(value):
                raise ValueError(f"{name}: {value!r}; rule: must match {form.pattern}; example: KitchenServerDown, 5m")
        if wrong := [label for label in self.keeps if not _LABEL.fullmatch(label)]:
            raise ValueError(f"keeps: {wrong}; rule: names of labels; example: kitchen")

    @property
    def anchor(self) -> str:
        """Where its section stands in the docs: `alerts.md#<id in lower case>`."""
        return f"{RUNBOOK_PAGE}#{self.id.lower()}"

    @property
    def says(self) -> str:
        """Its summary with places for labels and the value: `<kitchen>`, `<value>`."""
        return _OF_VALUE.sub("<value>", _OF_LABEL.sub(r"<\1>", self.summary))

    def rule(self, runbook: str, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The rule as Prometheus reads it; `runbook` is the address of the folder that holds the docs' page."""
        return {
            "alert": self.id,
            "expr": self.expression,
            **({} if self.hold == "0s" else {"for": self.hold}),
            "labels": {**(labels or {}), "severity": self.severity, "owner": self.owner, "subject": self.subject},
            "annotations": {
                "summary": self.summary,
                "impact": self.impact,
                "runbook_url": f"{runbook.rstrip('/')}/{self.anchor}",
            },
        }


@dataclass(frozen=True, kw_only=True)
class Record:
    """One recording rule: `name` as `kitchen:metric:operation`; `labels` come beside those of the expression.

    Raises ValueError for a name of another form.
    """

    name: str
    expression: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the name's form."""
        if not _RECORD.fullmatch(self.name):
            raise ValueError(f"name: {self.name!r}; rule: must match {_RECORD.pattern}; example: kitchen:errors:rate5m")

    def rule(self, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The rule as Prometheus reads it."""
        every = {**(labels or {}), **self.labels}
        return {"record": self.name, "expr": self.expression, **({"labels": every} if every else {})}
