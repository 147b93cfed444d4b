"""What a Kustomization does to objects: where it takes them from, and what its patches change in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from policies.judging.subject import Subject, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.kustomize_names import (
    another_kind,
    another_name,
    is_of_a_controller,
    is_owners,
    of_another,
    renamed,
    strange_options,
)
from policies.manifests.ownership import DOMAIN
from policies.manifests.platform_names import is_of_the_platform
from policies.manifests.yaml_text import documents

FILE, FLUX = "kustomize.config.k8s.io", "kustomize.toolkit.fluxcd.io"
_PATHS = ("resources", "bases", "components", "crds", "configurations")
_LOCAL = re.compile(r"(?:\.{1,2}/)*[\w-][\w.-]*(?:/[\w-]+(?:\.[\w-]+)*)*/?|\.{1,2}(?:/\.{1,2})*/?")
_HOST = re.compile(r"[\w-]+\.[\w.-]+/.+")
_FIELDS = {
    FILE: {
        *(
            "apiVersion",
            "kind",
            "metadata",
            "images",
            "namespace",
            "namePrefix",
            "nameSuffix",
            "commonLabels",
            "labels",
        ),
        *("commonAnnotations", "replicas", "configMapGenerator", "secretGenerator", "generatorOptions"),
        *("sortOptions", "buildMetadata", "inventory"),
    },
    FLUX: {
        *("interval", "path", "prune", "sourceRef", "dependsOn", "timeout", "retryInterval", "suspend", "wait"),
        *("targetNamespace", "force", "healthChecks", "healthCheckExprs", "serviceAccountName", "decryption", "images"),
        *("commonMetadata", "namePrefix", "nameSuffix", "ignoreMissingComponents", "deletionPolicy"),
    },
}
"""Fields that take or make no objects, and change none but for names, labels, images and how many pods there are."""

_PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902", "replacements", "vars")
_HARMLESS_PATHS = re.compile(r"/metadata/name|/spec/replicas|/metadata/(?:labels|annotations)/(?P<name>[^/]+)")
_OWN = (
    f"{DOMAIN}/*",
    "app.kubernetes.io/*",
    "app",
    "version",
    "argocd.argoproj.io/sync-wave",
    "kustomize.toolkit.fluxcd.io/*",
)
"""Labels and annotations that may be given to every object: no program opens anything by them."""

_NAMES = ("apiVersion", "kind", "$patch")
_OF_LABELS = ("pairs", "includeSelectors", "includeTemplates")
_DEEDS = ("add", "replace", "remove", "test")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


_BUILD = "whose changes cannot be seen here: judge what `kustomize build` makes"


def is_kustomization(subject: Subject) -> bool:
    """Whether an object is a file of Kustomize or Flux's object that stands for one."""
    return subject.group in (FILE, FLUX) and subject.kind in ("Kustomization", "Component")


def remote_sources(subject: Subject) -> Iterator[Fault]:
    """Places from which a Kustomization takes what does not lie beside it, or is made by a program."""
    inputs, prefix = _said(subject)
    for field in _PATHS:
        for path, value in listed(at(inputs, field), f"{prefix}{field}"):
            if field == "configurations" and value is not UNKNOWN:
                yield Fault(
                    path=path, text=f"{shown(value)}, which says where names and labels go and is not seen here"
                )
            elif not _is_local(value):
                yield Fault(path=path, text=f"{shown(value)}, which is no file or folder beside it")
    for field, value in mapping(inputs).items():
        if field not in (*_FIELDS[subject.group], *_PATHS, *_PATCHES) and value not in (None, [], {}):
            yield Fault(path=f"{prefix}{field}", text="makes or changes objects in a way that cannot be seen here")


def moved(subject: Subject, stated: Iterable[JsonValue]) -> Iterator[Fault]:
    """Objects put into a namespace of the platform after they were judged, and sources of other namespaces."""
    inputs, prefix = _said(subject)
    for field in ("namespace", "targetNamespace"):
        place = at(inputs, field)
        if place is not None and place not in stated and (not isinstance(place, str) or _is_closed(place)):
            yield Fault(path=f"{prefix}{field}", text=f"{shown(place)}, into which it moves what was judged elsewhere")
    yield from renamed(inputs, prefix)
    source = at(inputs, "sourceRef", "namespace") if subject.group == FLUX else None
    if source not in (None, subject.namespace, *stated):
        text = f"{shown(source)}: whoever may write there says what comes into this cluster"
        yield Fault(path=f"{prefix}sourceRef.namespace", text=text)


def _is_closed(place: str) -> bool:
    return is_of_the_platform(place) or not _NAME.fullmatch(place)


def _said(subject: Subject) -> tuple[JsonValue, str]:
    """What holds the fields, and the path to it: a file itself, Flux's object in its `spec`."""
    return (subject.inputs, "") if subject.group == FILE else (subject.inputs.get("spec"), "spec.")


def _is_local(value: JsonValue) -> bool:
    if not isinstance(value, str) or not _LOCAL.fullmatch(value):
        return False
    # A first part like a host's name is a repository, unless it is the name of a file.
    return not _HOST.fullmatch(value) or value.startswith(("./", "../"))


def _place(subject: Subject) -> JsonValue:
    """The namespace of all objects of a Kustomization; None where each has its own."""
    inputs, _ = _said(subject)
    return at(inputs, "namespace") if subject.group == FILE else at(inputs, "targetNamespace") or subject.namespace


def patches(subject: Subject) -> Iterator[Fault]:
    """Patches that change more of an object than labels, annotations, its name and how many pods there are."""
    (inputs, prefix), place = _said(subject), _place(subject)
    for field in _PATCHES:
        for path, entry in listed(at(inputs, field), f"{prefix}{field}"):
            text = _changes(entry, field, place)
            if text:
                yield Fault(path=path, text=text)


def _changes(entry: JsonValue, field: str, place: JsonValue) -> str | None:
    if field in ("replacements", "vars"):
        return "changes fields of objects after they were judged"
    patch = entry if isinstance(entry, str) else at(entry, "patch")
    if isinstance(entry, dict) and "path" in entry:
        return f"names the file {entry['path']!r}, {_BUILD}"
    if patch is UNKNOWN or not isinstance(patch, str):
        return NOT_KNOWN
    return strange_options(entry) or next(
        (text for found in documents(patch) or ["?"] if (text := _document(found, entry, place))), None
    )


def _document(found: JsonValue, entry: JsonValue, place: JsonValue) -> str | None:
    if isinstance(found, str):
        return f"is {found!r}, {_BUILD}"
    if isinstance(found, list):
        strange = _operations(found, place)
    elif text := another_kind(found, at(entry, "target")) or another_name(found, entry):
        return text
    else:
        strange = _fields(found, place)
    return f"changes {strange} after the object was judged" if strange else None


def _operations(found: list[Any], place: JsonValue) -> str | None:
    """The first path of a JSON patch that is not harmless; what is copied or moved is not seen."""
    for operation in found:
        for key in ("path", "from") if at(operation, "from") is not None else ("path",):
            path = at(operation, key)
            if not isinstance(path, str) or not (match := _HARMLESS_PATHS.fullmatch(path)) or not _is_own(match):
                return str(path)
        if strange := _operation(operation, place):
            return strange
    return None


def _is_own(match: re.Match[str]) -> bool:
    return match["name"] is None or is_own(_unescaped(match["name"]))


def _unescaped(name: str) -> str:
    return name.replace("~1", "/").replace("~0", "~")


def _operation(operation: JsonValue, place: JsonValue) -> str | None:
    """What is not harmless in an operation on a path that is."""
    deed, path, value = at(operation, "op"), str(at(operation, "path")), at(operation, "value")
    name = _unescaped(path.rpartition("/")[2])
    if deed not in _DEEDS:
        return f"{path} by {deed!r}"
    if path == "/metadata/name" and (is_of_a_controller(value) or not isinstance(value, str)):
        return f"the name of an object to {value!r}"
    if deed == "remove" and is_owners(name):
        return path
    strange = of_another(name, value, place) if deed != "test" else None
    return f"{path}, which {strange}," if strange else None


def _fields(found: JsonValue, place: JsonValue) -> str | None:
    """The first field of a merge patch that is not harmless."""
    if not isinstance(found, dict) or found.get("$patch") is not None:
        return "whole objects"
    for field, value in found.items():
        if field in _NAMES or (field, value) == ("spec", {"replicas": at(value, "replicas")}):
            continue
        if field != "metadata":
            return f"{field}.{next(iter(value), '')}" if isinstance(value, dict) else str(field)
        for key, entry in mapping(value).items():
            if strange := _metadata(key, entry, place):
                return strange
    return None


def _metadata(key: str, entry: JsonValue, place: JsonValue) -> str | None:
    strange = [name for name in mapping(entry) if not is_own(name)]
    if key not in ("name", "namespace", "labels", "annotations") or strange:
        return ".".join(["metadata", key, *strange[:1]])
    for name, value in mapping(entry).items():
        if value is None and is_owners(name):
            return f"metadata.{key}.{name}"
        if text := of_another(name, value, place):
            return f"metadata.{key}.{name}, which {text},"
    return None


def is_own(name: str) -> bool:
    """Whether a label or annotation may be given to every object."""
    return any(fnmatchcase(name, pattern) for pattern in _OWN)


def common_marks(subject: Subject) -> Iterator[Fault]:
    """Labels and annotations that a Kustomization gives to every object and that may open something."""
    spec = subject.inputs.get("spec")
    holders: list[tuple[str, JsonValue]] = [
        *((field, subject.inputs.get(field)) for field in ("commonLabels", "commonAnnotations")),
        *((f"{path}.pairs", at(entry, "pairs")) for path, entry in listed(subject.inputs.get("labels"), "labels")),
        *((f"spec.commonMetadata.{field}", at(spec, "commonMetadata", field)) for field in ("labels", "annotations")),
    ]
    for path, entry in listed(subject.inputs.get("labels"), "labels"):
        for field in mapping(entry):
            if field not in _OF_LABELS:
                yield Fault(path=f"{path}.{field}", text="puts labels where none were when the object was judged")
    for path, marks in holders:
        if marks is UNKNOWN and not (spec is UNKNOWN and path.startswith("spec")):
            yield Fault(path=path, text=NOT_KNOWN)
        for name, value in mapping(marks).items():
            text = of_another(name, value, _place(subject))
            if not is_own(name) or text:
                yield Fault(path=f"{path}.{name}", text=text or "is given to every object after it was judged")
