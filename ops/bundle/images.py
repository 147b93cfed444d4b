"""Container images as OCI image layouts: is every blob there, and is it the image that was asked for?"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from infra.faults import MISSING, Fault
from infra.strict_json import JsonError, parse
from ops.bundle.entry import missing

MAX_JSON_BYTES = 4 * 1024**2
"""Largest index or manifest that is read, as registries have it."""

_BLOB = re.compile(r"blobs/sha256/([0-9a-f]{64})")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,255}")
REF_NAME = "org.opencontainers.image.ref.name"
LISTS = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
MANIFESTS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
_MOST_DESCRIPTORS = 100_000
_DEEPEST = 16


@dataclass(frozen=True, kw_only=True)
class Layout:
    """An image layout: paths from its root with size and sum, and a way to read a small file of it.

    `read` returns None for a file that is not there or larger than MAX_JSON_BYTES.
    """

    where: str
    files: Mapping[str, tuple[int, str]]
    read: Callable[[str], bytes | None]


def blob_path(digest: str) -> str:
    """Return where a blob lies in a layout."""
    return f"blobs/{digest.replace(':', '/')}"


def layout_faults(layout: Layout, digest: str) -> list[Fault]:
    """Return what keeps a layout from being the whole image `digest`, its signatures included."""
    faults = list(_file_faults(layout))
    index = read_json(layout, "index.json")
    if not isinstance(index, dict) or not isinstance(index.get("manifests"), list):
        rule = "must be an OCI image index with `manifests`"
        return [*faults, Fault(path=f"{layout.where}/index.json", value="unreadable", rule=rule, example=_EXAMPLE)]
    held = [entry.get("digest") for entry in index["manifests"] if isinstance(entry, dict)]
    if digest not in held:
        rule = "the index must hold the image that was asked for, by digest"
        faults.append(Fault(path=f"{layout.where}/index.json", value=held, rule=rule, example=digest))
    faults += _name_faults(layout, index["manifests"])
    return [*faults, *_reachable_faults(layout, index["manifests"])]


_EXAMPLE = "oras cp -r --to-oci-layout docker.io/vllm/vllm-openai@sha256:... images/vllm:v1"


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
        name = annotations_of(entry).get(REF_NAME)
        if name is not None and not (isinstance(name, str) and _REF.fullmatch(name)):
            rule = f"a name in an index ({REF_NAME}) must be a plain name or tag"
            yield Fault(path=f"{layout.where}/index.json", value=name, rule=rule, example="v1")


def annotations_of(entry: Any) -> Mapping[str, Any]:
    """Return the annotations of a descriptor; none where they are no object."""
    found = entry.get("annotations") if isinstance(entry, dict) else None
    return found if isinstance(found, dict) else {}


def _reachable_faults(layout: Layout, manifests: list[Any]) -> Iterator[Fault]:
    """Follow every descriptor once: indexes to manifests, manifests to configuration and layers."""
    waiting, seen = [(entry, True, 0) for entry in manifests], dict[str, Any]()
    while waiting:
        if len(seen) == _MOST_DESCRIPTORS:
            rule = f"an image has at most {_MOST_DESCRIPTORS} blobs"
            yield Fault(path=layout.where, value=f"{len(seen)} and more", rule=rule, example="one image in a layout")
            return
        descriptor, listed, depth = waiting.pop()
        digest = descriptor.get("digest") if isinstance(descriptor, dict) else None
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            rule = "a descriptor names its content by sha256 digest"
            yield Fault(path=layout.where, value=digest, rule=rule, example="sha256:<64 hexadecimal digits>")
            continue
        kind = descriptor.get("mediaType") if listed else None
        if digest in seen:
            if listed and kind != seen[digest]:
                rule = "content has one media type, wherever it is named: of two, clients take one or the other"
                path, example = f"{layout.where}/{blob_path(digest)}", str(seen[digest] or "a layer")
                yield Fault(path=path, value=kind, rule=rule, example=example)
            continue
        seen[digest] = kind
        fault = _descriptor_fault(layout, descriptor, digest, listed=listed)
        if depth > _DEEPEST:
            rule = f"indexes in indexes are at most {_DEEPEST} deep"
            fault = Fault(path="", value=depth, rule=rule, example="one index that lists every platform")
        if fault is None and listed:
            found = children(read_json(layout, blob_path(digest)), str(kind))
            fault = found if isinstance(found, Fault) else None
            waiting += [] if isinstance(found, Fault) else [(*entry, depth + 1) for entry in found]
        if fault is not None:
            yield replace(fault, path=f"{layout.where}/{blob_path(digest)}")
    blobs = {f"sha256:{blob[1]}" for path in layout.files if (blob := _BLOB.fullmatch(path))}
    for digest in sorted(blobs - seen.keys()):
        rule = "no manifest names this blob: it would stay behind in the bundle, unseen"
        yield Fault(path=f"{layout.where}/{blob_path(digest)}", value="extra blob", rule=rule, example=_EXAMPLE)


def _descriptor_fault(layout: Layout, descriptor: Mapping[str, Any], digest: str, *, listed: bool) -> Fault | None:
    found = layout.files.get(blob_path(digest))
    if found is None:
        return Fault(
            path="", value=MISSING, rule="every blob of every platform must be in the layout", example=_EXAMPLE
        )
    if descriptor.get("size") != found[0]:
        rule = "must have the size that its descriptor says"
        return Fault(path="", value=found[0], rule=rule, example=str(descriptor.get("size")))
    if listed and descriptor.get("mediaType") not in (*LISTS, *MANIFESTS):
        rule = "what an index lists has the media type of a manifest or an index: nobody looks into anything else"
        return Fault(path="", value=descriptor.get("mediaType"), rule=rule, example=MANIFESTS[0])
    return None


def children(content: Any, kind: str) -> list[tuple[Any, bool]] | Fault:
    """Return the descriptors in a manifest or an index, each with whether it is one itself, or what is wrong with it.

    A subject is none of them: what was signed need not lie beside its signature.
    """
    key, other = ("manifests", "layers") if kind in LISTS else ("layers", "manifests")
    if isinstance(content, dict) and key in content and content[key] is None:
        content = content | {key: []}  # as some builders write an empty list
    if not isinstance(content, dict) or not isinstance(content.get(key), list) or content.get(other) is not None:
        rule = "must be a manifest in JSON: an object, with lists of manifests or layers, and no key twice"
        return Fault(path="", value="unreadable", rule=rule, example=_EXAMPLE)
    if content.get("mediaType", kind) != kind:
        rule = "must have the media type that its descriptor says: of two, clients take one or the other"
        return Fault(path="", value=content["mediaType"], rule=rule, example=kind)
    config = [(content["config"], False)] if key == "layers" and content.get("config") is not None else []
    return [*config, *((part, key == "manifests") for part in content[key])]


def read_bytes(layout: Layout, path: str) -> bytes | None:
    """Return a small file of the layout, or None where it is not there or not what its sum says (any more)."""
    content = layout.read(path)
    known = layout.files.get(path)
    if content is None or known is None or hashlib.sha256(content).hexdigest() != known[1]:
        return None
    return content


def read_json(layout: Layout, path: str) -> Any:
    """Return what a small file of the layout holds, or None where it cannot be read."""
    content = read_bytes(layout, path)
    try:
        return None if content is None else parse(content)
    except JsonError:
        return None
