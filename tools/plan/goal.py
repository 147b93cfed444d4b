"""What a program declares of an environment: every resource as a preview plans it, and what was said meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.engine import findings
from tools.engine.outcome import Outcome
from tools.plan.planned import Planned, planned

_GONE = ("delete", "delete-replaced", "discard", "discard-replaced")
_PARTS = ("create-replacement", "delete-replaced", "discard-replaced")
"""Steps of which a replacement is made; the engine tells of the whole as `replace`."""


@dataclass
class Goal:
    """Resources by URN: `after` are those that the program declares, `before` those that a state has recorded.

    `operations` are the engine's words for what differs from that state. `outcome` is what was said, with the status.
    `judged` is whether the policy pack saw it, `remediated` whether the pack changed something.
    """

    after: dict[str, Planned] = field(default_factory=dict)
    before: dict[str, Planned] = field(default_factory=dict)
    operations: dict[str, str] = field(default_factory=dict)
    outcome: Outcome = field(default_factory=Outcome)
    judged: bool = True
    remediated: bool = False

    def take(self, event: Mapping[str, Any]) -> None:
        """Add what one event of the engine tells of a resource; the event itself is kept nowhere."""
        self.remediated |= "policyRemediationEvent" in event
        body = event.get("resourcePreEvent")
        if body is None:
            return
        data = body["metadata"]
        operation, urn, kind = str(data["op"]), str(data["urn"]), str(data["type"])
        if operation in _PARTS:
            return
        if data.get("old") and operation != "create":
            self.before[urn] = planned(data["old"], kind, urn)
        if data.get("new") and operation not in _GONE:
            self.after[urn] = planned(data["new"], kind, urn)
        self.operations[urn] = operation

    @property
    def ended(self) -> bool:
        """Whether the preview ended well, so that nothing is missing."""
        return self.outcome.status == 0 and self.outcome.is_complete

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing: after an error something may be, a denial alone leaves nothing out."""
        return self.ended or (bool(self.outcome.denials()) and not findings.errors(self.outcome))
