"""Broken rules are caught by their samples: a rule that says nothing, says too much, or misses one of many."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import pytest

from policies.judging.rule import Case, Rule
from policies.pack import RULES
from tests.policy.support.registry import red, samples


def silent(rule: Rule) -> Rule:
    return dataclasses.replace(rule, judge=lambda case: iter(()))


def shrill(rule: Rule) -> Rule:
    def judge(case: Case) -> Iterator[str]:
        yield from rule.judge(case)
        yield f"{case.subject.title}: all is wrong"

    return dataclasses.replace(rule, judge=judge)


def forgetful(rule: Rule) -> Rule:
    """Loses the last violation of each object."""
    return dataclasses.replace(rule, judge=lambda case: iter(list(rule.judge(case))[:-1]))


def all_bad(rule: Rule) -> set[str]:
    return {entry.name for entry in samples()[rule.id] if entry.says}


def all_good(rule: Rule) -> set[str]:
    return {entry.name for entry in samples()[rule.id] if not entry.says}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
@pytest.mark.parametrize(
    ("mutate", "expected"),
    [(silent, all_bad), (forgetful, all_bad), (shrill, all_good)],
    ids=["silent", "forgetful", "shrill"],
)
def test_a_broken_rule_is_red(rule: Rule, mutate: Callable[[Rule], Rule], expected: Callable[[Rule], set[str]]) -> None:
    found = set(red(mutate(rule), samples()[rule.id]))
    assert found >= expected(rule)
    assert expected(rule)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_sound_rule_is_not(rule: Rule) -> None:
    assert red(rule, samples()[rule.id]) == []
