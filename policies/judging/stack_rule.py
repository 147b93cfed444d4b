"""What a rule about a whole stack is: it sees every resource at once, at the end of a preview or update.

At the end of an update it comes too late to stop anything: the preview with the same pack is the gate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pulumi_policy import PolicyResource, ReportViolation, StackValidationArgs, StackValidationPolicy

from policies.judging.described import DescribedRule
from policies.judging.failures import RuleFailedError, gathered
from policies.judging.pace import fail, note, once
from policies.judging.rule import inputs_of
from policies.judging.subject import Subject
from policies.judging.values import JsonValue
from policies.judging.world import World, world


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
            try:
                for message in self.messages(stack_case_of(args)):
                    report(message, None)
            except RuleFailedError as failure:
                fail(self.id)
                report(str(failure), None)
            except Exception as error:  # noqa: BLE001 - before the rule: what the engine sends cannot be read
                fail(self.id)
                report(str(RuleFailedError(self.id, WHOLE, error)), None)

        return StackValidationPolicy(validate=validate, **self.announced())


def stack_case_of(args: StackValidationArgs) -> StackCase:
    """What a rule judges, out of the engine's arguments, without what an update with `--target` leaves out."""
    return StackCase(subjects=_subjects(args.resources), world=world(), config=args.get_config() or {})


@once
def _subjects(resources: Sequence[PolicyResource]) -> tuple[Subject, ...]:
    return tuple(
        Subject(resource_type=resource.resource_type, name=resource.name, inputs=inputs_of(resource.props))
        for resource in resources
        if resource.props
    )
