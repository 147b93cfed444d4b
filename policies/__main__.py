"""The pack as the engine loads it."""

from __future__ import annotations

from pulumi_policy import EnforcementLevel, PolicyPack

from policies.judging.answers import answer_at_once
from policies.judging.stack import hear_the_settings
from policies.pack import EXEMPTIONS, FAILURES, REMEDIATIONS, RULES, STACK_RULES

JUDGING = (*RULES, *STACK_RULES, *EXEMPTIONS, *FAILURES)
POLICIES = [rule.policy() for rule in JUDGING]
answer_at_once({rule.id: rule for rule in JUDGING})
hear_the_settings(list(zip(JUDGING, POLICIES, strict=True)))
PolicyPack(
    name="kitchen",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[*POLICIES, *(remediation.policy() for remediation in REMEDIATIONS)],
)
