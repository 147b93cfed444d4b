"""Rows of what `kitchen alerts` shows: the table of Git beside the states that a Prometheus tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from infra.monitoring import Alert
from ops.alerts.prometheus import Active, Rule

FIRING, PENDING, SILENT, FAILING, MISSING = "firing", "pending", "silent", "cannot be evaluated", "no rule"
STATES = (FIRING, PENDING, FAILING, MISSING, SILENT)
"""In the order in which they are shown. `no rule`: Prometheus has not loaded it, so that it can never fire."""

_OF_SERVERS = ("adapters", "platform")
"""Subjects whose pods are servers."""

SEVERITIES = ("page", "ticket", "note")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One alert that is active, or one of the table that is not; `alert` is None for the table alone."""

    alert: Alert
    state: str
    since: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    says: str = ""

    def of_kitchen(self, kitchen: str) -> bool:
        """Whether it is about a kitchen, or may be: an active alert tells by its labels, others by those they keep.

        What Kubernetes and GPUs tell has no kitchen, and a pod whose name begins with that of the kitchen.
        """
        if not self.labels:
            return "kitchen" in self.alert.keeps or ("pod" in self.alert.keeps and self.alert.subject in _OF_SERVERS)
        said = dict(self.labels)
        pods = (f"{kitchen}-predictor-", f"{kitchen}-kserve-")
        return said.get("kitchen", "") == kitchen or said.get("pod", "").startswith(pods)


def rows(alerts: Sequence[Alert], environment: str, told: Iterable[Rule] | None) -> list[Row]:
    """Rows by state, then by severity; in the table's own order where nobody was asked (`told` is None)."""
    if told is None:
        return [Row(alert=alert, state="", says=alert.says) for alert in alerts]
    mine = [rule for rule in told if rule.environment == environment]
    found = [row for alert in alerts for row in _rows(alert, [rule for rule in mine if rule.name == alert.id])]
    return sorted(found, key=lambda row: (STATES.index(row.state), SEVERITIES.index(row.alert.severity)))


def _rows(alert: Alert, told: Sequence[Rule]) -> list[Row]:
    if not told:
        return [Row(alert=alert, state=MISSING, says="Prometheus has not loaded it")]
    if broken := [rule.error for rule in told if rule.error]:
        return [Row(alert=alert, state=FAILING, says=broken[0])]
    # Two Prometheus side by side tell the same alert twice.
    active = {(one.state, tuple(sorted(one.labels.items()))): one for rule in told for one in rule.active}
    # Prometheus tells them in another order each time.
    shown = [_active_row(alert, one) for _, one in sorted(active.items()) if one.state in (FIRING, PENDING)]
    return shown or [Row(alert=alert, state=SILENT, says=alert.says)]


def _active_row(alert: Alert, one: Active) -> Row:
    kept = tuple((name, one.labels[name]) for name in alert.keeps if name in one.labels and name != "environment")
    return Row(alert=alert, state=one.state, since=one.since, labels=kept, says=one.summary)


def for_people(found: Sequence[Row], asked: bool) -> list[dict[str, Any]]:
    """Columns of the table on a terminal."""
    if not asked:
        return [
            {"alert": row.alert.id, "severity": row.alert.severity, "owner": row.alert.owner, "after": row.alert.hold}
            | {"says": row.says}
            for row in found
        ]
    return [
        {"state": row.state, "alert": row.alert.id, "severity": row.alert.severity, "owner": row.alert.owner}
        | {"since": row.since or None, "says": row.says}
        for row in found
    ]


def for_programs(found: Sequence[Row], runbook: str) -> list[dict[str, Any]]:
    """One object a row; `state` is null where nobody was asked."""
    return [
        {
            "alert": row.alert.id,
            "severity": row.alert.severity,
            "owner": row.alert.owner,
            "subject": row.alert.subject,
            "after": row.alert.hold,
            "state": row.state or None,
            "since": row.since or None,
            "labels": dict(row.labels),
            "says": row.says,
            "runbook": f"{runbook.rstrip('/')}/{row.alert.anchor}",
        }
        for row in found
    ]
