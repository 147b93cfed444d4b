"""Finds every pod specification in a Kubernetes object, wherever one can hide, and the containers in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policies.subject import Subject, entries, mapping
from policies.values import UNKNOWN, JsonValue

CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")
KSERVE_COMPONENTS = ("predictor", "transformer", "explainer")
HOLDERS = ("spec", "template", "podTemplate", "podTemplateSpec", "podSpec", "jobTemplate")
"""Keys whose value, while unknown, may hold a pod specification."""

_NO_PODS = {"CustomResourceDefinition", "ConfigMap", "Secret", "NetworkPolicy", "ResourceQuota", "LimitRange"}


@dataclass(frozen=True, kw_only=True)
class Container:
    """A container at a path of the object; `group` is the list that it stands in, or `model` for KServe's."""

    path: str
    group: str
    spec: dict[str, JsonValue]

    @property
    def name(self) -> str:
        """Its name; KServe names the model's container itself."""
        name = self.spec.get("name")
        return name if isinstance(name, str) else "kserve-container" if self.group == "model" else "(unnamed)"


@dataclass(frozen=True, kw_only=True)
class Pod:
    """A pod specification at a path of the object. `spec` is UNKNOWN where a preview cannot see it.

    `labels` and `annotations` are those of the pod's template, as far as they are known.
    """

    path: str
    spec: JsonValue
    labels: dict[str, JsonValue]
    annotations: dict[str, JsonValue]

    def containers(self) -> Iterator[Container]:
        """Every container: init, ordinary, ephemeral, and the model of a KServe component."""
        spec = mapping(self.spec)
        for group in CONTAINER_LISTS:
            for index, entry in enumerate(entries(spec.get(group))):
                if isinstance(entry, dict):
                    yield Container(path=f"{self.path}.{group}[{index}]", group=group, spec=entry)
        if isinstance(spec.get("model"), dict) and self.is_kserve:
            yield Container(path=f"{self.path}.model", group="model", spec=spec["model"])

    @property
    def is_kserve(self) -> bool:
        """Whether it is a component of an InferenceService."""
        return self.path.rpartition(".")[2].split("[")[0] in (*KSERVE_COMPONENTS, "workerSpec")


def pods(subject: Subject) -> Iterator[Pod]:
    """Yield every pod specification of an object, and every unknown place that may hold one."""
    if not subject.is_kubernetes or subject.kind in _NO_PODS:
        return
    inputs = subject.inputs
    if subject.kind == "Pod":
        yield _pod("spec", inputs.get("spec", {}), mapping(inputs.get("metadata")))
        return
    for key, value in inputs.items():
        if key != "metadata":
            yield from _walk(value, key, key, mapping(inputs.get("metadata")))


def _walk(value: JsonValue, path: str, key: str, metadata: dict[str, JsonValue]) -> Iterator[Pod]:
    if value is UNKNOWN:
        if key in HOLDERS or key in KSERVE_COMPONENTS:
            yield _pod(path, UNKNOWN, {})
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _walk(entry, f"{path}[{index}]", key, metadata)
    elif isinstance(value, dict):
        own = mapping(value.get("metadata")) or metadata
        if _is_pod(value, key):
            yield _pod(path, value, {**value, **own} if key in KSERVE_COMPONENTS else own)
        for child, entry in value.items():
            if child not in (*CONTAINER_LISTS, "metadata", "model"):
                yield from _walk(entry, f"{path}.{child}", child, own)


def _is_pod(value: dict[str, JsonValue], key: str) -> bool:
    if key in KSERVE_COMPONENTS:
        return True
    containers = value.get("containers")
    return containers is UNKNOWN or (isinstance(containers, list) and any(isinstance(c, dict) for c in containers))


def _pod(path: str, spec: JsonValue, metadata: dict[str, JsonValue]) -> Pod:
    return Pod(
        path=path,
        spec=spec,
        labels=mapping(metadata.get("labels")),
        annotations=mapping(metadata.get("annotations")),
    )
