"""Images out of registries into the folder of a bundle that is being made; what an earlier run has copied stays."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra.faults import Fault, FaultsError
from infra.strict_json import JsonError, parse
from ops.bundle import copier
from ops.bundle.bring_in import Asked
from ops.bundle.copying import PART
from ops.bundle.errors import ToolError
from ops.bundle.image_parts import DOCKER
from ops.bundle.images import MAX_JSON_BYTES, blob_path, children
from ops.bundle.listing import needs_faults
from ops.bundle.progress import size
from ops.bundle.wanted import Wanted

_LEFT_OUT = "kitchen.example/signatures"
"""What the copier writes into the index of an image that was copied without its signatures."""


def refuse_without_copier(images: Sequence[Wanted], work: Path, *, signatures: bool) -> None:
    """Raise ToolError where an image must be copied and nothing is there to copy it."""
    missing = [image.folder for image in images if not there(image, work, signatures=signatures)]
    if missing and copier.find() is None:
        raise ToolError(f"{', '.join(missing)}: not below --from; {copier.NEEDED}")


def fetch(
    asked: Asked, images: Sequence[Wanted], work: Path, say: Callable[[str], None], *, signatures: bool, quiet: bool
) -> None:
    """Copy each image that is not whole yet to its folder below `work`, with what is signed about it if that is wanted.

    Raise FaultsError with the faults of all images, ToolError where a registry or disk refuses. It may be ended at any
    moment and run again: blobs that are there are not copied again, half ones go on, those of another digest go away.
    """
    faults: list[Fault] = []
    for image in images:
        if there(image, work, signatures=signatures):
            continue
        try:
            _fetch(asked, image, work, say, signatures=signatures, quiet=quiet)
        except FaultsError as error:
            faults += error.faults
    if faults:
        raise FaultsError("bundle", faults)


def forget(image: Wanted, work: Path, wrong: Sequence[str]) -> None:
    """Take away blobs (names below the image's folder) that a disk has spoilt: the next run copies them again."""
    for name in [*wrong, "index.json"]:
        (work / image.folder / name).unlink(missing_ok=True)


def there(image: Wanted, work: Path, *, signatures: bool) -> bool:
    """Whether the folder is whole, and what is asked for: the copier writes the index last, with the image first."""
    assert image.image is not None  # noqa: S101 - for the type checker; the caller asks for images only
    path = work / image.folder / "index.json"
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            return False
        index = parse(path.read_bytes())
        alone = _LEFT_OUT in index.get("annotations", {})
        return bool(index["manifests"][0]["digest"] == image.image.digest) and alone != signatures
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return False


def _fetch(
    asked: Asked, image: Wanted, work: Path, say: Callable[[str], None], *, signatures: bool, quiet: bool
) -> None:
    assert image.image is not None  # noqa: S101 - for the type checker; the caller asks for images only
    folder = work / image.folder
    part = folder.with_name(folder.name + PART)
    part.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists():  # another digest, which the list no longer names: its blobs may be of use
        shutil.rmtree(part, ignore_errors=True)
        folder.rename(part)
    origin = image.image
    say(f"{image.folder}: from {origin.upstream}@{origin.digest}")
    job: dict[str, Any] = {"do": "fetch", "repository": origin.upstream, "digest": origin.digest, "layout": str(part)}
    job["bare"] = not signatures
    done = False
    for event in copier.follow(job, image.folder, say, quiet=quiet):
        if event["event"] == "plan":
            _refuse_docker(asked, image, docker=event["docker"])
            _refuse_unreadable(event["manifests"], part, image)
            _refuse_full_disk(event["total"] - event["there"], part, image)
        done = event["event"] == "done"
    if not done:
        raise ToolError(f"{image.folder}: the copier has ended too early; run it again to go on")
    part.rename(folder)


def _refuse_docker(asked: Asked, image: Wanted, *, docker: bool) -> None:
    faults = needs_faults(image.folder, {DOCKER} if docker else set(), asked.registry_holds)
    if faults:
        raise FaultsError("bundle", faults)


def _refuse_unreadable(kinds: Mapping[str, str], folder: Path, image: Wanted) -> None:
    """What `verify` would refuse in a manifest is told before the layers are copied, which may take hours."""
    faults = []
    for digest, kind in kinds.items():
        name = blob_path(digest)
        try:
            found = children(parse((folder / name).read_bytes()), kind)
        except JsonError as error:
            rule = f"must be a manifest in JSON that every reader takes alike: {error}"
            found = Fault(path="", value="unreadable", rule=rule, example="an image that its maker has built again")
        if isinstance(found, Fault):
            faults.append(replace(found, path=f"{image.folder}/{name}"))
    if faults:
        raise FaultsError("bundle", faults)


def _refuse_full_disk(count: int, folder: Path, image: Wanted) -> None:
    free = shutil.disk_usage(folder).free
    if free < count:
        rule = f"the disk of {folder.parent} must have room for {size(count)} of {image.label}"
        raise FaultsError(
            "bundle", [Fault(path="--to", value=f"{size(free)} free", rule=rule, example="a larger disk")]
        )
