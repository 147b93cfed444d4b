"""Objects with values of any kind anywhere: no rule fails on them, whatever the API server would say."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest

from policies.judging.failures import RuleFailedError, gathered
from policies.judging.pace import one_request
from policies.judging.rule import Case
from policies.judging.stack_rule import StackCase
from policies.judging.subject import Subject
from policies.judging.values import UNKNOWN
from policies.pack import RULES, STACK_RULES
from tests.policy.support.registry import samples
from tests.policy.support.sample import UNKNOWN_VALUE, Sample

ODD: tuple[Any, ...] = (
    *(None, 0, -1, 1.5, True, 10**30, float("nan"), float("inf")),
    *("", "x", "a: b", "{", "[", "é", "\x00", "9" * 5000, "1e99999", "0.0.0.0/0/0", "::", "--", "--a=", "=", "$("),
    *("^((", "a/b:c@d", "sha256:"),
    *([], {}, [None], [[]], [{}], [""], [1], {"": None}, {"a": {}}, {"a": [None]}),
    *(UNKNOWN, [UNKNOWN], {"a": UNKNOWN}),
)  # fmt: skip
SEEDS, OBJECTS = range(4), 400
Path = tuple[str | int, ...]


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of each value in an object."""
    entries: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield (*path, key)
        yield from places(entry, (*path, key))


def seen(value: Any) -> Any:
    """The value as rules get it."""
    if isinstance(value, dict):
        return {key: seen(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [seen(entry) for entry in value]
    return UNKNOWN if isinstance(value, str) and value == UNKNOWN_VALUE else value


def spoilt(inputs: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """A copy with one to three odd values."""
    found: dict[str, Any] = seen(inputs)
    for _ in range(chance.randint(1, 3)):
        *parents, last = chance.choice(list(places(found)))
        place: Any = found
        for key in parents:
            place = place[key]
        place[last] = copy.deepcopy(chance.choice(ODD))
    return found


def cases(seed: int) -> Iterator[tuple[Sample, Subject]]:
    chance = random.Random(seed)  # noqa: S311 - always the same objects
    everything = [sample for entries in samples().values() for sample in entries]
    for sample in chance.sample(everything, OBJECTS):
        inputs = spoilt(sample.inputs, chance)
        yield sample, Subject(resource_type=sample.resource_type, name="x", inputs=inputs)


def failures(found: Iterator[tuple[str, Any, Exception | None]]) -> set[str]:
    return {
        str(RuleFailedError(rule, "it", error)).split("; rule:")[0] + f" with {about}"
        for rule, about, error in found
        if error is not None
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_no_rule_fails_on_odd_values(seed: int) -> None:
    def each() -> Iterator[tuple[str, Any, Exception | None]]:
        for sample, subject in cases(seed):
            with one_request():
                for rule in RULES:
                    _, error = gathered(rule.judge, Case(subject=subject, world=sample.world, config=sample.config))
                    yield rule.id, sample.name, error

    assert failures(each()) == set()


@pytest.mark.parametrize("seed", SEEDS)
def test_no_rule_about_a_stack_fails_on_odd_values(seed: int) -> None:
    def each() -> Iterator[tuple[str, Any, Exception | None]]:
        found = list(cases(seed))
        for begin in range(0, len(found), 20):
            subjects = tuple(subject for _, subject in found[begin : begin + 20])
            with one_request():
                for rule in STACK_RULES:
                    _, error = gathered(rule.judge, StackCase(subjects=subjects, world=found[begin][0].world))
                    yield rule.id, begin, error

    assert failures(each()) == set()


def test_a_rule_that_fails_is_seen() -> None:
    assert failures(iter([("some-rule", "a sample", KeyError("x")), ("other", "b", None)])) != set()
