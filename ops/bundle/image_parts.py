"""What an image in a layout consists of: manifests in the order in which a registry takes them, blobs, signatures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.faults import Fault
from infra.strict_json import parse
from ops.bundle.errors import BundleFaultsError
from ops.bundle.images import (
    LISTS,
    MANIFESTS,
    REF_NAME,
    Layout,
    annotations_of,
    blob_path,
    children,
    read_bytes,
    read_json,
)

TAG, REFERRER = "tag", "referrer"
DOCKER, ARTIFACTS, REFERRERS = "docker", "artifacts", "referrers"
"""Abilities of a registry: Docker's own media types, manifests of any artifact type, a list of referrers by API."""

_SIGNED = re.compile(r"sha256-([0-9a-f]{64})\.(sig|att|sbom)")
_LIST_OF_REFERRERS = re.compile(r"sha256-([0-9a-f]{64})")
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+;= -]{0,126}")
_DOCKER = (MANIFESTS[1], LISTS[1])
_CONFIGS = ("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")


@dataclass(frozen=True, kw_only=True)
class Attached:
    """What was signed or said about a manifest of an image: by cosign's tag, or as an OCI referrer."""

    digest: str
    how: str
    subject: str
    artifact_type: str
    tag: str | None = None

    def encoded(self) -> dict[str, str]:
        """Return it as it stands in a bundle's manifest."""
        data = {"digest": self.digest, "by": self.how, "of": self.subject}
        optional = {"artifactType": self.artifact_type or None, "tag": self.tag}
        return data | {key: value for key, value in optional.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Part:
    """A manifest or an index: its very bytes, and the tags that it gets."""

    digest: str
    media_type: str
    content: bytes
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Parts:
    """A whole image; of `manifests` each stands behind those that it names. `blobs` are sizes by digest."""

    digest: str
    manifests: tuple[Part, ...]
    blobs: Mapping[str, int]
    attached: tuple[Attached, ...]

    def without_attached(self) -> Parts:
        """Return the image alone."""
        left = _reachable(self, self.digest)
        blobs = {digest: size for digest, size in self.blobs.items() if digest in left}
        manifests = tuple(part for part in self.manifests if part.digest in left)
        return Parts(digest=self.digest, manifests=manifests, blobs=blobs, attached=())

    def needs(self) -> set[str]:
        """Return the abilities that a registry must have to hold all of it."""
        found = {DOCKER for part in self.manifests if part.media_type in _DOCKER}
        found |= {ARTIFACTS for part in self.manifests if _artifact_type(parse(part.content)) not in (*_CONFIGS, "")}
        return found | {REFERRERS for entry in self.attached if entry.how == REFERRER}


def parts_of(layout: Layout, digest: str) -> Parts:
    """Read a layout that had no faults; raise BundleFaultsError where it is no longer what it was then."""
    reader = _Reader(layout)
    listed = reader.listed()
    root = next((entry for entry in listed if entry["digest"] == digest), None)
    if root is None:
        raise reader.changed("index.json")
    reader.visit(root, tag=f"kitchen-{digest.removeprefix('sha256:')[:12]}")
    of_image = set(reader.found)
    for entry in listed:
        if entry["digest"] not in of_image or entry["digest"] == digest:
            reader.visit(entry, tag=reader.tag_of(entry, digest))
    manifests = tuple(reader.found.values())
    attached = tuple(
        sorted(
            (found for entry in manifests if entry.digest not in of_image for found in _attached(entry)),
            key=lambda found: (found.how, found.tag or "", found.digest),
        )
    )
    return Parts(digest=digest, manifests=manifests, blobs=reader.blobs, attached=attached)


class _Reader:
    """Reads manifests of a layout, each once."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.found: dict[str, Part] = {}
        self.blobs: dict[str, int] = {}

    def changed(self, path: str) -> BundleFaultsError:
        rule = "must still be what was verified: the layout was changed meanwhile"
        fault = Fault(path=f"{self._layout.where}/{path}", value="changed", rule=rule, example="a folder that rests")
        return BundleFaultsError(self._layout.where, [fault])

    def listed(self) -> list[dict[str, Any]]:
        """Entries of the index; instead of a tag's list of referrers those that it lists: registries write it anew."""
        index = read_json(self._layout, "index.json")
        if not isinstance(index, dict):
            raise self.changed("index.json")
        found: list[dict[str, Any]] = []
        for entry in index["manifests"]:
            name = _LIST_OF_REFERRERS.fullmatch(str(annotations_of(entry).get(REF_NAME)))
            if name and entry["digest"] != f"sha256:{name[1]}" and entry["mediaType"] == LISTS[0]:
                found += self.content(entry["digest"])["manifests"]
            else:
                found.append(entry)
        return found

    def content(self, digest: str) -> Any:
        content = read_json(self._layout, blob_path(digest))
        if content is None:
            raise self.changed(blob_path(digest))
        return content

    def tag_of(self, entry: Mapping[str, Any], image: str) -> str | None:
        """A signature keeps its tag, a referrer has none, another image gets one of its digest."""
        name = annotations_of(entry).get(REF_NAME)
        if isinstance(name, str) and _SIGNED.fullmatch(name):
            return name
        if entry["digest"] == image or self.content(entry["digest"]).get("subject") is not None:
            return None
        return f"kitchen-{entry['digest'].removeprefix('sha256:')[:12]}"

    def visit(self, descriptor: Mapping[str, Any], *, tag: str | None = None) -> None:
        """Note a manifest behind everything that it names."""
        digest, kind = descriptor["digest"], descriptor["mediaType"]
        if digest not in self.found:
            content = self.content(digest)
            below = children(content, kind)
            if isinstance(below, Fault):
                raise self.changed(blob_path(digest))
            for child, listed in below:
                if listed:
                    self.visit(child)
                else:
                    self.blobs[child["digest"]] = child["size"]
            raw = read_bytes(self._layout, blob_path(digest))
            if raw is None:
                raise self.changed(blob_path(digest))
            self.found[digest] = Part(digest=digest, media_type=kind, content=raw)
        if tag is not None and tag not in self.found[digest].tags:
            part = self.found[digest]
            tags = (*part.tags, tag)
            self.found[digest] = Part(digest=digest, media_type=part.media_type, content=part.content, tags=tags)


def _attached(part: Part) -> Iterator[Attached]:
    content = parse(part.content)
    kind = _artifact_type(content)
    for tag in part.tags:
        signed = _SIGNED.fullmatch(tag)
        if signed:
            yield Attached(digest=part.digest, how=TAG, subject=f"sha256:{signed[1]}", artifact_type=kind, tag=tag)
    subject = content.get("subject")
    if isinstance(subject, dict) and isinstance(subject.get("digest"), str):
        yield Attached(digest=part.digest, how=REFERRER, subject=subject["digest"], artifact_type=kind)


def _artifact_type(content: Mapping[str, Any]) -> str:
    """The type of an artifact: stated, or that of its configuration; "" for an index without one."""
    config = content.get("config")
    found = content.get("artifactType") or (config.get("mediaType") if isinstance(config, dict) else None)
    return found if isinstance(found, str) and _MEDIA_TYPE.fullmatch(found) else ""


def _reachable(parts: Parts, root: str) -> set[str]:
    known = {part.digest: part for part in parts.manifests}
    waiting, seen = [root], set[str]()
    while waiting:
        digest = waiting.pop()
        seen.add(digest)
        part = known.get(digest)
        below = children(parse(part.content), part.media_type) if part else []
        waiting += (
            [] if isinstance(below, Fault) else [entry["digest"] for entry, _ in below if entry["digest"] not in seen]
        )
    return seen
