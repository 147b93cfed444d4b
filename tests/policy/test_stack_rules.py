"""Each rule about a stack answers each of its samples as the sample says, and a broken rule does not."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Iterator

import pytest

from policies.judging.exemptions import Exemption
from policies.judging.pace import notes, one_request
from policies.judging.rule import Case, Rule
from policies.judging.stack_rule import StackCase, StackRule
from policies.judging.subject import Subject
from policies.judging.world import World, world_from
from policies.pack import EXEMPTIONS, FAILURES, RULES, STACK_RULES
from tests.policy.samples.stacks import STACK_SAMPLES, StackSample
from tests.policy.support.registry import samples

CASES = [(rule, sample) for rule in STACK_RULES for sample in STACK_SAMPLES[rule.id]]
DAY = datetime.date(2026, 1, 31)
ENTRY = {"rule": "pods-have-probes", "object": "Pod team/*", "reason": "a test", "approver": "nobody"}


def red(rule: StackRule, sample: StackSample) -> bool:
    found = sample.answers(rule)
    fits = len(found) == len(sample.says)
    return not fits or any(fragment not in text for text, fragment in zip(found, sample.says, strict=True))


@pytest.mark.parametrize(("rule", "sample"), CASES, ids=[f"{rule.id}: {sample.name}" for rule, sample in CASES])
def test_a_stack_is_answered_as_it_says(rule: StackRule, sample: StackSample) -> None:
    assert not red(rule, sample), sample.answers(rule)


def silent(_rule: StackRule) -> Callable[[StackCase], Iterator[tuple[str, str]]]:
    return lambda _case: iter(())


def forgetful(rule: StackRule) -> Callable[[StackCase], Iterator[tuple[str, str]]]:
    return lambda case: iter(list(rule.judge(case))[:-1])


def shrill(rule: StackRule) -> Callable[[StackCase], Iterator[tuple[str, str]]]:
    return lambda case: iter([*rule.judge(case), ("x", "all is wrong")])


@pytest.mark.parametrize("rule", STACK_RULES, ids=lambda rule: rule.id)
@pytest.mark.parametrize("mutate", [silent, forgetful, shrill])
def test_a_broken_rule_about_stacks_is_red(rule: StackRule, mutate: Callable[[StackRule], object]) -> None:
    broken = dataclasses.replace(rule, judge=mutate(rule))  # type: ignore[arg-type]  # a judge
    for sample in STACK_SAMPLES[rule.id]:
        assert red(broken, sample) is (bool(sample.says) or mutate is shrill)


@pytest.mark.parametrize("rule", STACK_RULES, ids=lambda rule: rule.id)
def test_an_exemption_holds_for_one_object_until_its_last_day(rule: StackRule) -> None:
    bad = next(sample for sample in STACK_SAMPLES[rule.id] if len(sample.says) == 1)
    exemption = Exemption(rule=rule.id, object="* *", reason="a test", approver="nobody", expires=bad.world.today)
    world = dataclasses.replace(bad.world, exemptions=(exemption,))
    assert dataclasses.replace(bad, world=world).answers(rule) == []
    late = dataclasses.replace(world, today=world.today + datetime.timedelta(days=1))
    (text,) = dataclasses.replace(bad, world=late).answers(rule)
    assert text.endswith(f"; an exemption expired on {exemption.expires}")
    other = dataclasses.replace(world, exemptions=(dataclasses.replace(exemption, object="Nothing x/y"),))
    assert len(dataclasses.replace(bad, world=other).answers(rule)) == 1


def told(rule: object, world: World) -> list[str]:
    assert isinstance(rule, StackRule)
    return list(rule.messages(StackCase(subjects=(), world=world)))


def test_malformed_exemptions_hold_for_nothing_and_are_told_once() -> None:
    readable = EXEMPTIONS[2]
    world = world_from({"exemptions": [{**ENTRY, "expires": "soon"}, "x"]}, DAY)
    assert world.exemptions == ()
    (text,) = told(readable, world)
    assert "kitchen:exemptions[0].expires: 'soon' is no date" in text
    assert "kitchen:exemptions[1]: must have the keys" in text


def test_an_exemption_of_an_unknown_rule_is_told() -> None:
    readable = EXEMPTIONS[2]
    entries = [{**ENTRY, "expires": "2026-12-31"}, {**ENTRY, "rule": "pods-have-wings", "expires": "2026-12-31"}]
    (text,) = told(readable, world_from({"exemptions": entries}, DAY))
    assert "no rule is called pods-have-wings;" in text
    assert told(readable, world_from({"exemptions": entries[:1]}, DAY)) == []


def test_used_exemptions_are_printed_and_unused_are_not() -> None:
    in_use = EXEMPTIONS[0]
    assert isinstance(in_use, Rule)
    bad = next(sample for sample in samples()["pods-have-probes"] if sample.says)
    subject = Subject(resource_type=bad.resource_type, name="x", inputs=bad.inputs)
    used = Exemption(rule="pods-have-probes", object=subject.title, reason="a test", approver="nobody", expires=DAY)
    unused = dataclasses.replace(used, object="Pod other/*")
    world = dataclasses.replace(bad.world, exemptions=(used, unused), today=DAY)

    def printed(today: datetime.date) -> list[str]:
        """What the remark says after all rules have judged the object, as in a request of the engine."""
        case = Case(subject=subject, world=dataclasses.replace(world, today=today))
        with one_request():
            for rule in RULES:
                list(rule.messages(case))
            return list(in_use.messages(case))

    (text,) = printed(DAY)
    assert str(used) in text
    assert printed(DAY + datetime.timedelta(days=1)) == []


def test_an_exemption_that_the_configuration_makes_needless_is_not_printed() -> None:
    rule = next(rule for rule in RULES if rule.id == "secrets-stay-secret")
    bad = next(sample for sample in samples()[rule.id] if sample.says)
    subject = Subject(resource_type=bad.resource_type, name="x", inputs=bad.inputs)
    given = Exemption(rule=rule.id, object=subject.title, reason="a test", approver="nobody", expires=DAY)
    world = dataclasses.replace(bad.world, exemptions=(given,), today=DAY)
    for config, expected in (({}, (str(given),)), ({"notSecret": [subject.title]}, ())):
        with one_request():
            assert list(rule.messages(Case(subject=subject, world=world, config=config))) == []
            assert notes() == expected


def test_a_used_exemption_of_a_rule_about_stacks_is_printed() -> None:
    by_stack, rule = EXEMPTIONS[1], STACK_RULES[0]
    assert isinstance(by_stack, StackRule)
    used = Exemption(rule=rule.id, object="Namespace team", reason="a test", approver="nobody", expires=DAY)
    bad = next(sample for sample in STACK_SAMPLES[rule.id] if sample.says)
    world = dataclasses.replace(bad.world, exemptions=(used,), today=DAY)
    exempted = dataclasses.replace(bad, world=world)
    with one_request():
        assert exempted.answers(rule) == []
        assert exempted.answers(by_stack) == [f"the stack passes by the exemption {used}; rule: exemptions are seen"]


def test_every_name_is_given_once() -> None:
    ids = [rule.id for rule in (*RULES, *STACK_RULES, *EXEMPTIONS, *FAILURES)]
    assert len(set(ids)) == len(ids)
