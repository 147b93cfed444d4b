"""Finds every image reference in a Kubernetes object, wherever a pod template or an image can hide.

One walk over the whole object instead of a list of known paths: custom resources nest pod templates anywhere, and a
new kind must not be a new hole. What is left out are definitions of kinds, and what Secrets and ConfigMaps hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.kinds import IMAGE_FREE_KEYS, fields_are_known
from policies.manifests.nested import HOLDERS
from policies.manifests.pods import MODEL_SERVERS
from policies.reading.own import json_of_python

KSERVE_CONFIG = "inferenceservice-config"
"""ConfigMap whose values are JSON texts that name the images that KServe injects."""

_DEFINITIONS = "apiextensions.k8s.io/"
"""API group whose objects describe fields called `image` without naming one."""

_SCHEMES = ("oci://", "oci+native://", "docker://")
_URI_KEYS = {"storageUri", "uri", "sourceModelUri", "url"}
_IMAGE_ANNOTATIONS = {"sidecar.istio.io/proxyImage"}
_TRIGGERS = "image.openshift.io/triggers"
"""Annotation by which OpenShift puts the newest image of a tag into the object: JSON that names the tag."""

_OPENSHIFT_SOURCES = ("DockerImage", "ImageStreamTag", "ImageStreamImage")
_PARTS = ("registry", "repository")
_KUSTOMIZE = ("name", "newName", "newTag", "digest")
"""Keys of Kustomize's entries of images, which are judged together."""

_IMAGE_KEYS = ("imageName", "osImageURL")
_RELATED_IMAGE = "RELATED_IMAGE_"

_CONTAINERS = {"containers", "initContainers", "ephemeralContainers", "container", "steps", "sidecars", "stepTemplate"}

_HIDING = {
    *("spec", "template", "podTemplate", "podTemplateSpec", "podSpec", "jobTemplate", "items", "objects", "image"),
    *("containers", "initContainers", "ephemeralContainers", "container", "volumes", "reference", "imageName"),
    *("predictor", "transformer", "explainer", "model", "worker", "workerSpec", "prefill", "canary", "storageUris"),
    *("steps", "sidecars", "stepTemplate", "taskSpec", "pipelineSpec", "tasks", "finally", "templates"),
    *("worker", "router", "scheduler", "metadata", "annotations", *MODEL_SERVERS),
    *_URI_KEYS,
}
"""Keys whose value, while unknown, may be or hold an image."""

_HIDING_ENDS = ("Image", "Spec", "Specs", "Template", "Templates", "Containers")
"""Ends of such keys."""


@dataclass(frozen=True, kw_only=True)
class FoundImage:
    """An image at a path of the object; `value` is text or UNKNOWN or, where it cannot be read, None."""

    path: str
    value: JsonValue


def images(kind: str, manifest: dict[str, JsonValue], group: str = "") -> Iterator[FoundImage]:
    """Yield every image of an object, and every place that is unknown and may hold one.

    In kinds whose fields are known, such a place has a telling name; in all others it may be any.
    """
    if _defines_a_kind(manifest):
        return
    if kind == "ConfigMap" and group == "":
        if _name(manifest) in (KSERVE_CONFIG, UNKNOWN):
            yield from _kserve_config(manifest.get("data"), "data")
        return
    if kind == "Secret" and group == "":
        return
    found = list(_walk(manifest, "", ""))
    yield from found
    if not fields_are_known(group, kind):
        told = {image.path for image in found}
        for path in _unknown(manifest, ""):
            if path not in told:
                yield FoundImage(path=path, value=UNKNOWN)


def _unknown(value: JsonValue, path: str) -> Iterator[str]:
    if value is UNKNOWN:
        yield path
    elif isinstance(value, dict):
        for key, child in value.items():
            if key not in IMAGE_FREE_KEYS:
                yield from _unknown(child, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _unknown(entry, f"{path}[{index}]")


def _defines_a_kind(value: dict[str, JsonValue]) -> bool:
    version = value.get("apiVersion")
    return (
        value.get("kind") == "CustomResourceDefinition"
        and isinstance(version, str)
        and version.startswith(_DEFINITIONS)
    )


def _name(value: dict[str, JsonValue]) -> JsonValue:
    metadata = value.get("metadata")
    return metadata.get("name") if isinstance(metadata, dict) else metadata


def _walk(value: JsonValue, path: str, key: str) -> Iterator[FoundImage]:
    if value is UNKNOWN:
        if key in _HIDING or key.endswith(_HIDING_ENDS):
            yield FoundImage(path=path, value=UNKNOWN)
    elif isinstance(value, dict):
        # Elsewhere than as an entry of a list of objects it would be a decoy.
        if not (key in HOLDERS and _defines_a_kind(value)):
            yield from _mapping(value, path, key)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            where = f"{path}[{index}]"
            if isinstance(entry, str) and key == "images" and _looks_like_image(entry):
                yield FoundImage(path=where, value=entry)
            yield from _walk(entry, where, key)


def _mapping(value: dict[str, JsonValue], path: str, key: str) -> Iterator[FoundImage]:
    composed = None if key in _CONTAINERS else _composed(value, key)
    if composed is not None:
        yield FoundImage(path=path, value=composed)
    elif key != "to" and value.get("kind") in _OPENSHIFT_SOURCES and "name" in value:
        yield FoundImage(path=f"{path}.name", value=value["name"])
    if path and _name(value) == KSERVE_CONFIG:
        yield from _kserve_config(value.get("data"), f"{path}.data")
    yield from _named_values(value, path)
    for child_key, child in value.items():
        where = f"{path}.{child_key}" if path else child_key
        if composed is not None and child_key in _KUSTOMIZE and _is_kustomize(value, key):
            continue
        # A part of a name is no name; what could stand alone is judged alone as well.
        if composed is not None and child_key == "image" and not _looks_like_image(str(child)):
            continue
        if child_key == _TRIGGERS:
            yield from _json(child, where, child_key)
        elif isinstance(child, str):
            yield from _text(child, where, child_key, key)
        else:
            yield from _walk(child, where, child_key)


def _text(text: str, path: str, key: str, parent: str) -> Iterator[FoundImage]:
    if _names_an_image(text, key, parent):
        yield FoundImage(path=path, value=text)
    elif key in _URI_KEYS:
        for scheme in _SCHEMES:
            if text.lower().startswith(scheme):
                yield FoundImage(path=path, value=text[len(scheme) :])


def _names_an_image(text: str, key: str, parent: str) -> bool:
    if key == "image":
        return parent in _CONTAINERS or _may_be_image(text)
    if key in _IMAGE_KEYS:
        return _may_be_image(text)
    if key.endswith("Image") or (parent == "images" and key not in _PARTS):
        return _looks_like_image(text)
    if key == "package":
        host = text.partition("/")[0]
        return _looks_like_image(text) and host != text and ("." in host or ":" in host)
    return (
        (key == "reference" and parent == "image")
        or (key == "url" and parent == "image" and _may_be_image(text))
        or (key == "bundle" and parent.endswith("Ref"))
        or key in _IMAGE_ANNOTATIONS
    )


def _may_be_image(text: str) -> bool:
    """Outside a container a field called image may be a link or a pattern, which no runtime can pull."""
    return "://" not in text and "*" not in text and not text.startswith("data:")


def _looks_like_image(text: str) -> bool:
    return _may_be_image(text) and any(mark in text for mark in "/:@")


def _is_kustomize(value: dict[str, JsonValue], key: str) -> bool:
    """Whether it is an entry of Kustomize: `name` is what it looks for, the others say what it puts there."""
    return "newName" in value or "newTag" in value or (key == "images" and set(value) == {"name", "digest"})


def _composed(value: dict[str, JsonValue], key: str = "") -> JsonValue:
    """Images in parts: repository + image + version, or repository + tag + digest, or Kustomize's new name and tag."""
    if _is_kustomize(value, key):
        name, tag, digest = (value.get(part) for part in ("newName", "newTag", "digest"))
        return _composed(
            {"repository": value.get("name") if name is None else name, "tag": tag or "", "digest": digest}
        )
    repository = value.get("repository")
    if not isinstance(repository, str):
        return None
    if UNKNOWN in [value.get(part) for part in ("image", "tag", "digest")]:
        return UNKNOWN
    image, digest = value.get("image"), value.get("digest")
    version = value.get("version") if isinstance(image, str) else value.get("tag")
    if not isinstance(image, str) and not isinstance(version, str) and not isinstance(digest, str):
        return None
    name = f"{repository}/{image}" if isinstance(image, str) else repository
    if isinstance(version, str) and version.startswith("sha256:"):
        return f"{name}@{version}"
    tagged = f"{name}:{version}" if isinstance(version, str) and version else name
    return f"{tagged}@{digest}" if isinstance(digest, str) and digest else tagged


def _named_values(value: dict[str, JsonValue], path: str) -> Iterator[FoundImage]:
    """Pairs of name and value: images that an operator is told by its environment, Tekton's bundles."""
    name, content = value.get("name"), value.get("value")
    if not isinstance(name, str) or not (isinstance(content, str) or content is UNKNOWN):
        return
    if name.startswith(_RELATED_IMAGE) or (name == "bundle" and ".params[" in path):
        yield FoundImage(path=f"{path}.value", value=content)


def _kserve_config(data: JsonValue, where: str) -> Iterator[FoundImage]:
    if data is UNKNOWN:
        yield FoundImage(path=where, value=UNKNOWN)
    if not isinstance(data, dict):
        return
    for key, text in data.items():
        if key == "_example":
            continue
        path = f"{where}.{key}"
        yield from _json(text, path, key)


def _json(text: JsonValue, path: str, key: str) -> Iterator[FoundImage]:
    if text is UNKNOWN:
        yield FoundImage(path=path, value=UNKNOWN)
        return
    try:
        content = json_of_python(str(text))
    except ValueError:
        yield FoundImage(path=path, value=None)
        return
    yield from _walk(content, path, key)
