"""OCI layouts of images of every form that registries hold, and what is signed about them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Descriptor = dict[str, Any]

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
EMPTY = "application/vnd.oci.empty.v1+json"
SIGSTORE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"


class Layout:
    """A layout that is being written; `add` lists a manifest in its index."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "blobs" / "sha256").mkdir(parents=True)
        (root / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        self._listed: list[Descriptor] = []

    def blob(self, content: bytes, kind: str, **more: Any) -> Descriptor:
        digest = hashlib.sha256(content).hexdigest()
        (self.root / "blobs" / "sha256" / digest).write_bytes(content)
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content), **more}

    def json(self, content: Mapping[str, Any], kind: str, **more: Any) -> Descriptor:
        return self.blob(json.dumps(content).encode(), kind, **more)

    def add(self, descriptor: Descriptor, name: str | None = None) -> str:
        named = {} if name is None else {"annotations": {"org.opencontainers.image.ref.name": name}}
        self._listed.append(descriptor | named)
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": self._listed}
        (self.root / "index.json").write_text(json.dumps(index))
        return str(descriptor["digest"])


def image(
    layout: Layout,
    platform: str,
    *,
    docker: bool = False,
    layer: str = f"{OCI_LAYER}+gzip",
    contents: tuple[bytes, ...] = (b"first", b"second"),
) -> Descriptor:
    """A manifest with a configuration and two small layers, in OCI's or Docker's types."""
    config = layout.json(
        {"architecture": platform, "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": []}},
        DOCKER_CONFIG if docker else OCI_CONFIG,
    )
    kind = DOCKER_LAYER if docker else layer
    layers = [layout.blob(f"{platform}: ".encode() + content, kind) for content in contents]
    manifest = DOCKER_MANIFEST if docker else OCI_MANIFEST
    content = {"schemaVersion": 2, "mediaType": manifest, "config": config, "layers": layers}
    return layout.json(content, manifest)


def index(layout: Layout, *parts: Descriptor, docker: bool = False) -> Descriptor:
    kind = DOCKER_LIST if docker else OCI_INDEX
    platforms = ("amd64", "arm64", "s390x")
    manifests = [
        part if "platform" in part else part | {"platform": {"architecture": platform, "os": "linux"}}
        for part, platform in zip(parts, platforms, strict=False)
    ]
    return layout.json({"schemaVersion": 2, "mediaType": kind, "manifests": manifests}, kind)


def both(layout: Layout, **more: Any) -> list[Descriptor]:
    return [image(layout, platform, **more) for platform in ("amd64", "arm64")]


def attestation(layout: Layout, subject: Descriptor) -> Descriptor:
    """What BuildKit puts into an index: a manifest of no platform, which names the other by annotations."""
    statement = layout.blob(b'{"_type": "https://in-toto.io/Statement/v0.1"}', "application/vnd.in-toto+json")
    config = layout.json({"architecture": "unknown", "os": "unknown"}, OCI_CONFIG)
    content = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": [statement]}
    about = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": subject["digest"],
    }
    unknown = {"architecture": "unknown", "os": "unknown"}
    return layout.json(content, OCI_MANIFEST, platform=unknown, annotations=about)


def artifact(layout: Layout, kind: str, content: bytes, subject: Descriptor | None = None) -> Descriptor:
    """An OCI artifact without a configuration of its own; with a subject it is a referrer."""
    data: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": kind,
        "config": layout.blob(b"{}", EMPTY),
        "layers": [layout.blob(content, kind)],
    }
    if subject is not None:
        data["subject"] = {key: subject[key] for key in ("mediaType", "digest", "size")}
    return layout.json(data, OCI_MANIFEST)


def tag_signature(layout: Layout, digest: str, suffix: str = "sig") -> tuple[Descriptor, str]:
    """What cosign 2 keeps beside an image, and the tag that it has."""
    config = layout.json({"architecture": "", "os": "", "rootfs": {"type": "layers", "diff_ids": []}}, OCI_CONFIG)
    payload = layout.json({"critical": {"image": {"docker-manifest-digest": digest}}, "of": suffix}, SIMPLE_SIGNING)
    content = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": [payload]}
    return layout.json(content, OCI_MANIFEST), f"{digest.replace(':', '-')}.{suffix}"


def _attested(layout: Layout) -> Descriptor:
    built = image(layout, "amd64")
    return index(layout, built, attestation(layout, built))


FORMS: dict[str, Callable[[Layout], Descriptor]] = {
    "one platform": lambda layout: image(layout, "amd64"),
    "an index": lambda layout: index(layout, *both(layout)),
    "layers by zstd": lambda layout: index(layout, *both(layout, layer=f"{OCI_LAYER}+zstd")),
    "docker's manifest": lambda layout: image(layout, "amd64", docker=True),
    "docker's list": lambda layout: index(layout, *both(layout, docker=True), docker=True),
    "docker's manifest in an index": lambda layout: index(
        layout, image(layout, "amd64", docker=True), image(layout, "arm64")
    ),
    "an index in an index": lambda layout: index(layout, index(layout, *both(layout)), image(layout, "s390x")),
    "attestations of a build": _attested,
    "an artifact": lambda layout: artifact(layout, "application/vnd.example.tool.v1", b"tool"),
    "the same layer twice": lambda layout: image(layout, "amd64", contents=(b"same", b"same")),
}
