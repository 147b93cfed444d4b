"""A look as people read it, and as machines do (infra/schema/drift-report.schema.json)."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from infra.faults import printable
from ops.drift import commands as counting
from ops.metrics_file import Metric
from tools.drift_report import objects, people, reviewed
from tools.drift_report.findings import MOST, OPERATIONS, Finding, Look, Place, Unjudged, What, by_sort
from tools.engine.words import table

VERSION = 1
REASONS = objects.RULES | people.RULES | reviewed.RULES


def text(look: Look) -> str:
    """One row a finding, its fields below it; then what to do, what is known, and what was not looked at."""
    return "\n".join(map(printable, _lines(look)))


def _lines(look: Look) -> Iterator[str]:
    if look.findings:
        yield from _found(look.findings)
    if look.known:
        known = ", ".join(f"{count} {rule}" for rule, count in sorted(look.known.items()))
        yield f"known by design: {known}"
    yield from _few([f"not judged: {one.kind} {one.name}: {one.why}" for one in look.open])
    yield from _few([f"not asked: {line}" for line in look.unasked])
    yield from _few([f"not looked at: {line}" for line in look.unread])
    yield f"{look.environment}: {summary(look)}, compared with {look.against} ({look.seconds:.1f} s)"


def _found(findings: Sequence[Finding]) -> Iterator[str]:
    """Rows of the first findings of each sort, and how many more there are; then their fields, and what to do."""
    rows, told, left = [], [], 0
    for group in by_sort(findings):
        rows += [(finding.place, finding.what, finding.title, _about(finding)) for finding in group[:MOST]]
        told += group[:MOST]
        if (more := len(group) - MOST) > 0:
            left += more
            first = group[0]
            where = f"{first.kind}{f' in {first.namespace}' if first.namespace else ''}"
            rows.append((first.place, first.what, where, f"and {more:,} more: --json"))
    yield from table(("PLACE", "WHAT", "OBJECT", "HOW"), [tuple(map(printable, row)) for row in rows]).splitlines()
    yield ""
    for finding in told:
        if len(finding.changes) > 1:
            yield f"{finding.title}:"
            yield from _few([f"  {change}" for change in finding.changes])
    for way, count in Counter(map(_way, told)).items():
        yield f"way back: {way}" + (f" ({count} of these)" if count > 1 else "")
    if left:
        yield f"way back: of {left:,} more: --json"


def _few(lines: Sequence[str]) -> Iterator[str]:
    """The first of many lines of a sort, and how many more there are."""
    yield from lines[:MOST]
    if len(lines) > MOST:
        word = lines[0].partition(": ")[0] + ": " if lines[0].startswith("not ") else "  "
        yield f"{word}and {len(lines) - MOST:,} more: --json"


def for_forge(look: Look) -> str:
    """The table as Markdown: fenced, so that no word of a cluster is markup or calls somebody; "" without findings.

    Two looks that found the same say the same.
    """
    if not look.findings:
        return ""
    lines = [printable(line) for line in _lines(look)][:-1]
    fence = "`" * max(3, 1 + max(len(run) for line in lines for run in re.findall("`*", line)))
    return "\n".join(
        [
            f"{fence}text",
            *lines,
            fence,
            "",
            "Nothing has to be typed before somebody has read who did it: `docs/drift.md`, What to do with it.",
        ]
    )


def _way(finding: Finding) -> str:
    """What to do, with what to do it to where the words do not name it: alike commands are told once."""
    is_undeclared = finding.place is Place.STORE and finding.what is What.UNDECLARED
    return f"{finding.title}: {finding.way}" if is_undeclared else finding.way


def summary(look: Look) -> str:
    """The verdict in a few words: how many are how."""
    counted = Counter(finding.what for finding in look.findings)
    said = ", ".join(f"{counted[what]} {what}" for what in What if counted[what])
    verdict = (
        f"drift: {said}" if look.findings else "no drift in what could be looked at" if look.unread else "no drift"
    )
    return f"{verdict}, {len(look.unread)} not looked at" if look.unread else verdict


def _about(finding: Finding) -> str:
    parts = [finding.more] if finding.more else []
    if len(finding.changes) == 1:
        parts.append(str(finding.changes[0]))
    elif finding.changes:
        parts.append(f"{len(finding.changes)} fields, below")
    return "; ".join([*parts, *finding.by])


def document(look: Look) -> dict[str, Any]:
    """The look as the schema has it. Two looks that found the same differ in `seconds` alone."""
    counted = Counter(str(finding.what) for finding in look.findings)
    return {
        "version": VERSION,
        "stack": look.stack,
        "environment": look.environment,
        "verdict": look.verdict,
        "counts": {str(what): counted[what] for what in What},
        "findings": [_finding(finding) for finding in look.findings],
        "known": [
            {"rule": rule, "count": count, "reason": REASONS[rule]} for rule, count in sorted(look.known.items())
        ],
        "notJudged": [_unjudged(one) for one in sorted(look.unjudged, key=lambda one: one.key)],
        "notLookedAt": list(look.unread),
        "notAsked": list(look.unasked),
        "seconds": round(look.seconds, 1),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    changes = [
        {key: list(value) if key == "by" else value for key, value in asdict(change).items() if value}
        for change in finding.changes
    ]
    return {
        "place": str(finding.place),
        "what": str(finding.what),
        "kind": finding.kind,
        "namespace": finding.namespace,
        "name": finding.name,
        "changes": changes,
        "by": list(finding.by),
        "more": finding.more,
        "way": finding.way,
    }


def _unjudged(one: Unjudged) -> dict[str, Any]:
    said = {"kind": one.kind, "name": one.name, "why": one.why, "sum": one.sum, "told": one.is_told}
    return {"place": str(one.place), **said}


def as_json(look: Look) -> str:
    """The document as text."""
    return json.dumps(document(look), indent=2, ensure_ascii=True)


def metrics(look: Look) -> list[Metric]:
    """Numbers by what it is to an update, those that are 0 too; `other` is what no update touches."""
    counted = Counter(dict.fromkeys((*counting.OPERATIONS, counting.OTHER), 0))
    counted.update(OPERATIONS[finding.what] for finding in look.findings)
    return counting.metrics(look.environment, counted)
