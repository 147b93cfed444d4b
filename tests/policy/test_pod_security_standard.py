"""Every case of Kubernetes' own test data for the Pod Security Standards of 1.34 is judged as Kubernetes judges it."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging.rule import Rule
from policies.judging.world import World
from policies.rules import pod_security_baseline, pod_security_restricted
from tests.policy.support.psa import cases
from tests.policy.support.sample import violations

RULES: dict[str, tuple[Rule, ...]] = {
    "baseline": (pod_security_baseline.RULE,),
    "restricted": (pod_security_baseline.RULE, pod_security_restricted.RULE),
}
COUNTS = {("baseline", "pass"): 14, ("baseline", "fail"): 34, ("restricted", "pass"): 22, ("restricted", "fail"): 74}
DIFFERENT: dict[tuple[str, str], str] = {}
"""Cases that are judged differently, by level and name, and why: there are none."""


def judged(level: str, pod: dict[str, Any]) -> list[str]:
    rules = RULES[level]
    return [text for rule in rules for text in violations(rule, "kubernetes:core/v1:Pod", pod, world=World())]


def wrong(level: str) -> dict[str, list[str]]:
    """Cases that are not judged as Kubernetes does."""
    found = {name: judged(level, pod) for name, pod in cases(level, "pass").items() if judged(level, pod)}
    found |= {name: ["passed"] for name, pod in cases(level, "fail").items() if not judged(level, pod)}
    return {name: why for name, why in found.items() if (level, name) not in DIFFERENT}


@pytest.mark.parametrize(("level", "verdict"), COUNTS)
def test_the_data_is_all_there(level: str, verdict: str) -> None:
    assert len(cases(level, verdict)) == COUNTS[level, verdict]


@pytest.mark.parametrize("level", RULES)
def test_every_case_is_judged_as_kubernetes_does(level: str) -> None:
    assert wrong(level) == {}


CHECKS = [(module, name) for module in (pod_security_baseline, pod_security_restricted) for name in module.CHECKS]
NOT_ALONE = {"windowsHostProcess"}
"""Its cases ask for the node's network too, which another check refuses; samples/pod_security.py has one without."""


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, name in CHECKS if name not in NOT_ALONE])
def test_without_any_one_check_a_case_is_judged_wrongly(
    module: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(module.CHECKS, name)
    assert wrong(module.__name__.rpartition("_")[2]) != {}


def test_every_failing_case_is_named_by_its_object() -> None:
    for level in RULES:
        for name, pod in cases(level, "fail").items():
            assert all(f"Pod {pod['metadata']['name']}: spec" in text for text in judged(level, pod)), name
