"""Verify a bundle: signature, then manifest, then every file. Nothing is written and no network is used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from infra.faults import Fault, FaultsError
from ops.bundle.cosigning import Signed, Trust, signers
from ops.bundle.entry import Entry, Source, missing, small
from ops.bundle.errors import BundleFaultsError
from ops.bundle.hashing import sums
from ops.bundle.holes import hole_fault
from ops.bundle.image_parts import parts_of
from ops.bundle.images import MAX_JSON_BYTES, Layout, layout_faults
from ops.bundle.manifest import MAX_BYTES, Artifact, BundleFile, Manifest, decode
from ops.bundle.names import MANIFEST, SIGNATURE, SIGNATURES
from ops.bundle.progress import Progress
from ops.bundle.signing import signature_fault

_MAX_SIGNATURE_BYTES = 1024**2


@dataclass(frozen=True, kw_only=True)
class Verified:
    """A bundle whose every file is what the signed manifest says; `signed` is False where no signature was wanted."""

    source: Source
    manifest: Manifest
    encoded: bytes
    signed: bool
    signers: tuple[Signed, ...] = ()


def verify(source: Source, trust: Trust | None, *, quiet: bool = False) -> Verified:
    """Return what is in the bundle, or raise BundleFaultsError with every fault.

    With a wrong signature or manifest nothing is compared with it. `trust` None asks for no signature.
    """
    faults = list(source.faults)
    if source.broken:
        raise BundleFaultsError(str(source.where), faults)
    encoded, signatures = _read_small(source, trust, faults)
    if encoded is None or (trust is not None and SIGNATURE not in signatures):
        raise BundleFaultsError(str(source.where), faults)
    believed: list[Signed] = []
    if trust is not None:
        believed, wrong = signers(signatures, trust, partial(signature_fault, encoded))
        if wrong:
            raise BundleFaultsError(str(source.where), [*faults, *wrong])
    manifest, wrong = decode(encoded)
    if manifest is None:
        raise BundleFaultsError(str(source.where), [*faults, *wrong])
    faults += _files(source, manifest, quiet=quiet)
    faults += [
        fault for artifact in manifest.artifacts if artifact.what.image for fault in image_faults(source, artifact)
    ]
    if faults:
        raise BundleFaultsError(str(source.where), faults)
    signed = trust is not None
    return Verified(source=source, manifest=manifest, encoded=encoded, signed=signed, signers=tuple(believed))


def image_faults(source: Source, artifact: Artifact) -> list[Fault]:
    """Return the faults of an image's layout, by the sums of the manifest."""
    assert artifact.what.image is not None  # noqa: S101 - for the type checker; the caller asks for images only
    layout = layout_of(source, artifact)
    faults = layout_faults(layout, artifact.what.image.digest)
    if faults or artifact.attached is None:
        return faults
    try:
        found = [entry.encoded() for entry in parts_of(layout, artifact.what.image.digest).attached]
    except FaultsError as error:
        return list(error.faults)
    if found == [dict(entry) for entry in artifact.attached]:
        return []
    rule = "bundle.json lists what is signed or said about the image, as it lies in the layout"
    shown = [entry["digest"] for entry in artifact.attached]
    example = ", ".join(entry["digest"] for entry in found) or "an empty list"
    return [Fault(path=f"{artifact.what.folder}: image.attached", value=shown, rule=rule, example=example)]


def layout_of(source: Source, artifact: Artifact) -> Layout:
    """Return the image layout in a bundle."""
    folder = f"{artifact.what.folder}/"
    files = {file.path.removeprefix(folder): (file.size, file.sha256) for file in artifact.files}
    return Layout(where=artifact.what.folder, files=files, read=partial(_read_entry, source, folder))


def _read_entry(source: Source, folder: str, path: str) -> bytes | None:
    entry = source.entries.get(folder + path)
    try:
        return None if entry is None else small(entry, MAX_JSON_BYTES)
    except OSError:
        return None


def _read_small(source: Source, trust: Trust | None, faults: list[Fault]) -> tuple[bytes | None, dict[str, bytes]]:
    """The manifest and, where they count, the signatures by their names."""
    further = [name for name in SIGNATURES if name == SIGNATURE or name in source.entries]
    wanted = [(MANIFEST, MAX_BYTES), *((name, _MAX_SIGNATURE_BYTES) for name in further if trust is not None)]
    found: dict[str, bytes | None] = {}
    for name, limit in wanted:
        entry = source.entries.get(name)
        if entry is None:
            faults.append(missing(name, "a bundle has this file at its root"))
            continue
        try:
            found[name] = small(entry, limit)
        except OSError as error:
            faults.append(_unreadable(entry, error))
            continue
        if found[name] is None:
            faults.append(Fault(path=name, value=entry.size, rule=f"at most {limit} bytes", example=name))
    encoded = found.pop(MANIFEST, None)
    return encoded, {name: content for name, content in found.items() if content is not None}


def _files(source: Source, manifest: Manifest, *, quiet: bool) -> Iterable[Fault]:
    stated = {file.path: file for file in manifest.files}
    for name in source.entries.keys() - stated.keys() - {MANIFEST, *SIGNATURES}:
        rule = "a file that the manifest does not name must not be there"
        yield Fault(path=name, value="extra file", rule=rule, example="only what bundle.json lists")
    right: list[Entry] = []
    for file in stated.values():
        entry = source.entries.get(file.path)
        if entry is None:
            yield missing(file.path, "every file of the manifest must be there")
        elif entry.size != file.size:
            rule = "must have the manifest's size in bytes"
            yield Fault(path=file.path, value=entry.size, rule=rule, example=str(file.size))
        elif not source.archive and (sparse := _hole(entry)) is not None:
            yield sparse
        else:
            right.append(entry)
    progress = Progress("verify", sum(entry.size for entry in right), quiet=quiet)
    for entry, found in sums(right, progress):
        yield from _sum_faults(stated[entry.name], entry, found)


def _hole(entry: Entry) -> Fault | None:
    """What is told before a file is read through; one that cannot be looked at is told when it is read."""
    try:
        return hole_fault(entry.path, entry.path.stat(follow_symlinks=False), entry.name)
    except OSError:
        return None


def _sum_faults(file: BundleFile, entry: Entry, found: str | OSError) -> list[Fault]:
    if isinstance(found, OSError):
        return [_unreadable(entry, found)]
    if found != file.sha256:
        rule = "must have the manifest's sha256 sum"
        return [Fault(path=file.path, value=found, rule=rule, example=file.sha256)]
    return []


def _unreadable(entry: Entry, error: OSError) -> Fault:
    return Fault(path=entry.name, value=error.strerror, rule="must be a readable file", example=entry.name)
