"""An audit in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ops.audit.verdicts import NO_KITCHEN, Row, Verdict
from ops.metrics_file import Metric, checked_at

_PLACES = ("cluster", "state", "pods", "bucket", "server")
_ELSEWHERE = "undeclared"
"""Where a namespace was looked through for what nobody has declared."""


def metrics(environment: str, rows: Sequence[Row]) -> list[Metric]:
    """Lines by kitchen, place and verdict; a verdict that no line has is 0."""
    counted: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        kitchen = "" if row.kitchen == NO_KITCHEN else row.kitchen
        where = row.where if row.where in _PLACES and kitchen else _ELSEWHERE
        for verdict in Verdict:
            word = verdict.value.replace(" ", "_")
            counted[environment, kitchen, where, word] += int(row.finding.verdict is verdict)
    lines = Metric(
        name="kitchen_audit_lines",
        text="Lines of the audit by verdict: proven, differs, not_proven.",
        labels=("environment", "kitchen", "place", "verdict"),
        values=counted,
    )
    return [lines, checked_at("kitchen_audit_completed_timestamp_seconds", environment)]
