"""Each rule answers each of its samples as the sample says, through the engine's own proxies."""

from __future__ import annotations

import dataclasses
import datetime

import pytest

from policies.judging.exemptions import Exemption
from policies.judging.rule import Rule
from policies.pack import RULES
from tests.policy.support.registry import samples
from tests.policy.support.sample import Sample

CANARY = "canary-in-secret"
BY_ID = {rule.id: rule for rule in RULES}
CASES = [(BY_ID[rule], entry) for rule, entries in samples().items() for entry in entries]


@pytest.mark.parametrize(("rule", "sample"), CASES, ids=[f"{rule.id}: {entry.name}" for rule, entry in CASES])
def test_a_sample_is_answered_as_it_says(rule: Rule, sample: Sample) -> None:
    assert sample.fault(rule) is None


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_has_a_good_sample_and_two_bad_ones(rule: Rule) -> None:
    entries = samples().get(rule.id, ())
    assert sum(not entry.says for entry in entries) >= 1
    assert sum(bool(entry.says) for entry in entries) >= 2


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_an_exemption_lets_a_bad_sample_through_until_its_last_day(rule: Rule) -> None:
    bad = next(entry for entry in samples()[rule.id] if entry.says)
    exemption = Exemption(rule=rule.id, object="*", reason="a test", approver="nobody", expires=bad.world.today)
    world = dataclasses.replace(bad.world, exemptions=(exemption,))
    assert dataclasses.replace(bad, world=world, says=()).fault(rule) is None
    late = dataclasses.replace(world, today=world.today + datetime.timedelta(days=1))
    ended = (f"; an exemption expired on {exemption.expires}",) * len(bad.says)
    assert dataclasses.replace(bad, world=late, says=ended).fault(rule) is None


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_message_names_object_rule_and_example(rule: Rule) -> None:
    for entry in samples()[rule.id]:
        for text in entry_messages(rule, entry):
            head, _, tail = text.partition("; rule: ")
            assert ": " in head and "; example: " in tail, text


def test_no_message_tells_a_key() -> None:
    held = [entry for entries in samples().values() for entry in entries if CANARY in str(entry.inputs)]
    assert len(held) >= 3
    for entry in held:
        for rule in RULES:
            assert CANARY not in str(entry_messages(rule, entry)), f"{rule.id}: {entry.name}"


def entry_messages(rule: Rule, entry: Sample) -> list[str]:
    from tests.policy.support.sample import violations

    return violations(rule, entry.resource_type, entry.inputs, world=entry.world, config=entry.config)
