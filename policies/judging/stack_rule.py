"""What a rule about a whole stack is: it sees every resource at once, at the end of a preview or update.

At the end of an update it comes too late to stop anything: the preview with the same pack is the gate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from pulumi_policy import ReportViolation, StackValidationArgs, StackValidationPolicy

from policies.judging.described import DescribedRule
from policies.judging.failures import RuleFailedError, case_or_error, failed, gathered
from policies.judging.pace import note
from policies.judging.subject import Subject
from policies.judging.values import JsonValue, plain
from policies.judging.world import World, world


@dataclass(frozen=True, kw_only=True)
class StackCase:
    """What such a rule gets: every resource of the stack, the world around it, the rule's own configuration."""

    subjects: tuple[Subject, ...]
    world: World
    config: Mapping[str, JsonValue] = field(default_factory=dict)

    def with_config(self, config: Mapping[str, JsonValue]) -> StackCase:
        """The same for a rule with this configuration."""
        return replace(self, config=config)

    def kinds(self, group: str, *kinds: str) -> Iterator[Subject]:
        """Objects of a group's kinds."""
        for subject in self.subjects:
            if subject.is_kubernetes and subject.group == group and subject.kind in kinds:
                yield subject


WHOLE = "the stack"
"""What a failure of a rule about a stack is told of."""

StackJudge = Callable[[StackCase], Iterator[tuple[str, str]]]
"""Yields the title of the object that a violation is about, and the message."""


@dataclass(frozen=True, kw_only=True)
class StackRule(DescribedRule):
    """One rule about a stack."""

    judge: StackJudge

    def messages(self, case: StackCase) -> Iterator[str]:
        """Violations that no exemption covers; one whose exemption has expired says so. Exemptions used are noted.

        Raise RuleFailedError after them where the rule itself fails.
        """
        used: dict[str, None] = {}
        found, failure = gathered(self.judge, case)
        for title, message in found:
            valid, ended = self.exempted(case.world, title)
            used |= dict.fromkeys(valid)
            if not valid:
                yield message + ended
        for line in used:
            note(line)
        if failure:
            raise RuleFailedError(self.id, WHOLE, failure) from failure

    def policy(self) -> StackValidationPolicy:
        """Return the rule as the engine runs it. Where the rule fails, that is a violation, and the run goes on."""

        def validate(args: StackValidationArgs, report: ReportViolation) -> None:
            self.report(case_or_error(stack_case_of, args), report)

        return StackValidationPolicy(validate=validate, **self.announced())

    def report(self, case: StackCase | Exception, report: ReportViolation) -> None:
        """Tell the engine what the rule says of a case, or of the exception that kept it from being read."""
        if isinstance(case, Exception):
            report(failed(self.id, WHOLE, case), None)
            return
        try:
            for message in self.messages(case):
                report(message, None)
        except Exception as error:  # noqa: BLE001 - whatever it is, the rule has not judged
            report(failed(self.id, WHOLE, error), None)


def stack_case_of(args: StackValidationArgs) -> StackCase:
    """What a rule judges, out of the engine's arguments, without what an update with `--target` leaves out."""
    subjects = tuple(
        Subject(resource_type=resource.resource_type, name=resource.name, inputs=plain(resource.props))
        for resource in args.resources
        if resource.props
    )
    return StackCase(subjects=subjects, world=world(), config=args.get_config() or {})
