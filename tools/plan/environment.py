"""One environment of a report, out of its two sides."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from infra.faults import printable
from ops.plan import report
from ops.plan.report import Entry, Environment
from tools.engine import report as engine_report
from tools.plan import approvals, callers, capacity, code, judged, kitchens, objects
from tools.plan.approvals import Roles
from tools.plan.compare import Difference, differences, digest
from tools.plan.facts import Facts, changed, of_catalog, of_environment, unseen
from tools.plan.goal import Goal
from tools.plan.planned import SECRET

NEW = "the environment is new"


@dataclass(frozen=True, kw_only=True)
class Side:
    """What settings and catalog say, and what the program makes of them; `facts` is None where they cannot be read."""

    facts: Facts | None
    goal: Goal


@dataclass(frozen=True, kw_only=True)
class How:
    """What the sides are: commit of the base, whether a state takes its place, files of the program that differ.

    `is_new` says that the base has no such environment. `code` are those files by their new sums. `groups` says who has
    which role in the base, where that is known.
    """

    base: str | None
    today: datetime.date
    recorded: bool = False
    is_new: bool = False
    code: Mapping[str, str] = field(default_factory=dict)
    groups: Roles | None = None


def environment(name: str, old: Side | None, new: Side, how: How) -> Environment:
    """Hold the sides against each other; without an `old` one everything is new."""
    base, recorded = how.base, how.recorded
    after = new.facts
    if after is None:
        raise ValueError(f"{name}: the settings of the work tree are not read")
    compared = _compared(base, old, how)
    if not new.goal.is_whole:  # what is missing would be told as deleted
        return failed(name, base, engine_report.failure(new.goal.outcome), compared)
    before = old.goal.after if old else {}
    found = differences(before, new.goal.after, new.goal.operations if recorded else None)
    facts = old.facts if old else None
    parts = _sections(old, new, after, found, how)
    whom = approvals.asked(facts, after, found, parts, how.groups)
    violations = [f"{one['policy']}: {one['object']}: {one['text']}" for one in parts["policy"]["violations"]]
    kept = [f"{one}: is protected, and an update refuses to delete it" for one in objects.protected(found)]
    verdict = _verdict(found, parts, denied=bool(violations or kept), approvals=whom.approvals)
    elsewhere = bool(parts["settings"] or parts["images"]) or facts is None or _differs_elsewhere(facts, after)
    asked = whom.approvals if verdict != report.NO_CHANGES else []
    return Environment(
        name=name,
        verdict=verdict,
        compared=compared,
        digest=digest(found, unseen(facts, after), how.code, asked),
        counts=objects.counts(found, before, new.goal.after),
        approvals=asked,
        reasons=[*violations, *kept, *whom.reasons],
        next=_next(name, verdict, base, parts["kitchens"], elsewhere=elsewhere),
        changes=objects.changes(found, before, new.goal.after),
        **{key: value for key, value in parts.items() if key != "settings"},
    )


def failed(name: str, base: str | None, errors: Sequence[str], compared: Entry | None = None) -> Environment:
    """An environment that has no plan, and why."""
    lines = [printable(line.strip()) for line in errors if line.strip()]
    return Environment(
        name=name,
        verdict=report.FAILED,
        compared=compared or {"kind": "base", "base": base, "text": "not compared, as there is no plan"},
        errors=lines,
        reasons=lines[:1],
        next=_next(name, report.FAILED, base, ()),
    )


def _sections(side: Side | None, new: Side, after: Facts, found: Sequence[Difference], how: How) -> dict[str, Any]:
    before, old, goal = (side.facts, side.goal.after, new.goal) if side else (None, {}, new.goal)
    was = before.settings if before else None
    outcome = side.goal.outcome if side else None
    violations, warnings = judged.judged(outcome, goal.outcome, goal.after)
    exemptions = judged.exemptions(was, after.settings, goal.outcome, how.today)
    images = objects.images(old, goal.after, before, after)
    settings = [*of_environment(before, after), *_pools(before, after)] if before else []
    settings += of_catalog(before, after, {entry["name"] for entry in images}) if before else []
    settings += code.lines(how.code)
    if how.is_new:
        settings.insert(0, NEW)
    return {
        "settings": settings,
        "kitchens": kitchens.kitchens(before, after, found),
        "gpus": capacity.capacity(before, after),
        "access": callers.access(was, after.settings),
        "images": images,
        "red": objects.red(found),
        "policy": {"violations": violations, "warnings": warnings, "exemptions": exemptions},
        "unknown": [*objects.not_known(found), *([] if how.is_new else _not_compared(side, before, found, goal))],
        "notes": [*settings, *judged.notes(outcome, goal.outcome)],
    }


def _differs_elsewhere(before: Facts, after: Facts) -> bool:
    """Whether more differs than settings of kitchens, so that a kitchen's rollback would not take it back."""
    sides = [replace(side.settings, kitchens={}) for side in (before, after)]
    return sides[0] != sides[1] or before.catalog != after.catalog


def _pools(before: Facts, after: Facts) -> list[str]:
    return [f"gpuPools.{line}" for line in changed(before.settings.gpu_pools, after.settings.gpu_pools)]


def _not_compared(side: Side | None, before: Facts | None, found: Sequence[Difference], goal: Goal) -> list[str]:
    if side is None:
        return ["not compared: there is no base, or its own preview fails, so everything is told as new"]
    lines = [] if before else ["not compared: settings and catalog of the base, which today's rules cannot read"]
    return [*lines, *(objects.hidden(goal.after, SECRET) if found else [])]


def _verdict(found: Sequence[Difference], parts: dict[str, Any], *, denied: bool, approvals: Sequence[str]) -> str:
    if denied:
        return report.DENIED
    if not found and not approvals and not any(parts[name] for name in ("settings", "kitchens", "access")):
        return report.NO_CHANGES
    return report.NEEDS_APPROVAL if approvals else report.SAFE


def _compared(base: str | None, old: Side | None, how: How) -> Entry:
    if how.recorded:
        return {"kind": "state", "base": base, "text": "compared with what the backend has recorded"}
    if base and how.is_new:
        text = f"commit {base[:12]} has no settings of it: everything is new"
        return {"kind": "base", "base": base, "text": text}
    if base is None or old is None:
        return {"kind": "base", "base": base, "text": "compared with nothing: there is no base that can be read"}
    return {"kind": "base", "base": base, "text": f"compared with commit {base[:12]}, without a cluster and a state"}


def _next(
    name: str, verdict: str, base: str | None, changed_kitchens: Sequence[Entry], *, elsewhere: bool = True
) -> Entry:
    """The next step, and the command that makes the change which takes it back: that is planned and approved again."""
    if verdict in (report.DENIED, report.FAILED):
        return {"command": f"mend it, then make plan STACK={name}", "back": "nothing to take back"}
    if verdict == report.NO_CHANGES:
        return {"command": "nothing to do", "back": "nothing to take back"}
    only = [entry for entry in changed_kitchens if entry["change"] == "changed"]
    back = "git revert COMMIT"
    if base and not elsewhere and len(only) == len(changed_kitchens) == 1:
        back = f"kitchen rollback {only[0]['name']} --to {base[:12]} --stack {name} --commit"
    return {"command": f"make deliver STACK={name}", "back": back}
