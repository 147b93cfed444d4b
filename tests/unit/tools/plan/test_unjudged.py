"""When the policy pack need not see a base: its words would be asked for nowhere, and it changes nothing."""

from __future__ import annotations

import re

import pytest
from pulumi_policy import EnforcementLevel

from policies.pack import REMEDIATIONS
from tools.engine.outcome import Message, Outcome, Violation
from tools.local.workspace import POLICY_PACK
from tools.plan.goal import Goal
from tools.plan.judged import asks_of_base


@pytest.mark.parametrize(
    ("policy", "level", "asks"),
    [
        ("pods-have-probes", "advisory", True),
        ("pods-have-probes", "mandatory", False),
        ("exemptions-in-use", "advisory", False),
        ("stack-exemptions-in-use", "advisory", False),
    ],
)
def test_a_warning_asks_whether_it_is_new(policy: str, level: str, *, asks: bool) -> None:
    outcome = Outcome(violations=[Violation(policy=policy, level=level, urn="u", text="t")])
    assert asks_of_base(outcome) is asks
    assert not asks_of_base(Outcome())


def test_no_policy_changes_an_object_by_itself() -> None:
    """Else a base would have to be seen by the pack: what it changes there it would not change."""
    assert REMEDIATIONS
    assert {one.policy().enforcement_level for one in REMEDIATIONS} == {EnforcementLevel.DISABLED}


def test_a_change_by_the_pack_is_noticed() -> None:
    goal = Goal()
    goal.take({"policyRemediateSummaryEvent": {"passed": ["x"]}})
    assert not goal.remediated
    goal.take({"policyRemediationEvent": {"policyName": "x"}})
    assert goal.remediated


def test_the_pack_says_nothing_but_findings() -> None:
    """A warning of its log would be told as a new one, where the base has been seen by no pack."""
    texts = {path.name: path.read_text() for path in POLICY_PACK.rglob("*.py")}
    assert len(texts) > 40
    assert [name for name, text in texts.items() if re.search(r"pulumi\.log|pulumi import log|\blog\.warn", text)] == []


@pytest.mark.parametrize(
    ("status", "level", "error", "whole"),
    [(0, "", "", True), (1, "mandatory", "", True), (1, "mandatory", "broken", False), (1, "", "", False)],
)
def test_a_denial_alone_leaves_nothing_out(status: int, level: str, error: str, *, whole: bool) -> None:
    outcome = Outcome(status=status, is_complete=status == 0)
    outcome.violations = [Violation(policy="p", level=level, urn="u", text="t")] if level else []
    outcome.messages = [Message(severity="error", text=error)] if error else []
    assert Goal(outcome=outcome).is_whole is whole
