"""Rule: a server starts with few adapters until phase 4."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, Severity

from policies.judging.rule import Case, Rule
from policies.manifests.fields import Fault
from policies.manifests.flags import lora_containers, modules
from policies.manifests.objects import each_object, told

_FEW, _OPERATIONS = 4, 4
_EXAMPLE = "two adapters a kitchen, and a second kitchen for more"


@each_object
def judge(case: Case) -> Iterator[str]:
    """Yield one message for a server that starts with many adapters before operations do."""
    return told(case, _faults(case), "few adapters until phase 4, when a server's load is seen", _EXAMPLE)


def _faults(case: Case) -> Iterator[Fault]:
    if case.world.phase is not None and case.world.phase >= _OPERATIONS:
        return
    said = case.config.get("few")
    few = int(said) if isinstance(said, int | float) else _FEW
    for container, flags in lora_containers(case.subject):
        count = sum(1 for _ in modules(flags))
        if count > few:
            yield Fault(path=f"{container.path}.args", text=f"starts with {count} adapters, {few} are few")


RULE = Rule(
    id="adapters-few",
    title="A server starts with few adapters until phase 4.",
    severity=Severity.LOW,
    reason="Before operations see a server's load, each further adapter makes it harder to say what slows it down.",
    remedy="Begin with few adapters a kitchen; add more in phase 4.",
    reference="https://docs.vllm.ai/en/latest/features/lora.html",
    judge=judge,
    level=EnforcementLevel.ADVISORY,
    config_schema={"few": {"type": "integer", "default": _FEW, "description": "adapters that are few"}},
)
