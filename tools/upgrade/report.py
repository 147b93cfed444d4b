"""What the check found, as a table for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from infra.faults import printable
from tools.engine.words import columns, counted, some, wrapped
from tools.upgrade.check import Environment, Row
from tools.upgrade.sides import Difference

_MOST_PROPERTIES = 3
NOT_JUDGED = "not judged: rules in CEL and webhooks of the CRDs, and what only a cluster knows (make preview beside it)"


def lines(base: str, differs: Sequence[Difference], environments: Sequence[Environment]) -> Iterator[str]:
    """Versions side by side, what they change in each environment, and the verdict at the end."""
    yield from columns(("VERSIONS", base.upper(), "WORK TREE"), [(one.what, one.base or "-", one.work or "-")
                                                               for one in differs])  # fmt: skip
    changed = [(environment.name, *_cells(row)) for environment in environments for row in environment.rows]
    if changed:
        yield ""
        yield from columns(("STACK", "WOULD BE", "OBJECT", "DATA", "PROPERTIES"), changed)
    yield ""
    for environment in environments:
        yield from _environment(environment)
    yield NOT_JUDGED


def _cells(row: Row) -> tuple[str, str, str, str]:
    words = {"replace": "REPLACED", "delete": "DELETED", "update": "updated", "create": "created"}
    data = "LOST" if row.loses_data else "kept" if row.holds_data else ""
    return (
        words.get(row.operation, row.operation),
        f"{row.kind} {row.name}",
        data,
        some(row.properties, _MOST_PROPERTIES),
    )


def _environment(environment: Environment) -> Iterator[str]:
    if environment.failed:
        yield from (printable(line) for line in environment.failed.splitlines())
        return
    counts = Counter(row.operation for row in environment.rows)
    same = environment.resources - sum(counts.values()) - len(environment.restless)
    parts = [f"{number} to {operation}" for operation, number in sorted(counts.items())]
    yield f"{environment.name}: {', '.join([*parts, counted(same, 'resource') + ' as they are'])}"
    lost = [row.name for row in environment.rows if row.loses_data]
    if lost:
        yield from wrapped(f"  DATA AT RISK: {some(lost)}")
    if environment.restless:
        yield from wrapped(f"  not compared, as the base changes them with every run: {some(environment.restless)}")
    new = [refusal for refusal in environment.refusals if refusal.work and not refusal.base]
    old = [refusal for refusal in environment.refusals if refusal.base]
    judged = counted(environment.judged, "object")
    yield f"  {judged} of CRDs held against their schemas: {len(new)} refused by the work tree's alone"
    for refusal in new:
        yield from (printable(f"    {refusal.object}: {fault}") for fault in refusal.work)
    for refusal in old:
        state = "and by the work tree's" if refusal.work else "and taken by the work tree's"
        yield printable(f"    {refusal.object}: refused by the base's CRDs {state}: {refusal.base[0]}")
