"""What stands in cluster and object store beside what a backend has recorded: names and paths alone, and no values."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from infra.faults import FaultsError
from ops.plan.report import Entry
from tools.drift_report import reviewed
from tools.drift_report.findings import MOST, Finding, Look, by_sort
from tools.drift_report.looking import Asked, looked
from tools.drift_report.sources import of_backend
from tools.engine.words import counted
from tools.local.errors import LocalError


def drifted(stack: str, project: Path, folder: Path, context: str) -> Entry:
    """Look once as `make drift` does, by kubectl's context; what cannot be looked at is no failure of a plan."""
    try:
        found, review = of_backend(stack, project, folder), project / f"reviewed-{stack}.json"
        before = reviewed.read(review, found.environment) if review.is_file() else None
        return told(looked(found, Asked(context=context, before=before)))
    except (FaultsError, LocalError) as error:
        return {"text": f"not looked at: {str(error).splitlines()[-1].strip()}", "lines": []}


def told(found: Look) -> Entry:
    """One line an object; what was not looked at has lines of its own and does not count."""
    lines = list(_lines(found))
    left = [f"not looked at: {line}" for line in found.unread] + [f"not asked: {line}" for line in found.unasked]
    if found.open:
        left.insert(0, f"not judged: {counted(len(found.open), 'object')} of the whole cluster or store")
    everything = "everything is as recorded" if not found.unread else "what could be looked at is as recorded"
    count = len(found.findings)
    text = f"{counted(count, 'object')} not as recorded" if count else everything
    return {"text": text, "lines": [*lines, *left]}


def _lines(found: Look) -> Iterator[str]:
    groups = by_sort(found.findings)
    for group in groups:
        yield from map(_line, group[:MOST])
    for first, *rest in groups:
        if (more := len(rest) + 1 - MOST) > 0:
            yield f"{first.what}: and {more:,} more {first.kind}{f' in {first.namespace}' if first.namespace else ''}"


def _line(finding: Finding) -> str:
    paths = ", ".join(change.path for change in finding.changes)
    return f"{finding.what}: {finding.title}{f': {paths}' if paths else ''}"
