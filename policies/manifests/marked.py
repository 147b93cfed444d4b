"""Every label and annotation of an object that makes pods: its own, those of its pods, and those it gives to others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policies.judging.pace import once
from policies.judging.subject import Subject
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.nested import is_manifest, nested
from policies.manifests.pod_finder import pods

_ENDS = ("labels", "Labels", "annotations", "Annotations")
_SELECTORS = ("matchLabels", "selectorLabels", "allowedLabels", "groupingLabels")
_ELSEWHERE = {
    *("containers", "initContainers", "ephemeralContainers", "volumes", "affinity", "topologySpreadConstraints"),
    *("tolerations", "env", "status", "selector", "volumeClaimTemplate", "volumeClaimTemplates"),
}
"""Fields below which no label of a pod stands."""

_WITHOUT_PODS = {("", kind) for kind in ("ConfigMap", "Secret", "List", "PersistentVolume", "PersistentVolumeClaim")}
_NATIVE = ("", "apps", "batch")
_MAKERS = {
    *(("argoproj.io", kind) for kind in ("Rollout", "Workflow", "WorkflowTemplate", "CronWorkflow")),
    ("argoproj.io", "ClusterWorkflowTemplate"),
    *(("tekton.dev", kind) for kind in ("Pipeline", "PipelineRun", "Task", "TaskRun")),
    ("serving.kserve.io", "InferenceService"),
}
"""Kinds that make pods also where no pod stands in them."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A label or an annotation at a path; the name is empty where all of them are not known.

    `on_pods` is false for those of a workload of Kubernetes' own, which no pod of it gets.
    """

    path: str
    name: str
    value: JsonValue
    is_label: bool
    on_pods: bool = True


def marks(subject: Subject) -> tuple[Mark, ...]:
    """The labels and annotations of an object that makes pods; none of any other, nor of objects inside of it."""
    found: tuple[Mark, ...] = _marks(subject)
    return found


@once
def _marks(subject: Subject) -> tuple[Mark, ...]:
    if not _makes_pods(subject):
        return ()
    below = {key: value for key, value in subject.inputs.items() if key != "metadata"}
    on_pods = subject.group not in _NATIVE or subject.kind == "Pod"
    return (*own_marks(subject, on_pods=on_pods), *marks_below(below, ""))


def own_marks(subject: Subject, *, on_pods: bool = True) -> Iterator[Mark]:
    """The labels and annotations of the object itself, whatever it is."""
    metadata = subject.inputs.get("metadata")
    for field in ("labels", "annotations"):
        found = UNKNOWN if metadata is UNKNOWN else subject.metadata.get(field)
        yield from _of(found, f"metadata.{field}", on_pods=on_pods)


def _makes_pods(subject: Subject) -> bool:
    place = (subject.group, subject.kind)
    if not subject.is_kubernetes or place in _WITHOUT_PODS or subject.kind.endswith("List"):
        return False
    inside = tuple(f"{entry.path}{end}" for entry in nested(subject) for end in (".", ":"))
    return place in _MAKERS or any(not pod.path.startswith(inside) for pod in pods(subject))


def marks_below(value: JsonValue, path: str) -> Iterator[Mark]:
    """The labels and annotations below a path, wherever they stand; those of objects inside are left to these."""
    if isinstance(value, list):
        for index, entry in enumerate(value):
            if isinstance(entry, dict | list):
                yield from marks_below(entry, f"{path}[{index}]")
    elif isinstance(value, dict) and not (path and is_manifest(value)):
        for key, entry in value.items():
            where = f"{path}.{key}" if path else key
            if key.endswith(_ENDS) and key not in _SELECTORS:
                yield from _of(entry, where)
            elif key == "metadata" and entry is UNKNOWN:
                yield from _of(UNKNOWN, where)
            elif isinstance(entry, dict | list) and key not in _ELSEWHERE:
                yield from marks_below(entry, where)


def _of(found: JsonValue, path: str, *, on_pods: bool = True) -> Iterator[Mark]:
    is_label = path.endswith(("labels", "Labels"))
    if found is UNKNOWN:
        yield Mark(path=path, name="", value=UNKNOWN, is_label=is_label, on_pods=on_pods)
    for name, value in found.items() if isinstance(found, dict) else ():
        yield Mark(path=f"{path}.{name}", name=name, value=value, is_label=is_label, on_pods=on_pods)
