"""What a pod specification is, and the containers in it; `pod_finder` finds them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.pod_parts import as_container, part_lists

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
    object and empty for every other: KServe puts its pods together out of two objects, see `is_runtime`. `parts` tells
    that containers may stand in the fields of other projects too (`pod_parts`), and `partial` that the rest of the pod
    is said elsewhere.
    """

    path: str
    spec: JsonValue
    labels: dict[str, JsonValue]
    annotations: dict[str, JsonValue]
    kind: str = ""
    annotations_known: bool = True
    parts: bool = False
    partial: bool = False

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
        for path, group, entry in part_lists(spec) if self.parts else ():
            if isinstance(entry, dict):
                yield Container(path=f"{self.path}.{path}", group=group, spec=as_container(entry))

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
        for path, _, entry in part_lists(mapping(self.spec)) if self.parts else ():
            if entry is UNKNOWN:
                yield f"{self.path}.{path}"

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
        return self.partial or self.kind in (*RUNTIMES, STORAGE_CONTAINER)

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
