"""What a rule is: its metadata and the function that judges one resource."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
)

from policies.pace import note, once
from policies.secrecy import secret_paths
from policies.subject import Subject
from policies.values import UNKNOWN, JsonValue, plain
from policies.world import World, world


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a rule gets: the subject, the world around it, and the rule's own configuration.

    `protect` tells whether the engine refuses to delete the resource; `secrets` are the paths of its inputs that the
    engine holds for secret, also of those that are not known yet.
    """

    subject: Subject
    world: World
    config: Mapping[str, JsonValue] = field(default_factory=dict)
    protect: bool = False
    secrets: frozenset[str] = frozenset()


Judge = Callable[[Case], Iterator[str]]
"""Yields one message a violation: object, path, value; rule; example. What is unknown in the inputs is `UNKNOWN`."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule.

    `id` is its name in every report, `title` what it demands, `reason` why, `remedy` what to do, `reference` where the
    demand comes from. `level` holds in prod and wherever the environment is not known, `dev_level` in dev.
    `config_schema` describes what `--policy-pack-config` may say about it (JSON Schema of each property, with default).
    A rule never passes what it cannot see: an unknown value reaches it as `UNKNOWN`, and it says whether that is a
    violation.
    """

    id: str
    title: str
    severity: Severity
    reason: str
    remedy: str
    reference: str
    judge: Judge
    level: EnforcementLevel = EnforcementLevel.MANDATORY
    dev_level: EnforcementLevel | None = None
    config_schema: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)

    def level_in(self, environment: str) -> EnforcementLevel:
        """The level in an environment."""
        return self.dev_level if environment == "dev" and self.dev_level is not None else self.level

    def messages(self, case: Case) -> Iterator[str]:
        """Violations that no exemption covers; one whose exemption has expired says so. Exemptions used are noted."""
        found = list(self.judge(case))
        covering = [e for e in case.world.exemptions if found and e.covers(self.id, case.subject.title)]
        valid = [exemption for exemption in covering if exemption.expires >= case.world.today]
        for exemption in valid:
            note(str(exemption))
        if valid:
            return
        ended = "".join(f"; an exemption expired on {exemption.expires}" for exemption in covering)
        yield from (message + ended for message in found)

    def policy(self) -> Policy:
        """Return the rule as the engine runs it."""

        def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
            case = case_of(args)
            if case is not None:
                for message in self.messages(case):
                    report(message, None)

        properties = {name: dict(schema) for name, schema in self.config_schema.items()}
        return ResourceValidationPolicy(
            name=self.id,
            description=f"{self.title} {self.reason}",
            validate=validate,
            enforcement_level=self.level_in(world().environment),
            severity=self.severity,
            remediation_steps=self.remedy,
            url=self.reference,
            config_schema=PolicyConfigSchema(properties) if properties else None,
        )


inputs_of = once(plain)
"""A resource's inputs as rules see them; shared by every rule of a request."""

_secrets = once(secret_paths)


def case_of(args: ResourceValidationArgs) -> Case | None:
    """What a rule judges, out of the engine's arguments.

    A resource that an update with `--target` leaves out comes without any inputs: there is nothing to judge.
    """
    subject = _subject(args.props, args.resource_type, args.name)
    if subject is None:
        return None
    return Case(
        subject=subject,
        world=world(),
        config=args.get_config() or {},
        protect=bool(args.opts.protect),
        secrets=_secrets(args.props) | _promised(args, subject.inputs),
    )


@once
def _subject(props: object, resource_type: str, name: str) -> Subject | None:
    inputs = inputs_of(props)
    if not isinstance(inputs, dict) or not inputs:
        return None
    return Subject(resource_type=resource_type, name=name, inputs=inputs)


def _promised(args: ResourceValidationArgs, inputs: dict[str, JsonValue]) -> set[str]:
    """What is not known yet carries no mark: the resource's own word says that it will be secret."""
    return {name for name in args.opts.additional_secret_outputs if inputs.get(name) is UNKNOWN}
