"""Stack rule: the GPUs of a pool suffice for everything that asks for them, rollouts included."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_policy import Severity

from policies.judging.stack_rule import StackCase, StackRule
from policies.judging.subject import Subject
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, at
from policies.manifests.pod_finder import pods
from policies.manifests.pods import Pod
from policies.manifests.quantities import quantity

PRODUCT = "nvidia.com/gpu.product"
_GPU = "nvidia.com/gpu"
_KINDS = ("InferenceService", "LLMInferenceService", "Deployment", "StatefulSet")
_RULE = "the GPUs of a pool suffice for its services, with the pods that a rollout adds"
_EXAMPLE = "fewer replicas, rollout: recreate, or a pool with more gpus in kitchen:gpuPools"


@dataclass(frozen=True, kw_only=True)
class _Need:
    title: str
    gpus: int
    pods: int


def judge(case: StackCase) -> Iterator[tuple[str, str]]:
    """Yield one message for each pool that is too small, and for each need that cannot be counted."""
    pools = case.world.settings.get("gpuPools")
    known: Mapping[str, Any] = pools if isinstance(pools, Mapping) else {}
    needs: dict[str, list[_Need]] = defaultdict(list)
    for subject in case.subjects:
        if subject.is_kubernetes and subject.kind in _KINDS:
            for pod in pods(subject):
                for name, pool in known.items():
                    found = _need(subject, pod, pool) if isinstance(pool, Mapping) else 0
                    if isinstance(found, str):
                        yield subject.title, f"{subject.title}: {found}; rule: {_RULE}; example: {_EXAMPLE}"
                    elif isinstance(found, _Need):
                        needs[name].append(found)
    for name, entries in needs.items():
        yield from _overbooked(name, known[name], entries)


def _overbooked(name: str, pool: Mapping[str, Any], needs: list[_Need]) -> Iterator[tuple[str, str]]:
    total, there = sum(need.gpus * need.pods for need in needs), pool.get("gpus")
    if isinstance(there, int | float) and total > there:
        asked = ", ".join(f"{need.title} {need.pods} x {need.gpus}" for need in needs)
        title = f"pool {name}"
        yield (
            title,
            f"{title}: {total} GPUs asked for ({asked}), it has {int(there)}; rule: {_RULE}; example: {_EXAMPLE}",
        )


def _need(subject: Subject, pod: Pod, pool: Mapping[str, Any]) -> _Need | str | None:
    """What a pod asks of a pool: nothing (None), or why it cannot be counted."""
    if pod.spec is UNKNOWN or at(pod.spec, "nodeSelector", PRODUCT) not in (pool.get("product"), UNKNOWN):
        return None
    gpus = 0
    for container in pod.containers():
        if container.group in ("containers", "model"):
            asked = _asked(container.spec, str(pool.get("resource") or _GPU))
            if asked is None:
                return f"{container.path}.resources: {NOT_KNOWN}"
            gpus += asked
    if not gpus:
        return None
    replicas = _pods(subject, pod)
    if replicas is None:
        return f"{pod.path}: the number of pods {NOT_KNOWN}"
    return _Need(title=subject.title, gpus=gpus, pods=replicas)


def _asked(spec: JsonValue, resource: str) -> int | None:
    values = [at(spec, "resources", kind, resource) for kind in ("limits", "requests")]
    numbers = [0 if value is None else quantity(value) for value in values]
    if any(number is None for number in numbers):
        return None
    return max(int(number or 0) for number in numbers)


def _pods(subject: Subject, pod: Pod) -> int | None:
    """Pods at most: replicas, and those that a rolling update adds."""
    spec: JsonValue = subject.inputs.get("spec")
    if subject.kind == "InferenceService":
        spec = pod.spec
        said = [at(spec, "maxReplicas"), at(spec, "minReplicas")]
        strategy = at(spec, "deploymentStrategy")
    else:
        said = [at(spec, "replicas")]
        strategy = None if subject.kind == "StatefulSet" else at(spec, "strategy")
    numbers = [1 if value is None else value for value in said]
    if not all(isinstance(number, int | float) for number in numbers):
        return None
    replicas = max(1, *(int(number) for number in numbers))
    surge = 0 if subject.kind == "StatefulSet" else _surge(strategy, replicas)
    return None if surge is None else replicas + surge


def _surge(strategy: JsonValue, replicas: int) -> int | None:
    """Pods that a rolling update adds; Kubernetes' default is a quarter, rounded up."""
    if at(strategy, "type") == "Recreate":
        return 0
    value = at(strategy, "rollingUpdate", "maxSurge")
    value = "25%" if value is None else value
    if isinstance(value, str) and value.removesuffix("%").isdecimal():
        share = int(value.removesuffix("%"))
        return math.ceil(replicas * share / 100) if value.endswith("%") else share
    return int(value) if isinstance(value, int | float) else None


RULE = StackRule(
    id="gpu-pools-suffice",
    title="The GPUs of each pool suffice for its services, rollouts included.",
    severity=Severity.HIGH,
    reason="A pod without a GPU waits for ever: a rollout hangs, and after a node's loss a kitchen does not come back.",
    remedy="Lower replicas, take `rollout: recreate`, or state the pool's real number of GPUs.",
    reference="https://kubernetes.io/docs/tasks/manage-gpus/scheduling-gpus/",
    judge=judge,
)
