"""What a rule is: its metadata and the function that judges one resource."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pulumi_policy import (
    EnforcementLevel,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
)

from policies.values import JsonValue, plain

Judge = Callable[[str, dict[str, JsonValue]], Iterator[str]]
"""Takes a resource's type and its inputs, in which what is unknown is `UNKNOWN`; yields one message a violation."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule.

    `id` is its name in every report, `title` what it demands, `reason` why, `remedy` what to do,
    `reference` where the demand comes from. A rule never passes what it cannot see: an unknown value reaches it as
    `UNKNOWN`, and it says whether that is a violation.
    """

    id: str
    title: str
    severity: Severity
    reason: str
    remedy: str
    reference: str
    judge: Judge
    level: EnforcementLevel = EnforcementLevel.MANDATORY

    def policy(self) -> ResourceValidationPolicy:
        """Return the rule as the engine runs it."""

        def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
            inputs = plain(args.props)
            if isinstance(inputs, dict):
                for message in self.judge(args.resource_type, inputs):
                    report(message, None)

        return ResourceValidationPolicy(
            name=self.id,
            description=f"{self.title} {self.reason}",
            validate=validate,
            enforcement_level=self.level,
            severity=self.severity,
            remediation_steps=self.remedy,
            url=self.reference,
        )
