"""Stack rule: a budget for disruptions lets one pod go at a time at least, or no node can be drained."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pulumi_policy import EnforcementLevel, Severity

from policies.judging.stack_rule import StackCase, StackRule
from policies.judging.subject import Subject, entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, at, listed, shown
from policies.manifests.models import SERVING
from policies.manifests.pods import KSERVE_COMPONENTS

_RULE = "a PodDisruptionBudget lets at least one pod of what it selects go"
_EXAMPLE = "maxUnavailable: 1, and two replicas or more"
_WORKLOADS = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "DeploymentConfig", "Rollout")
_SERVICE_LABEL = f"{SERVING}/inferenceservice"


@dataclass(frozen=True, kw_only=True)
class _Group:
    """Pods of a workload: whose, their labels, and how many there are for sure."""

    title: str
    labels: JsonValue
    replicas: JsonValue


def judge(case: StackCase) -> Iterator[tuple[str, str]]:
    """Yield one message for each budget that never lets a pod go, and for each that cannot be seen to."""
    scaled = dict(_scaled(case))
    found: dict[str | None, list[_Group]] = {}
    for subject in case.subjects:
        found.setdefault(subject.namespace, []).extend(_groups(subject, scaled))
    for budget in case.kinds("policy", "PodDisruptionBudget"):
        text = _fault(budget, found.get(budget.namespace, []))
        if text:
            yield budget.title, f"{budget.title}: {text}; rule: {_RULE}; example: {_EXAMPLE}"


def _fault(budget: Subject, groups: list[_Group]) -> str | None:
    spec = budget.inputs.get("spec")
    most, least = at(spec, "maxUnavailable"), at(spec, "minAvailable")
    if UNKNOWN in (most, least):
        return f"spec: {NOT_KNOWN}"
    if most is not None:
        return f"spec.maxUnavailable: {shown(most)}, so that no pod may ever go" if _amount(most, 1) == 0 else None
    return None if _amount(least, 1) == 0 else _keeps_all(least, at(spec, "selector"), groups)


def _keeps_all(least: JsonValue, selector: JsonValue, groups: list[_Group]) -> str | None:
    if str(least).endswith("%") and _amount(least, 100) >= 100:
        return f"spec.minAvailable: {shown(least)}, so that no pod may ever go"
    chosen = [group for group in groups if _selects(selector, group.labels) is not False]
    for group in chosen:
        if _selects(selector, group.labels) is UNKNOWN or not isinstance(group.replicas, int | float):
            return f"spec.selector: whether it selects {group.title}, or how many pods that has, {NOT_KNOWN}"
    pods = sum(int(group.replicas) for group in chosen)
    if 0 < pods <= _amount(least, pods):
        whose = ", ".join(group.title for group in chosen)
        return f"spec.minAvailable: {shown(least)}, and what it selects ({whose}) has {pods} pods, so that none may go"
    return None


def _amount(value: JsonValue, pods: int) -> int:
    """How many of `pods` a number or a share means; Kubernetes rounds shares up (disruption controller, 1.34)."""
    text = str(value).strip()
    number = text.removesuffix("%")
    if not number.isdecimal():
        return 0
    return math.ceil(int(number) * pods / 100) if text.endswith("%") else int(number)


def _groups(subject: Subject, scaled: Mapping[tuple[str | None, str, str | None], JsonValue]) -> Iterator[_Group]:
    spec = subject.inputs.get("spec")
    if subject.kind in _WORKLOADS:
        key = (subject.namespace, subject.kind, subject.object_name)
        replicas = scaled.get(key, at(spec, "replicas"))
        labels = at(spec, "template", "metadata", "labels")
        yield _Group(title=subject.title, labels=_with(labels), replicas=1 if replicas is None else replicas)
    elif subject.kind == "InferenceService":
        for part in KSERVE_COMPONENTS:
            component = at(spec, part)
            if component is not None:
                own = {_SERVICE_LABEL: subject.object_name or UNKNOWN, "component": part}
                replicas = at(component, "minReplicas")
                yield _Group(
                    title=f"{subject.title} ({part})",
                    labels=_with(subject.metadata.get("labels"), at(component, "labels"), own),
                    replicas=1 if replicas is None else replicas,
                )
    elif subject.kind == "LLMInferenceService":
        own = {"app.kubernetes.io/name": subject.object_name or UNKNOWN}
        replicas = at(spec, "replicas")
        labels = _with(at(spec, "labels"), at(spec, "template", "metadata", "labels"), own)
        yield _Group(title=subject.title, labels=labels, replicas=1 if replicas is None else replicas)


def _with(*parts: JsonValue) -> JsonValue:
    if any(part is UNKNOWN for part in parts):
        return UNKNOWN
    return {name: value for part in parts for name, value in mapping(part).items()}


def _scaled(case: StackCase) -> Iterator[tuple[tuple[str | None, str, str | None], JsonValue]]:
    """The fewest pods of what a HorizontalPodAutoscaler scales."""
    for scaler in case.kinds("autoscaling", "HorizontalPodAutoscaler"):
        target = at(scaler.inputs.get("spec"), "scaleTargetRef")
        yield (
            (scaler.namespace, str(at(target, "kind")), at(target, "name")),
            at(scaler.inputs.get("spec"), "minReplicas"),
        )


def _selects(selector: JsonValue, labels: JsonValue) -> JsonValue:
    """Whether a selector selects labels: True, False, or UNKNOWN; one without conditions selects everything."""
    if selector is None:
        return False
    answers = [_answer(labels, name, "In", [value]) for name, value in mapping(at(selector, "matchLabels")).items()]
    for _, condition in listed(at(selector, "matchExpressions"), ""):
        key, operator, values = (at(condition, part) for part in ("key", "operator", "values"))
        answers.append(_answer(labels, key, operator, values))
    if UNKNOWN in (selector, at(selector, "matchLabels")):
        answers.append(UNKNOWN)
    return False if False in answers else UNKNOWN if UNKNOWN in answers else True


def _answer(labels: JsonValue, name: JsonValue, operator: JsonValue, values: JsonValue) -> JsonValue:
    if UNKNOWN in (labels, name, operator, values, *entries(values)):
        return UNKNOWN
    value = mapping(labels).get(name)
    if value is UNKNOWN:
        return UNKNOWN
    wanted = {"In": value in entries(values), "NotIn": value not in entries(values), "Exists": value is not None}
    return wanted.get(operator, value is None)


RULE = StackRule(
    id="budgets-let-pods-go",
    title="A PodDisruptionBudget lets at least one pod of what it selects go.",
    severity=Severity.MEDIUM,
    reason="A budget that lets none go blocks every drain of a node, and with it updates of the cluster.",
    remedy="Write maxUnavailable: 1, and run two replicas or more; leave the budget out for a single pod.",
    reference="https://kubernetes.io/docs/tasks/run-application/configure-pdb/",
    judge=judge,
    dev_level=EnforcementLevel.ADVISORY,
)
