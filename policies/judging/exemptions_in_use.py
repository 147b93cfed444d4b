"""Policies about exemptions: those that are used are printed, those that cannot be read fail the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pulumi_policy import EnforcementLevel, Severity

from policies.judging.pace import notes
from policies.judging.rule import Case, Rule
from policies.judging.stack_rule import StackCase, StackRule

_REFERENCE = "https://www.pulumi.com/docs/insights/policy/"
_WHERE = "kitchen:exemptions"


_TOLD: dict[str, Any] = {
    "title": "Exemptions that let something through are printed.",
    "severity": Severity.LOW,
    "reason": "What nobody sees any more stays for ever.",
    "reference": _REFERENCE,
    "level": EnforcementLevel.ADVISORY,
}


def in_use() -> Rule:
    """A remark on each exemption that let something of an object through; it comes after the rules."""

    def judge(case: Case) -> Iterator[str]:
        for line in notes():
            yield f"{case.subject.title}: passes by the exemption {line}; rule: exemptions are seen"

    remedy = "Mend the object and remove the exemption before it expires."
    return Rule(id="exemptions-in-use", remedy=remedy, judge=judge, **_TOLD)


def in_use_by_stack() -> StackRule:
    """A remark on each exemption that let a violation of a rule about the stack through; it comes after those rules."""

    def judge(case: StackCase) -> Iterator[tuple[str, str]]:
        for line in notes():
            yield "stack", f"the stack passes by the exemption {line}; rule: exemptions are seen"

    remedy = "Mend what they let through and remove them before they expire."
    return StackRule(id="stack-exemptions-in-use", remedy=remedy, judge=judge, **_TOLD)


def readable(ids: Sequence[str]) -> StackRule:
    """One message where the setting cannot be read, or names a rule that there is not. `ids` are those of all rules."""

    def judge(case: StackCase) -> Iterator[tuple[str, str]]:
        said = "each has rule, object, reason, approver and expires; example: {rule: pods-have-probes, ...}"
        if case.world.exemptions_fault:
            yield _WHERE, f"{case.world.exemptions_fault}; no exemption holds; rule: {said}"
        unknown = {entry.rule: None for entry in case.world.exemptions if entry.rule not in ids}
        if unknown:
            yield _WHERE, f"{_WHERE}: no rule is called {', '.join(unknown)}; rule: {said}; the rules: docs/policies.md"

    return StackRule(
        id="exemptions-readable",
        title="Exemptions can be read and are about rules that there are.",
        severity=Severity.HIGH,
        reason="An exemption with a mistake in it holds for nothing, and hides that it does not.",
        remedy="Write rule, object, reason, approver and expires (the last day) of each.",
        reference=_REFERENCE,
        judge=judge,
    )
