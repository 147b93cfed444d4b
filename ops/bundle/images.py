"""Container images as OCI image layouts: is every blob there, and is it the image that was asked for?"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.faults import MISSING, Fault
from ops.bundle.source import missing

MAX_JSON_BYTES = 4 * 1024**2
"""Largest index or manifest that is read, as registries have it."""

_BLOB = re.compile(r"blobs/sha256/([0-9a-f]{64})")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
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
    return [*faults, *_reachable_faults(layout, index["manifests"])]


def held(layout: Layout) -> list[Held]:
    """Return the entries of the index of a layout without faults: the image, and what was signed about it."""
    index = _json(layout, "index.json") or {}
    return [
        Held(digest=entry["digest"], name=(entry.get("annotations") or {}).get(_REF_NAME))
        for entry in index.get("manifests", [])
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


def _reachable_faults(layout: Layout, manifests: list[Any]) -> Iterator[Fault]:
    """Follow every descriptor once: indexes to manifests, manifests to configuration and layers."""
    waiting, seen = list(manifests), set[str]()
    while waiting and len(seen) < _MOST_DESCRIPTORS:
        descriptor = waiting.pop()
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
        elif descriptor.get("mediaType") in (*_PARENTS, *_MANIFESTS):
            content = _json(layout, blob_path(digest))
            if isinstance(content, dict):
                waiting += _children(content)
            else:
                yield Fault(path=path, value="unreadable", rule="must be a manifest in JSON", example=_EXAMPLE)


def _children(content: Mapping[str, Any]) -> list[Any]:
    single = [content[key] for key in ("config", "subject") if content.get(key) is not None]
    many = [part for key in ("manifests", "layers") for part in content.get(key) or []]
    return [*single, *many]


def _json(layout: Layout, path: str) -> Any:
    content = layout.read(path)
    try:
        return None if content is None else json.loads(content)
    except (ValueError, RecursionError):
        return None
