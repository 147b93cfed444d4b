"""What a rule is: its metadata and the function that judges one resource."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from pulumi_policy import (
    Policy,
    PolicyResourceOptions,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)

from policies.judging.described import DescribedRule
from policies.judging.failures import RuleFailedError, gathered
from policies.judging.pace import fail, note, once
from policies.judging.secrecy import secret_paths
from policies.judging.subject import Subject
from policies.judging.values import UNKNOWN, JsonValue, plain
from policies.judging.world import World, world


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
class Rule(DescribedRule):
    """One rule about a resource.

    A rule never passes what it cannot see: an unknown value reaches it as `UNKNOWN`, and it says whether that is a
    violation.
    """

    judge: Judge

    def messages(self, case: Case) -> Iterator[str]:
        """Violations that no exemption covers; one whose exemption has expired says so. Exemptions used are noted.

        Raise RuleFailedError after them where the rule itself fails, unless an exemption covers the object.
        """
        found, failure = gathered(self.judge, case)
        valid, ended = self.exempted(case.world, case.subject.title) if found or failure else ([], "")
        for exemption in valid:
            note(exemption)
        if not valid:
            yield from (message + ended for message in found)
            if failure:
                raise RuleFailedError(self.id, case.subject.title, failure) from failure

    def policy(self) -> Policy:
        """Return the rule as the engine runs it. Where the rule fails, that is a violation, and the run goes on."""

        def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
            try:
                case = case_of(args)
                for message in () if case is None else self.messages(case):
                    report(message, None)
            except RuleFailedError as failure:
                fail(self.id)
                report(str(failure), None)
            except Exception as error:  # noqa: BLE001 - before the rule: what the engine sends cannot be read
                fail(self.id)
                report(str(RuleFailedError(self.id, f"{args.resource_type} {args.name}", error)), None)

        return ResourceValidationPolicy(validate=validate, **self.announced())


inputs_of = once(plain)
"""A resource's inputs as rules see them; shared by every rule of a request."""


def case_of(args: ResourceValidationArgs) -> Case | None:
    """What a rule judges, out of the engine's arguments.

    A resource that an update with `--target` leaves out comes without any inputs: there is nothing to judge.
    """
    seen = _seen(args.props, args.resource_type, args.name, args.opts)
    if seen is None:
        return None
    subject, secrets = seen
    config = args.get_config() or {}
    return Case(subject=subject, world=world(), config=config, protect=bool(args.opts.protect), secrets=secrets)


@once
def _seen(
    props: object, resource_type: str, name: str, opts: PolicyResourceOptions
) -> tuple[Subject, frozenset[str]] | None:
    """The resource, and the paths of its secrets: what is not known yet has no mark, but the resource's own word."""
    inputs = inputs_of(props)
    if not isinstance(inputs, dict) or not inputs:
        return None
    promised = {output for output in opts.additional_secret_outputs if inputs.get(output) is UNKNOWN}
    return Subject(resource_type=resource_type, name=name, inputs=inputs), secret_paths(props) | promised
