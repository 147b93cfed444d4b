"""Container images as OCI image layouts: is every blob there, and is it the image that was asked for?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.faults import MISSING, Fault
from infra.strict_json import JsonError, parse
from ops.bundle.entry import missing

MAX_JSON_BYTES = 4 * 1024**2
"""Largest index or manifest that is read, as registries have it."""

_BLOB = re.compile(r"blobs/sha256/([0-9a-f]{64})")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,255}")
_REF_NAME = "org.opencontainers.image.ref.name"
_PARENTS = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
_MANIFESTS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
_MOST_DESCRIPTORS = 100_000


@dataclass(frozen=True, kw_only=True)
class Layout:
    """An image layout: paths from its root with size and sum, and a way to read a small file of it.

    `read` returns None for a file that is not there or larger than MAX_JSON_BYTES.
    """

    where: str
    files: Mapping[str, tuple[int, str]]
    read: Callable[[str], bytes | None]


@dataclass(frozen=True, kw_only=True)
class Held:
    """An entry of the layout's index: digest, and the name that it has there, if any."""

    digest: str
    name: str | None


def blob_path(digest: str) -> str:
    """Return where a blob lies in a layout."""
    return f"blobs/{digest.replace(':', '/')}"


def layout_faults(layout: Layout, digest: str) -> list[Fault]:
    """Return what keeps a layout from being the whole image `digest`, its signatures included."""
    faults = list(_file_faults(layout))
    index = _json(layout, "index.json")
    if not isinstance(index, dict) or not isinstance(index.get("manifests"), list):
        rule = "must be an OCI image index with `manifests`"
        return [*faults, Fault(path=f"{layout.where}/index.json", value="unreadable", rule=rule, example=_EXAMPLE)]
    held = [entry.get("digest") for entry in index["manifests"] if isinstance(entry, dict)]
    if digest not in held:
        rule = "the index must hold the image that was asked for, by digest"
        faults.append(Fault(path=f"{layout.where}/index.json", value=held, rule=rule, example=digest))
    faults += _name_faults(layout, index["manifests"])
    return [*faults, *_reachable_faults(layout, index["manifests"])]


def held(layout: Layout) -> list[Held]:
    """Return the entries of the index of a layout without faults: the image, and what was signed about it."""
    index = _json(layout, "index.json") or {}
    return [
        Held(digest=entry["digest"], name=_annotations(entry).get(_REF_NAME)) for entry in index.get("manifests", [])
    ]


_EXAMPLE = "skopeo copy --all --preserve-digests docker://... oci:DIR:NAME"


def _file_faults(layout: Layout) -> Iterator[Fault]:
    if "oci-layout" not in layout.files:
        yield missing(f"{layout.where}/oci-layout", "an OCI image layout has this file")
    for path, (_, sha256) in layout.files.items():
        blob = _BLOB.fullmatch(path)
        if blob and blob[1] != sha256:
            rule = "a blob's name is its sha256 sum"
            yield Fault(path=f"{layout.where}/{path}", value=sha256, rule=rule, example=blob[1])
        elif not blob and path not in ("oci-layout", "index.json") and ("/" in path or not path.endswith(".sig")):
            rule = "an image layout holds oci-layout, index.json, blobs/sha256/ and signatures (*.sig)"
            yield Fault(path=f"{layout.where}/{path}", value="unknown file", rule=rule, example="index.json")


def _name_faults(layout: Layout, manifests: Sequence[Any]) -> Iterator[Fault]:
    for entry in manifests:
        name = _annotations(entry).get(_REF_NAME)
        if name is not None and not (isinstance(name, str) and _REF.fullmatch(name)):
            rule = f"a name in an index ({_REF_NAME}) must be a plain name or tag"
            yield Fault(path=f"{layout.where}/index.json", value=name, rule=rule, example="v1")


def _annotations(entry: Any) -> Mapping[str, Any]:
    found = entry.get("annotations") if isinstance(entry, dict) else None
    return found if isinstance(found, dict) else {}


def _reachable_faults(layout: Layout, manifests: list[Any]) -> Iterator[Fault]:
    """Follow every descriptor once: indexes to manifests, manifests to configuration and layers."""
    waiting, seen = [(entry, True) for entry in manifests], set[str]()
    while waiting:
        if len(seen) == _MOST_DESCRIPTORS:
            rule = f"an image has at most {_MOST_DESCRIPTORS} blobs"
            yield Fault(path=layout.where, value=f"{len(seen)} and more", rule=rule, example="one image in a layout")
            return
        descriptor, listed = waiting.pop()
        digest = descriptor.get("digest") if isinstance(descriptor, dict) else None
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            rule = "a descriptor names its content by sha256 digest"
            yield Fault(path=layout.where, value=digest, rule=rule, example="sha256:<64 hexadecimal digits>")
            continue
        if digest in seen:
            continue
        seen.add(digest)
        path = f"{layout.where}/{blob_path(digest)}"
        found = layout.files.get(blob_path(digest))
        if found is None:
            rule = "every blob of every platform must be in the layout"
            yield Fault(path=path, value=MISSING, rule=rule, example=_EXAMPLE)
        elif descriptor.get("size") != found[0]:
            rule = "must have the size that its descriptor says"
            yield Fault(path=path, value=found[0], rule=rule, example=str(descriptor.get("size")))
        elif listed and descriptor.get("mediaType") not in (*_PARENTS, *_MANIFESTS):
            rule = "what an index lists has the media type of a manifest or an index: nobody looks into anything else"
            yield Fault(path=path, value=descriptor.get("mediaType"), rule=rule, example=_MANIFESTS[0])
        elif listed:
            children = _children(_json(layout, blob_path(digest)))
            if children is None:
                rule = "must be a manifest in JSON: an object, with lists of manifests or layers, and no key twice"
                yield Fault(path=path, value="unreadable", rule=rule, example=_EXAMPLE)
            else:
                waiting += children
    blobs = {f"sha256:{blob[1]}" for path in layout.files if (blob := _BLOB.fullmatch(path))}
    for digest in sorted(blobs - seen):
        rule = "no manifest names this blob: it would stay behind in the bundle, unseen"
        yield Fault(path=f"{layout.where}/{blob_path(digest)}", value="extra blob", rule=rule, example=_EXAMPLE)


def _children(content: Any) -> list[tuple[Any, bool]] | None:
    """The descriptors in a manifest or an index, each with whether it is one itself; None where this is neither."""
    if not isinstance(content, dict):
        return None
    found = {key: content[key] for key in ("manifests", "layers") if content.get(key) is not None}
    if not found or not all(isinstance(entries, list) for entries in found.values()):
        return None
    single = [(content[key], key == "subject") for key in ("config", "subject") if content.get(key) is not None]
    return [*single, *((part, key == "manifests") for key, entries in found.items() for part in entries)]


def _json(layout: Layout, path: str) -> Any:
    content = layout.read(path)
    try:
        return None if content is None else parse(content)
    except JsonError:
        return None
