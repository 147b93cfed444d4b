"""Images of a verified bundle into a registry: asked first what it can hold, then pushed, then read back by digest."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.faults import Fault
from ops.bundle import copier
from ops.bundle.entry import Entry
from ops.bundle.errors import RegistryFaultsError, ToolError
from ops.bundle.image_parts import REFERRERS, Parts, parts_of
from ops.bundle.images import blob_path
from ops.bundle.manifest import Artifact
from ops.bundle.progress import size
from ops.bundle.verify import Verified, layout_of

_WITHOUT = "--skip-signatures, which leaves out what is signed about images; or a registry that holds it"


@dataclass(frozen=True, kw_only=True)
class Push:
    """One image on its way: its folder in the bundle, the repository, what it consists of, where its blobs lie."""

    what: str
    repository: str
    parts: Parts
    blobs: Mapping[str, Entry]

    def job(self, do: str) -> dict[str, Any]:
        """Return what the copier is told."""
        manifests = [
            {
                "digest": part.digest,
                "mediaType": part.media_type,
                "content": base64.b64encode(part.content).decode(),
                "tags": list(part.tags),
            }
            for part in self.parts.manifests
        ]
        blobs = [
            {"digest": digest, "size": entry.size, "path": str(entry.path), "offset": entry.offset}
            for digest, entry in self.blobs.items()
        ]
        job = {"do": do, "repository": self.repository, "digest": self.parts.digest, "manifests": manifests}
        return job | {"blobs": blobs}


def push_of(verified: Verified, artifact: Artifact, registry: str, *, signatures: bool) -> Push:
    """Read what an image consists of, as it was verified; raise BundleFaultsError where it has changed since."""
    image = artifact.what.image
    assert image is not None  # noqa: S101 - for the type checker; the caller asks for images only
    parts = parts_of(layout_of(verified.source, artifact), image.digest)
    if not signatures:
        parts = parts.without_attached()
    folder = artifact.what.folder
    blobs = {digest: verified.source.entries[f"{folder}/{blob_path(digest)}"] for digest in parts.blobs}
    return Push(what=folder, repository=f"{registry}/{image.repository}", parts=parts, blobs=blobs)


def refuse_what_the_registry_cannot_hold(pushes: list[Push], say: Callable[[str], None]) -> None:
    """Ask the registry about every form of every image; raise RegistryFaultsError with all that it cannot hold."""
    faults = [fault for push in pushes for fault in _refused(push, say)]
    if faults:
        raise RegistryFaultsError("registry", faults)


def push_image(push: Push, say: Callable[[str], None], *, quiet: bool) -> list[str]:
    """Push an image and return the references, by digest, of all its manifests that the registry has.

    Every one has been read back: its bytes have the digest that the bundle's signed manifest states. Raise ToolError.
    """
    held: Mapping[str, str] = {}
    for event in copier.follow(push.job("push"), push.what, say, quiet=quiet):
        held = event["held"] if event["event"] == "done" else {}
    wrong = [part.digest for part in push.parts.manifests if held.get(part.digest) != part.digest]
    if wrong:
        raise ToolError(f"{push.repository}: the registry does not answer with {', '.join(wrong)}; run it again")
    count = sum(entry.size for entry in push.blobs.values())
    attached = f", {len(push.parts.attached)} signed or said about it" if push.parts.attached else ""
    say(f"{push.repository}@{push.parts.digest}: in the registry ({size(count)}{attached})")
    mine = [push.parts.digest, *(entry.digest for entry in push.parts.attached)]
    return [f"{push.repository}@{digest}" for digest in dict.fromkeys(mine)]


def _refused(push: Push, say: Callable[[str], None]) -> Iterator[Fault]:
    signed = {entry.digest for entry in push.parts.attached}
    for event in copier.follow(push.job("ask"), push.what, say, quiet=True):
        if event["event"] == "refused":
            rule = f"the registry must hold {event['mediaType']}, or the digest would change; it says: {event['text']}"
            example = _WITHOUT if event["digest"] in signed else "a registry that holds it, or the image in OCI's form"
            yield Fault(path=f"{push.what}: {push.repository}", value=event["digest"], rule=rule, example=example)
        elif event["event"] == "taken":
            rule = f"nothing is replaced: the registry's tag {event['tag']} has this content, and not {event['digest']}"
            yield Fault(path=f"{push.what}: {push.repository}", value=event["found"], rule=rule, example=_WITHOUT)
        elif event["event"] == "done" and REFERRERS in push.parts.needs() and event["referrers"] != "api":
            say(f"{push.what}: the registry has no API of referrers: what refers to the image is listed by a tag")
