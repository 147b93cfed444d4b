"""What other programs make without a manifest: ConfigMaps and Secrets of Kustomize, labels of Argo CD's namespaces."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.subject import KUBERNETES, Subject, entries, mapping
from policies.judging.values import UNKNOWN, JsonValue

_ARGO = ("Application", "ApplicationSet")
_NAMESPACE = "managedNamespaceMetadata"
GENERATORS = {"configMapGenerator": "ConfigMap", "secretGenerator": "Secret"}
_GROUP = "kustomize.config.k8s.io"


def generates(subject: Subject) -> bool:
    """Whether an object is a file of Kustomize, or an application of Argo CD."""
    if subject.group == "argoproj.io":
        return subject.kind in _ARGO
    return subject.group == _GROUP and subject.kind in ("Kustomization", "Component")


def generated(subject: Subject) -> Iterator[tuple[str, Subject]]:
    """Each of them with the path of its generator; of a file there is the key alone, for the file lies beside."""
    if subject.group == "argoproj.io":
        yield from _namespaces(subject, subject.inputs.get("spec"), "spec")
        return
    for field, kind in GENERATORS.items():
        for index, entry in enumerate(entries(subject.inputs.get(field))):
            if isinstance(entry, dict):
                yield f"{field}[{index}]", _made(subject, kind, _object(subject, entry, kind))


def _namespaces(subject: Subject, value: JsonValue, path: str) -> Iterator[tuple[str, Subject]]:
    """What Argo CD writes on the namespace of an application, also in the template of many."""
    for key, entry in mapping(value).items():
        if key == _NAMESPACE and entry is not None:
            yield f"{path}.{key}", _made(subject, "Namespace", {"metadata": entry})
        elif key in ("template", "spec", "syncPolicy"):
            yield from _namespaces(subject, entry, f"{path}.{key}")


def _made(subject: Subject, kind: str, inputs: dict[str, JsonValue]) -> Subject:
    """An object of Kubernetes' core. What it must carry beside is given to it by others: to rules it is a patch."""
    said: dict[str, JsonValue] = {"apiVersion": "v1", "kind": kind, **inputs}
    return Subject(resource_type=f"{KUBERNETES}core/v1:{kind}Patch", name=subject.name, inputs=said)


def _object(subject: Subject, entry: dict[str, JsonValue], kind: str) -> dict[str, JsonValue]:
    inputs = subject.inputs
    name, whole = entry.get("name"), [inputs.get("namePrefix"), inputs.get("nameSuffix")]
    if isinstance(name, str):
        name = f"{whole[0] or ''}{name}{whole[1] or ''}" if UNKNOWN not in whole else UNKNOWN
    options = [mapping(inputs.get("generatorOptions")), mapping(entry.get("options"))]
    marks = {
        field: {key: value for option in options for key, value in mapping(option.get(field)).items()}
        for field in ("labels", "annotations")
    }
    namespace = entry.get("namespace") if inputs.get("namespace") is None else inputs["namespace"]
    said = {"name": name, "namespace": namespace, **{field: found for field, found in marks.items() if found}}
    made: dict[str, JsonValue] = {
        "metadata": {field: value for field, value in said.items() if value is not None},
        "stringData" if kind == "Secret" else "data": dict(_data(entry)),
    }
    return {**made, "type": entry["type"]} if "type" in entry else made


def _data(entry: dict[str, JsonValue]) -> Iterator[tuple[str, JsonValue]]:
    for literal in entries(entry.get("literals")):
        if isinstance(literal, str):
            key, _, value = literal.partition("=")
            yield key, value[1:-1] if value[:1] in ("'", '"') and value[:1] == value[-1:] else value
    for file in entries(entry.get("files")):
        if isinstance(file, str):
            key, named, path = file.rpartition("=")
            yield key if named else path.rpartition("/")[2], ""
