"""What is signed or said about the images of a bundle, and what the closed registry must be able to hold for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Set
from dataclasses import replace

from infra.faults import Fault, FaultsError
from ops.bundle.entry import Source
from ops.bundle.image_parts import ARTIFACTS, DOCKER, REFERRERS, Parts, parts_of
from ops.bundle.manifest import Artifact, Manifest
from ops.bundle.verify import layout_of

_WORDS = {
    DOCKER: "Docker's media types",
    ARTIFACTS: "manifests of any artifact type",
    REFERRERS: "the API of referrers",
}


def listed(manifest: Manifest, source: Source, holds: Set[str] | None, say: Callable[[str], None]) -> Manifest:
    """Return the manifest with what is signed or said about each image; tell what the closed registry must hold.

    `holds`: what it is stated to hold, or None. Raise FaultsError for an image that it would not hold as it is.
    """
    artifacts, faults = [], list[Fault]()
    for artifact in manifest.artifacts:
        if artifact.what.image is None:
            artifacts.append(artifact)
            continue
        parts = parts_of(layout_of(source, artifact), artifact.what.image.digest)
        faults += needs_faults(artifact.what.folder, parts.without_attached().needs(), holds)
        for line in _lines(artifact, parts, holds):
            say(line)
        artifacts.append(replace(artifact, attached=tuple(entry.encoded() for entry in parts.attached)))
    if faults:
        raise FaultsError("bundle", faults)
    return replace(manifest, artifacts=tuple(artifacts))


def needs_faults(where: str, needs: Set[str], holds: Set[str] | None) -> list[Fault]:
    """Return a fault for each ability that the image itself needs and the registry is stated not to have."""
    if holds is None:
        return []
    return [
        Fault(
            path=where,
            value=_WORDS[need],
            rule=f"registryHolds does not have `{need}`: in another form the image would have another digest",
            example="the digest of an image in OCI's form, or a registry that holds it",
        )
        for need in sorted(needs - set(holds) - {REFERRERS})
    ]


def _lines(artifact: Artifact, parts: Parts, holds: Set[str] | None) -> list[str]:
    where, lines = artifact.what.folder, []
    if parts.attached:
        counts = Counter(entry.how for entry in parts.attached)
        said = ", ".join(f"{count} by {how}" for how, count in sorted(counts.items()))
        lines.append(f"{where}: what is signed or said about it comes along: {said}")
    else:
        lines.append(f"{where}: nothing that is signed or said about it was found: no signature comes along")
    needs = parts.needs()
    if holds is None:
        own = parts.without_attached().needs()
        for need in sorted(needs - {REFERRERS}):
            why = "" if need in own else ", for what is signed about it"
            lines.append(f"{where}: the closed registry must hold {_WORDS[need]}{why} (import asks it)")
    elif ARTIFACTS in needs - set(holds):
        lines.append(f"WARNING: {where}: registryHolds has no `artifacts`: import it with --skip-signatures")
    elif REFERRERS in needs - set(holds):
        lines.append(f"{where}: registryHolds has no `referrers`: what refers to the image is listed by a tag")
    return lines
