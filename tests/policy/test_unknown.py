"""What is not known is never passed: where a bad sample differs from a good object, an unknown value is denied too."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from pulumi_policy import EnforcementLevel

from policies.judging.rule import Rule
from policies.pack import RULES
from tests.policy.support.objects import GOOD, GPU_POD
from tests.policy.support.registry import samples
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, violations

Path = tuple[str | int, ...]
ABSENT = object()
ALWAYS = [rule for rule in RULES if rule.level is EnforcementLevel.MANDATORY and rule.dev_level is None]
NOT_KNOWN = "not known before the update"
MAY_BE_UNKNOWN = {
    # what an update makes is written nowhere in clear text
    ("secrets-stay-secret", "spec predictor model secretKey"),
}
"""Rules and places where an unknown value is right."""


def differences(one: Any, other: Any, path: Path = ()) -> Iterator[Path]:
    """Paths at which two objects differ, as deep as both go."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            yield from differences(one.get(key, ABSENT), other.get(key, ABSENT), (*path, key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from differences(left, right, (*path, index))
    elif one != other:
        yield path


def unknown_at(inputs: dict[str, Any], path: Path) -> dict[str, Any]:
    copied = copy.deepcopy(inputs)
    place: Any = copied
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = UNKNOWN_VALUE
    return copied


def doubtful(entry: Sample) -> dict[str, dict[str, Any]]:
    """The sample with each place that makes it bad, and each place around that, not known."""
    bases = [base for kind, base in (*GOOD.items(), ("", GPU_POD)) if base["kind"] == entry.inputs.get("kind")]
    if not bases:
        return {}
    found = min((list(differences(base, entry.inputs)) for base in bases), key=len)
    places = {path[:length] for path in found for length in range(1, len(path) + 1) if path[0] == "spec"}
    return {" ".join(map(str, place)): unknown_at(entry.inputs, place) for place in sorted(places, key=str)}


def is_denied(rule: Rule, entry: Sample, inputs: dict[str, Any]) -> bool:
    """Whether the rule denies it, or a mandatory one because something in it is not known: one message is enough."""
    if violations(rule, entry.resource_type, inputs, world=entry.world, config=entry.config):
        return True
    return any(
        NOT_KNOWN in text
        for other in ALWAYS
        for text in violations(other, entry.resource_type, inputs, world=entry.world)
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_an_unknown_value_is_denied_where_a_bad_one_is(rule: Rule) -> None:
    passed = [
        (entry.name, where)
        for entry in samples()[rule.id]
        if entry.says
        for where, inputs in doubtful(entry).items()
        if (rule.id, where) not in MAY_BE_UNKNOWN and not is_denied(rule, entry, inputs)
    ]
    assert passed == []


def test_that_is_tried_at_hundreds_of_places() -> None:
    tried = [where for entries in samples().values() for entry in entries if entry.says for where in doubtful(entry)]
    assert len(tried) > 500
