"""Policies about rules that failed: an advisory rule that cannot judge an object denies it all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi_policy import Severity

from policies.judging.pace import failed_rules
from policies.judging.rule import Case, Rule
from policies.judging.stack_rule import WHOLE, StackCase, StackRule

_TOLD: dict[str, Any] = {
    "title": "Every rule comes to its end, whatever its level.",
    "severity": Severity.HIGH,
    "reason": "A rule that fails has not judged: nobody knows what it would have said.",
    "remedy": "Report it as a mistake in the pack, and exempt the object from the rule that failed until it is mended.",
    "reference": "https://www.pulumi.com/docs/insights/policy/",
}


def _said(title: str) -> str:
    rules = ", ".join(failed_rules())
    return (
        f"{title}: is not judged by {rules}; rule: what a rule cannot judge does not pass; example: exempt the object"
    )


def rules_end() -> Rule:
    """A violation of each object that a rule has failed on; it comes after the rules."""

    def judge(case: Case) -> Iterator[str]:
        if failed_rules():
            yield _said(case.subject.title)

    return Rule(id="rules-come-to-their-end", judge=judge, **_TOLD)


def stack_rules_end() -> StackRule:
    """A violation where a rule about the stack has failed; it comes after those rules."""

    def judge(case: StackCase) -> Iterator[tuple[str, str]]:
        if failed_rules():
            yield WHOLE, _said(WHOLE)

    return StackRule(id="stack-rules-come-to-their-end", judge=judge, **_TOLD)
