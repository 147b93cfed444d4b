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
from policies.judging.failures import RuleFailedError, case_or_error, failed, gathered
from policies.judging.pace import note
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

    def with_config(self, config: Mapping[str, JsonValue]) -> Case:
        """The same for a rule with this configuration."""
        return Case(subject=self.subject, world=self.world, config=config, protect=self.protect, secrets=self.secrets)


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
            self.report(case_or_error(case_of, args), f"{args.resource_type} {args.name}", report)

        return ResourceValidationPolicy(validate=validate, **self.announced())

    def report(self, case: Case | Exception | None, title: str, report: ReportViolation) -> None:
        """Tell the engine what the rule says of a case, of a resource with this title; None is nothing to judge.

        In place of a case stands the exception that kept it from being read.
        """
        if isinstance(case, Exception):
            report(failed(self.id, title, case), None)
            return
        try:
            for message in () if case is None else self.messages(case):
                report(message, None)
        except Exception as error:  # noqa: BLE001 - whatever it is, the rule has not judged
            report(failed(self.id, title, error), None)


def case_of(args: ResourceValidationArgs) -> Case | None:
    """What a rule judges, out of the engine's arguments.

    A resource that an update with `--target` leaves out comes without any inputs: there is nothing to judge.
    """
    inputs = plain(args.props)
    if not isinstance(inputs, dict) or not inputs:
        return None
    subject = Subject(resource_type=args.resource_type, name=args.name, inputs=inputs)
    return case_from(subject, secret_paths(args.props), args.opts, args.get_config() or {})


def case_from(
    subject: Subject, secrets: frozenset[str], opts: PolicyResourceOptions, config: Mapping[str, JsonValue]
) -> Case:
    """The case of a subject whose texts at `secrets` are secret.

    What is not known yet has no mark, but its resource's own word, which is added.
    """
    promised = {output for output in opts.additional_secret_outputs if subject.inputs.get(output) is UNKNOWN}
    return Case(
        subject=subject, world=world(), config=config, protect=bool(opts.protect), secrets=secrets | frozenset(promised)
    )
