"""What a rule about a whole stack is: it sees every resource at once, at the end of a preview or update.

At the end of an update it comes too late to stop anything: the preview with the same pack is the gate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    ReportViolation,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from policies.pace import note
from policies.rule import inputs_of
from policies.subject import Subject
from policies.values import JsonValue
from policies.world import World, world


@dataclass(frozen=True, kw_only=True)
class StackCase:
    """What such a rule gets: every resource of the stack, the world around it, the rule's own configuration."""

    subjects: tuple[Subject, ...]
    world: World
    config: Mapping[str, JsonValue] = field(default_factory=dict)

    def kinds(self, group: str, *kinds: str) -> Iterator[Subject]:
        """Objects of a group's kinds."""
        for subject in self.subjects:
            if subject.is_kubernetes and subject.group == group and subject.kind in kinds:
                yield subject


StackJudge = Callable[[StackCase], Iterator[tuple[str, str]]]
"""Yields the title of the object that a violation is about, and the message."""


@dataclass(frozen=True, kw_only=True)
class StackRule:
    """One rule about a stack; the fields are those of `policies.rule.Rule`."""

    id: str
    title: str
    severity: Severity
    reason: str
    remedy: str
    reference: str
    judge: StackJudge
    level: EnforcementLevel = EnforcementLevel.MANDATORY
    dev_level: EnforcementLevel | None = None
    config_schema: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)

    def level_in(self, environment: str) -> EnforcementLevel:
        """The level in an environment."""
        return self.dev_level if environment == "dev" and self.dev_level is not None else self.level

    def messages(self, case: StackCase) -> Iterator[str]:
        """Violations that no exemption covers; one whose exemption has expired says so. Exemptions used are noted."""
        used: dict[str, None] = {}
        for title, message in self.judge(case):
            covering = [entry for entry in case.world.exemptions if entry.covers(self.id, title)]
            valid = [entry for entry in covering if entry.expires >= case.world.today]
            used |= dict.fromkeys(map(str, valid))
            if not valid:
                yield message + "".join(f"; an exemption expired on {entry.expires}" for entry in covering)
        for line in used:
            note(line)

    def policy(self) -> StackValidationPolicy:
        """Return the rule as the engine runs it."""

        def validate(args: StackValidationArgs, report: ReportViolation) -> None:
            for message in self.messages(stack_case_of(args)):
                report(message, None)

        properties = {name: dict(schema) for name, schema in self.config_schema.items()}
        return StackValidationPolicy(
            name=self.id,
            description=f"{self.title} {self.reason}",
            validate=validate,
            enforcement_level=self.level_in(world().environment),
            severity=self.severity,
            remediation_steps=self.remedy,
            url=self.reference,
            config_schema=PolicyConfigSchema(properties) if properties else None,
        )


def stack_case_of(args: StackValidationArgs) -> StackCase:
    """What a rule judges, out of the engine's arguments, without what an update with `--target` leaves out."""
    subjects = (
        Subject(resource_type=resource.resource_type, name=resource.name, inputs=inputs_of(resource.props))
        for resource in args.resources
        if resource.props
    )
    return StackCase(subjects=tuple(subjects), world=world(), config=args.get_config() or {})
