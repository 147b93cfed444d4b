"""The objects that samples start from pass every rule about pods: what a sample shows is its change alone."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging.rule import Rule
from policies.pack import RULES
from tests.policy.support.objects import GOOD, GPU_POD, POD_TYPE
from tests.policy.support.sample import WORLD, violations

ABOUT_PODS = [
    rule
    for rule in RULES
    if rule.id.startswith(("images-", "pod-", "pods-", "gpu-", "model-servers-", "runtime-lora-", "service-account-"))
]


@pytest.mark.parametrize("rule", ABOUT_PODS, ids=lambda rule: rule.id)
@pytest.mark.parametrize(("resource_type", "inputs"), [*GOOD.items(), (POD_TYPE, GPU_POD)])
def test_it_passes(rule: Rule, resource_type: str, inputs: dict[str, Any]) -> None:
    assert violations(rule, resource_type, inputs, world=WORLD) == []
