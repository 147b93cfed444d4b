"""The table and the JSON of an audit."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from infra.faults import printable
from ops.audit.verdicts import Row, Verdict

_HEAD = ("KITCHEN", "WHAT", "WHERE", "DECLARED", "FOUND", "VERDICT")
_WIDEST = 60


def table(rows: Sequence[Row]) -> str:
    """One line for each row, and one with the count of each verdict."""
    lines = [_HEAD, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD) - 1)]
    text = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[-1]]) for line in lines
    ]
    return "\n".join([*text, "", counts(rows)])


def counts(rows: Sequence[Row]) -> str:
    """How many rows have which verdict."""
    counted = Counter(row.finding.verdict for row in rows)
    return ", ".join(f"{counted[verdict]} {verdict}" for verdict in Verdict)


def as_json(rows: Sequence[Row]) -> str:
    """The rows with nothing shortened."""
    listed = [
        {
            "kitchen": row.kitchen,
            "what": row.what,
            "where": row.where,
            "declared": row.declared,
            "found": row.finding.found,
            "verdict": row.finding.verdict,
            "why": row.finding.why,
        }
        for row in rows
    ]
    counted = Counter(row.finding.verdict for row in rows)
    return json.dumps({"rows": listed, "counts": {verdict: counted[verdict] for verdict in Verdict}}, indent=2)


def _cells(row: Row) -> tuple[str, ...]:
    finding = row.finding
    verdict = f"{finding.verdict} ({finding.why})" if finding.why else str(finding.verdict)
    shortened = (_short(row.declared), finding.found if finding.verdict is Verdict.DIFFERS else _short(finding.found))
    return tuple(printable(cell) for cell in (row.kitchen, row.what, row.where, *shortened, verdict))


def _short(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 3]}..."
