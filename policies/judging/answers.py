"""Answers the engine for all rules at once: a resource is read out of its message once, and not once a rule.

The SDK reads a resource anew for every policy, and every resource of the stack for every policy about the stack
(pulumi_policy/policy.py, Analyze and AnalyzeStack): with thirty rules that is most of what a pack costs. These two
methods do what the SDK's do, in the same order and with the same levels.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel, Policy, policy

from policies.judging.failures import case_or_error
from policies.judging.messages import read
from policies.judging.pace import one_request
from policies.judging.rule import Case, Rule, case_from
from policies.judging.stack_rule import StackCase, StackRule
from policies.judging.subject import Subject
from policies.judging.world import world

_Rule = TypeVar("_Rule", Rule, StackRule)
_NOTHING_CHANGED = analyzer_pb2.RemediateResponse()


def answer_at_once(rules: Mapping[str, Rule | StackRule]) -> None:
    """Make the SDK's server judge by these rules, which have the names of its policies.

    A policy without a rule changes resources and judges none: it is told as the SDK tells it.
    """
    servicer: Any = policy._PolicyAnalyzerServicer
    servicer._configure_runtime_settings = functools.lru_cache(servicer._configure_runtime_settings)
    for name in ("Configure", "ConfigureStack"):
        setattr(servicer, name, _levels_anew(getattr(servicer, name)))

    def analyze(self: Any, request: Any, _context: Any) -> Any:
        self._configure_runtime_settings()
        response = analyzer_pb2.AnalyzeResponse(not_applicable=_without(rules, self))
        title = f"{request.type} {request.name}"
        with one_request():
            case = case_or_error(_case, (self, request))
            for made, rule, level in _asked(self, rules, Rule):
                config = self._get_policy_config(made.name)
                own = case.with_config(config) if config and isinstance(case, Case) else case
                rule.report(own, title, self._create_report_violation(response, *_described(made, level)))
        return response

    def analyze_stack(self: Any, request: Any, _context: Any) -> Any:
        self._configure_runtime_settings()
        response = analyzer_pb2.AnalyzeResponse()
        with one_request():
            case = case_or_error(_stack_case, request)
            for made, rule, level in _asked(self, rules, StackRule):
                config = self._get_policy_config(made.name)
                own = case.with_config(config) if config and isinstance(case, StackCase) else case
                rule.report(own, self._create_report_violation(response, *_described(made, level)))
        return response

    servicer.Analyze, servicer.AnalyzeStack = analyze, analyze_stack
    servicer.Remediate = _where_asked(servicer.Remediate)


def _where_asked(remediate: Callable[[Any, Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    """The method that answers Remediate, without reading the resource where no policy is set to `remediate`.

    The engine asks for every resource, and remediations are off unless the pack's configuration turns them on.
    """

    def answering(self: Any, request: Any, context: Any) -> Any:
        changes = EnforcementLevel.REMEDIATE in _levels(self).values()
        return remediate(self, request, context) if changes else _NOTHING_CHANGED

    return answering


_LEVELS = "kitchen_levels"
"""Attribute of the SDK's server under which its policies' levels are kept until it is configured anew."""


def _levels_anew(configure: Callable[[Any, Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    """The method that configures, after which levels are looked up again."""

    def configuring(self: Any, request: Any, context: Any) -> Any:
        answer = configure(self, request, context)
        setattr(self, _LEVELS, None)
        return answer

    return configuring


def _levels(server: Any) -> dict[str, EnforcementLevel]:
    """The level of each policy that is not off, by name, in their order."""
    found: dict[str, EnforcementLevel] | None = getattr(server, _LEVELS, None)
    if found is None:
        policies = server._PolicyAnalyzerServicer__policies
        levels = {made.name: server._get_enforcement_level(made) for made in policies}
        found = {name: level for name, level in levels.items() if level is not EnforcementLevel.DISABLED}
        setattr(server, _LEVELS, found)
    return found


def _asked(
    server: Any, rules: Mapping[str, Rule | StackRule], kind: type[_Rule]
) -> Iterator[tuple[Policy, _Rule, EnforcementLevel]]:
    """The policies of a kind that are not off, each with its rule and its level.

    A rule changes nothing, so `remediate` is as `mandatory` for it, as the SDK has it too.
    """
    levels = _levels(server)
    for made in server._PolicyAnalyzerServicer__policies:
        rule, level = rules.get(made.name), levels.get(made.name)
        if level is not None and isinstance(rule, kind):
            yield made, rule, EnforcementLevel.MANDATORY if level is EnforcementLevel.REMEDIATE else level


def _without(rules: Mapping[str, Rule | StackRule], server: Any) -> list[Any]:
    """What is told of policies that are on and judge nothing."""
    return [
        analyzer_pb2.PolicyNotApplicable(policy_name=name, reason="Policy does not implement validate")
        for name in _levels(server)
        if name not in rules
    ]


def _described(made: Policy, level: EnforcementLevel) -> tuple[object, ...]:
    return made.name, made.description, level, made.severity


def _case(asked: tuple[Any, Any]) -> Case | None:
    """A resource that an update with `--target` leaves out comes without any inputs: there is nothing to judge."""
    server, request = asked
    inputs, secrets = read(request.properties)
    subject = Subject(resource_type=request.type, name=request.name, inputs=inputs)
    return case_from(subject, secrets, server._get_resource_options(request), {}) if inputs else None


def _stack_case(request: Any) -> StackCase:
    found = ((resource, read(resource.properties)[0]) for resource in request.resources)
    subjects = (Subject(resource_type=one.type, name=one.name, inputs=inputs) for one, inputs in found if inputs)
    return StackCase(subjects=tuple(subjects), world=world())
