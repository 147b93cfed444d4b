"""Rule: an update declares what its phase builds, and nothing of a later one.

A pack sees what shall be, not what is: that a base model and its adapters do not come in the same update cannot be
judged by a rule alone. What can be is that the settings' phase goes up by itself: a stack that says phase 2 has no
adapter, so that the first server of a stack has been up without one before phase 3 is written.
"""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.manifests.fields import Fault
from policies.manifests.flags import lora_containers
from policies.manifests.models import SERVING
from policies.manifests.objects import each_object, told

_BASE, _LORA, _OPERATIONS = 2, 3, 4
_NAMES = {_BASE: "base model", _LORA: "multi-LoRA", _OPERATIONS: "operations"}
_KINDS = {
    (SERVING, "ServingRuntime"): _BASE,
    (SERVING, "ClusterServingRuntime"): _BASE,
    (SERVING, "InferenceService"): _BASE,
    (SERVING, "LLMInferenceService"): _BASE,
    ("keda.sh", "ScaledObject"): _OPERATIONS,
    ("autoscaling", "HorizontalPodAutoscaler"): _OPERATIONS,
    ("gateway.networking.k8s.io", "HTTPRoute"): _OPERATIONS,
    ("monitoring.coreos.com", "PodMonitor"): _OPERATIONS,
    ("monitoring.coreos.com", "ServiceMonitor"): _OPERATIONS,
    ("monitoring.coreos.com", "PrometheusRule"): _OPERATIONS,
    ("perses.dev", "PersesDashboard"): _OPERATIONS,
}
_USERS = ":MinioUser"
_EXAMPLE = "kitchen:phase: 2 for the first update with kitchens, then kitchen:phase: 3 with their adapters"


def judge(case: Case) -> Iterator[str]:
    """Yield one message for each thing of a later phase."""
    rule = "an update builds what its phase allows: 1 foundation, 2 base model, 3 multi-LoRA, 4 operations"
    if case.subject.resource_type.endswith(_USERS):
        yield from told(case, _later(case, _needed_by_user(case), "is"), rule, _EXAMPLE)
    else:
        yield from _objects(case)


def _needed_by_user(case: Case) -> int:
    """Keys to adapters are of phase 3; loads of base models, and the record of calls, have keys from phase 2 on."""
    bucket = case.subject.inputs.get("bucket")
    is_lora = not isinstance(bucket, str) or bucket == "lora" or bucket.endswith("-lora")
    return _LORA if is_lora else _BASE


@each_object
def _objects(case: Case) -> Iterator[str]:
    rule = "an update builds what its phase allows: 1 foundation, 2 base model, 3 multi-LoRA, 4 operations"
    return told(case, _faults(case), rule, _EXAMPLE)


def _faults(case: Case) -> Iterator[Fault]:
    needs = _KINDS.get((case.subject.group, case.subject.kind))
    # The door before the entry shares no calls between kitchens.
    if needs is not None and case.subject.namespace != f"entry-{case.world.environment}":
        yield from _later(case, needs, "is")
    if case.world.phase is not None and case.world.phase < _LORA:
        for container, flags in lora_containers(case.subject):
            given = ", ".join(f"--{flag}" for flag in flags.given if "lora" in flag)
            yield from _later(case, _LORA, f"has {given}, which are", f"{container.path}.args")


def _later(case: Case, needs: int, what: str, path: str = "phase") -> Iterator[Fault]:
    phase = case.world.phase
    if phase is None:
        text = "the settings name no phase (kitchen:phase), so that nothing of phase 2 and later can be allowed"
        yield Fault(path=path, text=text)
    elif phase < needs:
        yield Fault(path=path, text=f"{what} of phase {needs} ({_NAMES[needs]}), the settings say phase {phase}")


RULE = Rule(
    id="phases-not-mixed",
    title="An update declares what its phase builds, and nothing of a later one.",
    severity=Severity.HIGH,
    reason="When a base model and its first adapters come together, nobody can tell which of them fails.",
    remedy="Raise kitchen:phase by one, in an update of its own.",
    reference="https://www.pulumi.com/docs/insights/policy/",
    judge=judge,
)
