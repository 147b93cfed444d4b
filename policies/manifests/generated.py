"""ConfigMaps and Secrets that a Kustomization makes, as far as its own file shows them."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.subject import KUBERNETES, Subject, entries, mapping
from policies.judging.values import UNKNOWN, JsonValue

GENERATORS = {"configMapGenerator": "ConfigMap", "secretGenerator": "Secret"}
_GROUP = "kustomize.config.k8s.io"


def generates(subject: Subject) -> bool:
    """Whether an object is a file of Kustomize."""
    return subject.group == _GROUP and subject.kind in ("Kustomization", "Component")


def generated(subject: Subject) -> Iterator[tuple[str, Subject]]:
    """Each of them with the path of its generator; of a file there is the key alone, for the file lies beside."""
    for field, kind in GENERATORS.items():
        for index, entry in enumerate(entries(subject.inputs.get(field))):
            if isinstance(entry, dict):
                made = _object(subject, entry, kind)
                # What it must carry beside is given to it by other fields: a patch, as the rules on labels see it.
                yield (
                    f"{field}[{index}]",
                    Subject(resource_type=f"{KUBERNETES}core/v1:{kind}Patch", name=subject.name, inputs=made),
                )


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
        "apiVersion": "v1",
        "kind": kind,
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
