"""A rule that raises on purpose: it is named with its object, nothing else is lost, and nothing passes by it."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pulumi_policy import EnforcementLevel, StackValidationArgs, proxy

from policies.judging.exemptions import Exemption
from policies.judging.failures import RuleFailedError, gathered
from policies.judging.pace import notes, one_request
from policies.judging.rule import Case, Rule
from policies.judging.stack_rule import StackCase, StackRule
from policies.judging.subject import Subject
from policies.judging.values import plain
from policies.manifests.quantities import quantity
from policies.pack import FAILURES
from policies.remediations import Remediation
from policies.rules import images_pinned, namespaces_guarded
from tests.policy.support.objects import DEPLOYMENT, DEPLOYMENT_TYPE
from tests.policy.support.sample import WORLD, arguments

SECRET = "hunter2hunter2"


def endless(value: Any) -> Any:
    return endless(value)


WAYS: dict[str, Callable[[Any], Any]] = {
    "a key that is not there": lambda value: {}[SECRET],
    "a value of another type": lambda value: value + SECRET,
    "an endless walk": endless,
    "a rule that does not hold": lambda value: (_ for _ in ()).throw(AssertionError(SECRET)).__next__(),
    "a division": lambda value: 1 / 0,
}


def raising(way: str) -> Rule:
    """A rule that says one thing, and then fails."""

    def judge(case: Case) -> Iterator[str]:
        yield f"{case.subject.title}: said before"
        WAYS[way](1)
        yield "never said"

    return dataclasses.replace(images_pinned.RULE, judge=judge)


def case(**more: Any) -> Case:
    subject = Subject(resource_type=DEPLOYMENT_TYPE, name="x", inputs=DEPLOYMENT)
    return Case(subject=subject, world=dataclasses.replace(WORLD, **more))


def told(rule: Rule) -> list[str]:
    found: list[str] = []
    rule.policy().validate(arguments(DEPLOYMENT_TYPE, DEPLOYMENT), lambda message, urn=None: found.append(message))
    return found


@pytest.mark.parametrize("way", WAYS)
def test_the_engine_hears_of_rule_and_object_and_denies(way: str) -> None:
    rule = raising(way)
    assert rule.policy().enforcement_level is EnforcementLevel.MANDATORY
    before, failure = told(rule)
    assert before.endswith(": said before")
    assert failure.startswith(f"{case().subject.title}: the rule {rule.id} cannot judge it: ")
    assert "a mistake in the pack; rule: what cannot be judged does not pass" in failure
    assert SECRET not in failure
    assert "\n" not in failure


def test_the_place_is_the_last_one_in_the_pack() -> None:
    class Evil(dict[str, Any]):
        """A mapping that a rule reads in vain."""

        def get(self, key: str, default: Any = None) -> Any:
            raise KeyError(SECRET)

    subject = Subject(resource_type=DEPLOYMENT_TYPE, name="x", inputs=Evil(DEPLOYMENT))
    _, error = gathered(images_pinned.RULE.judge, Case(subject=subject, world=WORLD))
    assert error is not None
    said = str(RuleFailedError("some-rule", "Pod x", error))
    assert re.search(r": KeyError at policies/judging/subject\.py:[0-9]+, a mistake in the pack;", said)


def test_what_comes_before_is_kept_and_the_failure_is_raised_at_the_end() -> None:
    found = []
    with pytest.raises(RuleFailedError, match="ZeroDivisionError"):
        for message in raising("a division").messages(case()):
            found.append(message)
    assert [text.rpartition(": ")[2] for text in found] == ["said before"]


def granted(expires: str) -> Exemption:
    return Exemption(
        rule=images_pinned.RULE.id,
        object=case().subject.title,
        reason="the pack has a mistake",
        approver="security",
        expires=datetime.date.fromisoformat(expires),
    )


def test_an_exemption_of_rule_and_object_is_a_way_out_for_as_long_as_it_holds() -> None:
    rule = raising("a division")
    with one_request():
        assert list(rule.messages(case(exemptions=(granted("2999-12-31"),)))) == []
        assert len(notes()) == 1
    with pytest.raises(RuleFailedError):
        list(rule.messages(case(exemptions=(granted("2020-01-01"),))))


def test_a_rule_about_a_stack_is_told_as_well() -> None:
    def judge(given: StackCase) -> Iterator[tuple[str, str]]:
        yield "Deployment x", "Deployment x: said before"
        raise KeyError(SECRET)

    rule: StackRule = dataclasses.replace(namespaces_guarded.RULE, judge=judge)
    found: list[str] = []
    args = StackValidationArgs([], {}, {})  # type: ignore[no-untyped-call]
    rule.policy().validate(args, lambda message, urn=None: found.append(message))
    before, failure = found
    assert before == "Deployment x: said before"
    assert failure.startswith(f"the stack: the rule {rule.id} cannot judge it: KeyError at ")
    assert SECRET not in failure


def test_what_the_engine_sends_and_nothing_can_read_is_denied_by_name() -> None:
    class Broken:
        """Arguments whose properties nobody can read."""

        resource_type = DEPLOYMENT_TYPE
        name = "broken"

        @property
        def props(self) -> Any:
            raise RecursionError

    found: list[str] = []
    images_pinned.RULE.policy().validate(Broken(), lambda message, urn=None: found.append(message))  # type: ignore[arg-type]
    (failure,) = found
    assert failure.startswith(
        f"{DEPLOYMENT_TYPE} broken: the rule {images_pinned.RULE.id} cannot judge it: RecursionError"
    )


def test_a_remediation_that_fails_changes_nothing_and_is_told() -> None:
    def changes(given: Case) -> Iterator[tuple[tuple[str, ...], Any]]:
        yield ("metadata", "labels", "a"), "b"
        raise KeyError(SECRET)

    args = arguments(DEPLOYMENT_TYPE, copy.deepcopy(DEPLOYMENT))
    remediation = Remediation(id="labels-added", title="x", changes=changes)
    with pytest.raises(proxy.UnknownValueError) as caught:
        remediation.policy().remediate(args)
    assert "test: the rule labels-added cannot judge it: KeyError at " in caught.value.message
    assert SECRET not in caught.value.message
    assert plain(args.props) == DEPLOYMENT


def test_no_rule_swallows_what_asks_the_process_to_end() -> None:
    def judge(given: Case) -> Iterator[str]:
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        told(dataclasses.replace(images_pinned.RULE, judge=judge))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_no_quantity(value: float) -> None:
    assert quantity(value) is None


def test_a_judge_that_fails_before_its_first_word_is_told() -> None:
    def judge(given: Case) -> Iterator[str]:
        return iter(given.subject.inputs[SECRET])

    (failure,) = told(dataclasses.replace(images_pinned.RULE, judge=judge))
    assert "KeyError" in failure
    assert SECRET not in failure


def test_an_advisory_rule_that_fails_denies_by_a_mandatory_one() -> None:
    resource, stack = FAILURES
    with one_request():
        assert told(resource) == []
        told(raising("a division"))
        (said,) = told(resource)
    assert said.startswith(f"{case().subject.title}: is not judged by {images_pinned.RULE.id}; rule: ")
    assert {rule.level_in(environment) for rule in FAILURES for environment in ("dev", "prod")} == {
        EnforcementLevel.MANDATORY
    }
    with one_request():
        assert told(resource) == []
        found: list[str] = []
        args = StackValidationArgs([], {}, {})  # type: ignore[no-untyped-call]
        broken = dataclasses.replace(namespaces_guarded.RULE, judge=lambda given: iter(given.subjects[7]))
        broken.policy().validate(args, lambda message, urn=None: None)
        stack.policy().validate(args, lambda message, urn=None: found.append(message))
        assert found[0].startswith(f"the stack: is not judged by {namespaces_guarded.RULE.id}; rule: ")
