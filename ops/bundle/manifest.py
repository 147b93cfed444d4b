"""The manifest `bundle.json`: what is in a bundle, from where, and the sum of every file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.faults import Fault
from infra.strict_json import JsonError, parse
from infra.validate import schema_faults
from ops.bundle.names import MANIFEST, name_faults
from ops.bundle.wanted import Wanted, wanted_faults, wanted_from

FORMAT_VERSION = 1
MAX_BYTES = 16 * 1024**2
"""Largest manifest that is read: about 60,000 files."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BundleFile:
    """A file of the bundle: path from its root, size in bytes, sha256 in 64 hexadecimal digits."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """An artifact and its files, sorted by path.

    `attached`: what is signed or said about an image and travels with it; None where the bundle does not say.
    """

    what: Wanted
    files: tuple[BundleFile, ...]
    attached: tuple[Mapping[str, str], ...] | None = None

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Everything in a bundle."""

    artifacts: tuple[Artifact, ...]
    tools: Mapping[str, str] = field(default_factory=dict)

    @property
    def files(self) -> tuple[BundleFile, ...]:
        """The files of all artifacts."""
        return tuple(file for artifact in self.artifacts for file in artifact.files)

    def encoded(self) -> bytes:
        """Return the bytes of `bundle.json`: the same for the same content."""
        artifacts = sorted(self.artifacts, key=lambda artifact: artifact.what.folder)
        data = {
            "formatVersion": FORMAT_VERSION,
            "tools": dict(sorted(self.tools.items())),
            "artifacts": [_encoded(artifact) for artifact in artifacts],
        }
        return (json.dumps(data, indent=1, ensure_ascii=False, sort_keys=False) + "\n").encode()


def _encoded(artifact: Artifact) -> dict[str, Any]:
    files = sorted(artifact.files, key=lambda file: file.path)
    data = artifact.what.encoded()
    if artifact.attached is not None:
        data["image"] = data["image"] | {"attached": [dict(entry) for entry in artifact.attached]}
    return data | {"files": [{"path": file.path, "size": file.size, "sha256": file.sha256} for file in files]}


def decode(content: bytes) -> tuple[Manifest | None, list[Fault]]:
    """Return the manifest, or None with every fault of its form."""
    try:
        data = parse(content, most=MAX_BYTES)
    except JsonError as error:
        rule = f"must be JSON that all readers take alike: it {error}"
        return None, [Fault(path=MANIFEST, value="unreadable", rule=rule, example='{"formatVersion": 1, ...}')]
    faults = [
        Fault(path=f"{MANIFEST}: {fault.path}", value=fault.value, rule=fault.rule, example=fault.example)
        for fault in schema_faults("bundle", data)
    ]
    if faults:
        return None, faults
    manifest = Manifest(
        tools=data["tools"],
        artifacts=tuple(
            Artifact(
                what=wanted_from(entry),
                files=tuple(BundleFile(**file) for file in entry["files"]),
                attached=_attached(entry.get("image", {})),
            )
            for entry in data["artifacts"]
        ),
    )
    faults = _faults(manifest)
    return (None, faults) if faults else (manifest, [])


def _attached(image: Mapping[str, Any]) -> tuple[Mapping[str, str], ...] | None:
    found = image.get("attached")
    return None if found is None else tuple(found)


def _faults(manifest: Manifest) -> list[Fault]:
    paths = [file.path for file in manifest.files]
    faults = [*name_faults(paths, MANIFEST), *wanted_faults([entry.what for entry in manifest.artifacts], MANIFEST)]
    seen: set[str] = set()
    for path in paths:
        if path in seen:
            faults.append(Fault(path=MANIFEST, value=path, rule="a file stands once", example="another path"))
        seen.add(path)
    for artifact in manifest.artifacts:
        folder = f"{artifact.what.folder}/"
        rule = f"files of {artifact.what.label} must lie in its own folder"
        faults += [
            Fault(path=MANIFEST, value=file.path, rule=rule, example=f"{folder}...")
            for file in artifact.files
            if not file.path.startswith(folder)
        ]
    return faults
