"""Finds every pod specification in a Kubernetes object, wherever one can hide, and the containers in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policies.judging.pace import once
from policies.judging.subject import Subject, entries, mapping
from policies.judging.values import UNKNOWN, JsonValue

CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")
KSERVE = "serving.kserve.io"
KSERVE_COMPONENTS = ("predictor", "transformer", "explainer")
RUNTIMES = ("ServingRuntime", "ClusterServingRuntime")
STORAGE_CONTAINER = "ClusterStorageContainer"
MODEL_SERVERS = (
    *("model", "sklearn", "xgboost", "tensorflow", "pytorch", "triton", "onnx", "huggingface", "pmml", "lightgbm"),
    *("paddle", "art"),
)
"""Fields of a KServe component that are the model server's container, merged into the runtime's."""

HOLDERS = ("spec", "template", "podTemplate", "podTemplateSpec", "podSpec", "jobTemplate")
"""Keys whose value, while unknown, may hold a pod specification."""

_KSERVE_HOLDERS = (*KSERVE_COMPONENTS, "workerSpec", "worker", "prefill", "canary", "router", "scheduler", "container")

_NO_PODS = {
    *(("", kind) for kind in ("ConfigMap", "Secret", "ResourceQuota", "LimitRange")),
    *(("apiextensions.k8s.io", "CustomResourceDefinition"), ("networking.k8s.io", "NetworkPolicy")),
}
"""Group and kind of objects that hold no pod, whatever stands in them."""

_WORKLOADS = ("", "apps", "batch")
"""Groups in whose kinds every `template.spec` is a pod; that of a patch may name no container."""

_POD_KEYS = ("hostNetwork", "hostPID", "hostIPC")
"""Keys that nothing but a pod has."""


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

    @property
    def is_native_sidecar(self) -> bool:
        """Whether it is an init container that goes on beside the others."""
        return self.group == "initContainers" and self.spec.get("restartPolicy") == "Always"


@dataclass(frozen=True, kw_only=True)
class Pod:
    """A pod specification at a path of the object. `spec` is UNKNOWN where a preview cannot see it.

    `labels` and `annotations` are those of the pod's template, as far as they are known. `kind` is the kind of a KServe
    object and empty for every other: KServe puts its pods together out of two objects, see `is_runtime`.
    """

    path: str
    spec: JsonValue
    labels: dict[str, JsonValue]
    annotations: dict[str, JsonValue]
    kind: str = ""
    annotations_known: bool = True

    def containers(self) -> Iterator[Container]:
        """Every container: init, ordinary, ephemeral, and the model of a KServe component."""
        spec = mapping(self.spec)
        for group in CONTAINER_LISTS:
            for index, entry in enumerate(entries(spec.get(group))):
                if isinstance(entry, dict):
                    yield Container(path=f"{self.path}.{group}[{index}]", group=group, spec=entry)
        if self.is_kserve:
            for field in MODEL_SERVERS:
                if isinstance(spec.get(field), dict):
                    yield Container(path=f"{self.path}.{field}", group="model", spec=spec[field])
        if self.kind == STORAGE_CONTAINER and isinstance(spec.get("container"), dict):
            yield Container(path=f"{self.path}.container", group="initContainers", spec=spec["container"])

    def hidden(self) -> Iterator[str]:
        """Paths where containers may be and nothing is known."""
        if self.spec is UNKNOWN:
            yield self.path
        fields = (*CONTAINER_LISTS, *(MODEL_SERVERS if self.is_kserve else ()))
        for field in (*fields, "container") if self.kind == STORAGE_CONTAINER else fields:
            value = mapping(self.spec).get(field)
            if value is UNKNOWN:
                yield f"{self.path}.{field}"
            for index, entry in enumerate(entries(value)):
                if entry is UNKNOWN:
                    yield f"{self.path}.{field}[{index}]"

    @property
    def is_kserve(self) -> bool:
        """Whether it is a component of an InferenceService."""
        return bool(self.kind) and self.path.rpartition(".")[2].split("[")[0] in (*KSERVE_COMPONENTS, "workerSpec")

    @property
    def is_runtime(self) -> bool:
        """Whether it is half a pod: KServe merges it with an InferenceService's, which gives what is a pod's own.

        The types have no place for it: ServingRuntimePodSpec (kserve v0.20.0,
        pkg/apis/serving/v1alpha1/servingruntime_types.go) knows no security context, account or token of the pod.
        """
        return self.kind in (*RUNTIMES, STORAGE_CONTAINER)

    @property
    def is_merged(self) -> bool:
        """Whether a runtime gives containers to it that are not seen here."""
        if not self.is_kserve or self.kind != "InferenceService":
            return False
        return not entries(mapping(self.spec).get("containers")) or any(c.group == "model" for c in self.containers())

    @property
    def names_its_runtime(self) -> bool:
        """Whether the runtime is named, and so judged where it is declared; else KServe chooses any of the cluster."""
        runtime = mapping(mapping(self.spec).get("model")).get("runtime")
        return isinstance(runtime, str) and bool(runtime)

    def leaves_to_runtime(self, container: Container) -> bool:
        """Whether what this container does not say is said by a runtime that is judged itself."""
        return container.group == "model" and self.names_its_runtime


def pods(subject: Subject) -> tuple[Pod, ...]:
    """Every pod specification of an object, and every unknown place that may hold one."""
    found: tuple[Pod, ...] = _pods(subject)
    return found


@once
def _pods(subject: Subject) -> tuple[Pod, ...]:
    return tuple(_find(subject))


def _find(subject: Subject) -> Iterator[Pod]:
    group, kind = subject.group, subject.kind
    if not subject.is_kubernetes or (group, kind) in _NO_PODS:
        return
    inputs = subject.inputs
    if kind == "Pod" and group == "":
        yield _pod("spec", inputs.get("spec", {}), inputs.get("metadata"), "")
        return
    finder = _Finder(kind=kind if group == KSERVE else "", workload=group in _WORKLOADS)
    for key, value in inputs.items():
        if key not in ("metadata", "status"):
            yield from finder.walk(value, key, key, inputs.get("metadata"))


@dataclass(frozen=True, kw_only=True)
class _Finder:
    """`kind` is that of a KServe object, `workload` whether it is one of Kubernetes' own."""

    kind: str
    workload: bool

    def walk(self, value: JsonValue, path: str, key: str, metadata: JsonValue) -> Iterator[Pod]:
        """Yield the pods at and below a value; `metadata` is the nearest above it."""
        if value is UNKNOWN:
            if key in HOLDERS or (self.kind and key in _KSERVE_HOLDERS):
                yield _pod(path, UNKNOWN, {}, self.kind)
        elif isinstance(value, list):
            for index, entry in enumerate(value):
                yield from self.walk(entry, f"{path}[{index}]", key, metadata)
        elif isinstance(value, dict):
            own = value.get("metadata") or metadata
            if self._is_pod(value, path, key):
                whose = _with_component(value, own) if key in KSERVE_COMPONENTS else own
                yield _pod(path, value, whose, self.kind)
            for child, entry in value.items():
                if child not in (*CONTAINER_LISTS, "metadata") and not (self.kind and child in MODEL_SERVERS):
                    yield from self.walk(entry, f"{path}.{child}", child, own)

    def _is_pod(self, value: dict[str, JsonValue], path: str, key: str) -> bool:
        if self.kind == "InferenceService" and key in (*KSERVE_COMPONENTS, "workerSpec"):
            return True
        if self.workload and f".{path}".endswith(".template.spec"):
            return True
        if self.kind == STORAGE_CONTAINER and "container" in value:
            return True
        if any(value.get(name) not in (None, False) for name in _POD_KEYS):
            return True
        return any(_has_containers(value.get(name)) for name in CONTAINER_LISTS)


def _has_containers(found: JsonValue) -> bool:
    return found is UNKNOWN or any(isinstance(entry, dict) or entry is UNKNOWN for entry in entries(found))


def _with_component(value: dict[str, JsonValue], metadata: JsonValue) -> JsonValue:
    """A component's pods carry the service's labels and annotations and its own."""
    found: dict[str, JsonValue] = {}
    for key in ("labels", "annotations"):
        parts = [mapping(metadata).get(key), value.get(key)]
        found[key] = UNKNOWN if metadata is UNKNOWN or UNKNOWN in parts else {**mapping(parts[0]), **mapping(parts[1])}
    return found


def _pod(path: str, spec: JsonValue, metadata: JsonValue, kind: str) -> Pod:
    annotations = UNKNOWN if metadata is UNKNOWN else mapping(metadata).get("annotations")
    return Pod(
        path=path,
        spec=spec,
        labels=mapping(mapping(metadata).get("labels")),
        annotations=mapping(annotations),
        kind=kind,
        annotations_known=annotations is not UNKNOWN,
    )
