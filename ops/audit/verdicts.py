"""Rows of an audit and their three verdicts; docs/adr/0021-what-proven-means.md says what each stands for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

NO_KITCHEN = "-"
"""Stands for the kitchen of what no kitchen declares."""

NOT_ASKED = "not asked"
OUT_OF_REACH = "out of reach"
NOTHING_TO_SEE = "nothing to see"


class Verdict(StrEnum):
    """`proven`: looked at, and as declared. `not proven`: not looked at, or not to be seen."""

    PROVEN = "proven"
    DIFFERS = "differs"
    NOT_PROVEN = "not proven"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was seen, and what that means; `why` is there when it is not proven."""

    found: str
    verdict: Verdict
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table: `where` names the place that was looked at."""

    kitchen: str
    what: str
    where: str
    declared: str
    finding: Finding


def proven(found: str) -> Finding:
    """It was looked at, and is as declared."""
    return Finding(found=found, verdict=Verdict.PROVEN)


def differs(found: str) -> Finding:
    """It was looked at, and is not as declared."""
    return Finding(found=found, verdict=Verdict.DIFFERS)


def not_proven(reason: str, detail: str, found: str = "-") -> Finding:
    """It was not looked at or cannot be seen; `reason` is one of the three of this module."""
    return Finding(found=found, verdict=Verdict.NOT_PROVEN, why=f"{reason}: {detail}")


def is_out_of_reach(row: Row) -> bool:
    """Whether something of a line should have been looked at, and could not be."""
    return f"{OUT_OF_REACH}: " in row.finding.why


def combined(findings: Sequence[Finding], otherwise: Finding) -> Finding:
    """The worst of several, which stand for one row together: what differs, then what is not proven.

    `otherwise` is the answer where there are none.
    """
    for verdict in (Verdict.DIFFERS, Verdict.NOT_PROVEN, Verdict.PROVEN):
        alike = [finding for finding in findings if finding.verdict is verdict]
        if alike:
            found, why = (_joined(getattr(entry, name) for entry in alike) for name in ("found", "why"))
            return Finding(found=found, verdict=verdict, why=why)
    return otherwise


def exit_status(rows: Iterable[Row], *, allow_unproven: bool) -> int:
    """0 when all is proven, 1 when something differs, 3 when nothing does but something is not proven."""
    verdicts = {row.finding.verdict for row in rows}
    if Verdict.DIFFERS in verdicts:
        return 1
    return 3 if Verdict.NOT_PROVEN in verdicts and not allow_unproven else 0


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(text for text in texts if text))
