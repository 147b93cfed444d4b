"""The table of rights that lead to every other right: each line has a source, and a right that it refuses."""

from __future__ import annotations

import pytest

from policies.manifests.namespace_places import Place
from policies.manifests.rights_table import POWERS, Power, power
from policies.rules.rbac_least import RULE
from tests.policy.support.registry import samples
from tests.policy.support.sample import violations

NAMES = [f"{sorted(line.groups)[:1]} {sorted(line.resources)[:1]} {number}" for number, line in enumerate(POWERS)]


@pytest.mark.parametrize("line", POWERS, ids=NAMES)
def test_a_line_says_where_it_comes_from(line: Power) -> None:
    assert line.source.startswith("https://")
    assert line.groups or line.resources


@pytest.mark.parametrize("line", POWERS, ids=NAMES)
def test_a_line_refuses_each_of_its_verbs(line: Power) -> None:
    for resource in line.resources or {"anything"}:
        for verb in line.verbs or {"get"}:
            assert power(line.groups, resource, [verb], [], Place.CLUSTER), f"{verb} {resource}"


def test_a_sample_tells_each_reason() -> None:
    told = [
        text
        for entry in samples()["rbac-least"]
        for text in violations(RULE, entry.resource_type, entry.inputs, world=entry.world, config=entry.config)
    ]
    assert {line.why for line in POWERS if not any(line.why in text for text in told)} == set()
