"""Finds every pod specification in a Kubernetes object, wherever one can hide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policies.judging.pace import once
from policies.judging.subject import Subject, entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.expressions import processed
from policies.manifests.nested import is_manifest, nested, subject_of
from policies.manifests.pod_parts import CONTAINER_SET, has_parts, inherited, is_fragment, steps_of
from policies.manifests.pods import (
    CONTAINER_LISTS,
    HOLDERS,
    KSERVE,
    KSERVE_COMPONENTS,
    MODEL_SERVERS,
    STORAGE_CONTAINER,
    Pod,
)

_KSERVE_HOLDERS = (*KSERVE_COMPONENTS, "workerSpec", "worker", "prefill", "canary", "router", "scheduler", "container")

_NO_PODS = {
    *(("", kind) for kind in ("ConfigMap", "Secret", "ResourceQuota", "LimitRange")),
    *(("apiextensions.k8s.io", "CustomResourceDefinition"), ("networking.k8s.io", "NetworkPolicy")),
}
"""Group and kind of objects that hold no pod, whatever stands in them."""

_WORKLOADS = ("", "apps", "batch")
"""Groups in whose kinds every `template.spec` is a pod; that of a patch may name no container."""

_DESCRIBING = ("kyverno.io", "policies.kyverno.io")

_POD_KEYS = ("hostNetwork", "hostPID", "hostIPC")
"""Keys that nothing but a pod has."""


def pods(subject: Subject) -> tuple[Pod, ...]:
    """Every pod specification of an object and of the objects inside it, and every unknown place that may hold one."""
    found: tuple[Pod, ...] = _pods(subject)
    return found


@once
def _pods(subject: Subject) -> tuple[Pod, ...]:
    if not subject.is_kubernetes:
        return ()
    if subject.alone:
        # Entries of a list of one kind need not say what they are.
        return () if subject.kind.endswith("List") else tuple(_of_object(subject, "", enters=False))
    texts = (
        pod
        for inside in nested(subject)
        if inside.by_text and inside.subject is not None and not inside.secret
        for pod in _of_object(inside.subject, f"{inside.path}: ", enters=False)
    )
    return (*_of_object(subject, ""), *texts)


def _of_object(subject: Subject, prefix: str, *, enters: bool = True) -> Iterator[Pod]:
    """Pods of an object; `prefix` leads to it. `enters` tells whether those of objects inside of it come too."""
    group, kind = subject.group, subject.kind
    if (group, kind) in _NO_PODS:
        return
    inputs = subject.inputs
    if kind == "Pod" and group == "":
        yield _pod(f"{prefix}spec", inputs.get("spec", {}), inputs.get("metadata"), "")
        return
    finder = _Finder(
        subject=subject,
        kind=kind if group == KSERVE else "",
        workload=group in _WORKLOADS,
        enters=enters,
    )
    for key, value in inputs.items():
        if key not in ("metadata", "status"):
            yield from finder.walk(value, f"{prefix}{key}", key, inputs.get("metadata"))


@dataclass(frozen=True, kw_only=True)
class _Finder:
    """`kind` is that of a KServe object, `workload` whether it is one of Kubernetes' own."""

    subject: Subject
    kind: str
    workload: bool
    enters: bool

    def walk(self, value: JsonValue, path: str, key: str, metadata: JsonValue) -> Iterator[Pod]:
        """Yield the pods at and below a value; `metadata` is the nearest above it."""
        if value is UNKNOWN:
            if key in HOLDERS or (self.kind and key in _KSERVE_HOLDERS):
                yield _pod(path, UNKNOWN, {}, self.kind)
        elif isinstance(value, list):
            for index, entry in enumerate(value):
                yield from self.walk(entry, f"{path}[{index}]", key, metadata)
        elif isinstance(value, dict):
            if is_manifest(value):
                if self.enters:
                    yield from _of_object(subject_of(self.subject, processed(self.subject, value)), f"{path}.")
                return
            own = value.get("metadata") or metadata
            foreign = not self.kind and not self.workload
            if self._is_pod(value, path, key) and not (foreign and key == CONTAINER_SET):
                whose = _with_component(value, own) if key in KSERVE_COMPONENTS else own
                yield _pod(path, value, whose, self.kind, parts=foreign)
            elif foreign:
                yield from self._partial(value, path, key, own)
            for child, entry in value.items():
                if child in (*CONTAINER_LISTS, "metadata") or self._describes(child):
                    continue
                if not (self.kind and child in MODEL_SERVERS):
                    yield from self.walk(entry, f"{path}.{child}", child, own)

    def _describes(self, key: str) -> bool:
        """Whether a field says what pods of others must be like: Kyverno's patterns are no pods."""
        return key == "validate" and self.subject.group in _DESCRIBING

    def _partial(self, value: dict[str, JsonValue], path: str, key: str, metadata: JsonValue) -> Iterator[Pod]:
        """Pods of other projects' kinds, whose containers stand elsewhere than in a list of that name."""
        if has_parts(value):
            whole = inherited(self.subject, value)
            yield _pod(path, steps_of(whole or value), metadata, "", parts=True, partial=whole is None)
        elif is_fragment(key, value):
            yield _pod(path, value, metadata, "", partial=True)

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


def _pod(
    path: str, spec: JsonValue, metadata: JsonValue, kind: str, *, parts: bool = False, partial: bool = False
) -> Pod:
    annotations = UNKNOWN if metadata is UNKNOWN else mapping(metadata).get("annotations")
    return Pod(
        path=path,
        spec=spec,
        labels=mapping(mapping(metadata).get("labels")),
        annotations=mapping(annotations),
        kind=kind,
        annotations_known=annotations is not UNKNOWN,
        parts=parts,
        partial=partial,
    )
