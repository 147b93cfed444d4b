"""A look as people read it, and as machines do (infra/schema/drift-report.schema.json)."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from infra.faults import printable
from ops.drift import commands as counting
from ops.metrics_file import Metric
from tools.drift_report import objects, store
from tools.drift_report.findings import OPERATIONS, Finding, Look, Place, What
from tools.engine.words import table

VERSION = 1
REASONS = objects.RULES | store.RULES


def text(look: Look) -> str:
    """One row a finding, its fields below it; then what to do, what is known, and what was not looked at."""
    return "\n".join(map(printable, _lines(look)))


def _lines(look: Look) -> Iterator[str]:
    if look.findings:
        rows = [(finding.place, finding.what, finding.title, _about(finding)) for finding in look.findings]
        yield from table(("PLACE", "WHAT", "OBJECT", "HOW"), [tuple(map(printable, row)) for row in rows]).splitlines()
        yield ""
        for finding in look.findings:
            if len(finding.changes) > 1:
                yield f"{finding.title}:"
                yield from (f"  {change}" for change in finding.changes)
        for way, count in Counter(map(_way, look.findings)).items():
            yield f"way back: {way}" + (f" ({count} of these)" if count > 1 else "")
    if look.known:
        known = ", ".join(f"{count} {rule}" for rule, count in sorted(look.known.items()))
        yield f"known by design: {known}"
    yield from (f"not asked: {line}" for line in look.unasked)
    yield from (f"not looked at: {line}" for line in look.unread)
    yield f"{look.environment}: {summary(look)}, compared with {look.against} ({look.seconds:.1f} s)"


def for_forge(look: Look) -> str:
    """The table as Markdown: fenced, so that no word of a cluster is markup or calls somebody; "" without findings.

    Two looks that found the same say the same.
    """
    if not look.findings:
        return ""
    lines = [printable(line) for line in _lines(look)][:-1]
    fence = "`" * max(3, 1 + max(len(run) for line in lines for run in re.findall("`*", line)))
    return "\n".join([f"{fence}text", *lines, fence, "", "What to do: `docs/drift.md`."])


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


def as_json(look: Look) -> str:
    """The document as text."""
    return json.dumps(document(look), indent=2, ensure_ascii=True)


def metrics(look: Look) -> list[Metric]:
    """Numbers by what it is to an update, those that are 0 too; `other` is what no update touches."""
    counted = Counter(dict.fromkeys((*counting.OPERATIONS, counting.OTHER), 0))
    counted.update(OPERATIONS[finding.what] for finding in look.findings)
    return counting.metrics(look.environment, counted)
