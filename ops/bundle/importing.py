"""Import a verified bundle: models into the object store, images into the registry, entries into the catalog.

Nothing leaves the bundle before every file is verified, nothing contradicts the catalog and every check has passed.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from infra.catalog import Catalog
from infra.faults import Fault, FaultsError
from infra.settings import Settings
from infra.stores import store_facts
from ops.bundle import copier
from ops.bundle.candidates import Candidate, Checks, arrivals, refuse_contradictions
from ops.bundle.copying import Journal, alone, copy_all
from ops.bundle.entry import Entry
from ops.bundle.errors import BundleFaultsError, ToolError
from ops.bundle.manifest import Artifact
from ops.bundle.progress import Progress, size
from ops.bundle.pushing import Push, push_image, push_of, refuse_what_the_registry_cannot_hold
from ops.bundle.signatures import asked_by, told_of_new
from ops.bundle.verify import Verified
from ops.bundle.wanted import ADAPTER, BASE_MODEL, IMAGE
from ops.catalog.edit import Edit, refuse_unwritable
from ops.publish import PublishReport, publish

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


_NO_PLACE = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT, errno.ENAMETOOLONG)


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where artifacts go, and who answers for what is new. `registry` None leaves images out.

    `signatures` False leaves out what is signed or said about images. `work`: the folder that an archive is unpacked
    in, None for the archive's own. `writes`: the plan of the catalog's edit is to be written afterwards, by the caller.
    """

    store: Callable[[], S3Client]
    settings: Settings
    registry: str | None
    signatures: bool
    catalog: Catalog
    catalog_folder: Path
    owner: str
    writes: bool
    work: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What was done: reports of the buckets, images by digest; and the planned edit of the catalog."""

    published: tuple[PublishReport, ...]
    images: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    plan: Edit


def import_bundle(
    verified: Verified, target: Target, checks: Checks, say: Callable[[str], None], *, quiet: bool = False
) -> Imported:
    """Import everything; raise FaultsError before anything is sent, StoreError or ToolError when a server refuses.

    What was sent before such an error stays and is found again by the next run; nothing is ever overwritten.
    Images are read where they lie. Models and adapters of an archive are unpacked beside itself or in `target.work`,
    into a folder that ends in `.unpacked.partial`. It is gone after success and after faults, and stays for the next
    run when a server refused or the import was killed.
    """
    artifacts = _taken(verified, target)
    refuse_contradictions(artifacts, target.catalog, target.owner)
    models = any(artifact.what.kind != IMAGE for artifact in artifacts)
    pushes = [
        push_of(verified, artifact, str(target.registry), signatures=target.signatures)
        for artifact in artifacts
        if artifact.what.kind == IMAGE
    ]
    if pushes:
        refuse_what_the_registry_cannot_hold(pushes, say)
    job = _Job(
        verified=verified,
        artifacts=artifacts,
        pushes=pushes,
        quiet=quiet,
        root=verified.source.where,
        target=target,
        client=target.store() if models else None,
        say=say,
    )
    if not verified.source.archive:
        return _import(job, checks)
    archive = verified.source.where
    work = (target.work or archive.parent) / f"{archive.name}.unpacked.partial"
    try:
        with alone(work):
            return _unpacked(replace(job, root=work), work, checks)
    except OSError as error:
        elsewhere = ", with --work DIR if it cannot be unpacked there" if error.errno in _NO_PLACE else ""
        raise ToolError(f"{error.filename or work}: {error.strerror}; run it again to go on{elsewhere}") from error


def _unpacked(job: _Job, work: Path, checks: Checks) -> Imported:
    try:
        _unpack(job.verified, work, quiet=job.quiet)
        imported = _import(job, checks)
    except FaultsError:
        _remove(work)
        raise
    _remove(work)
    return imported


@dataclass(frozen=True, kw_only=True)
class _Job:
    """One import; `root` is the folder that holds models and adapters, `client` None where no model is among them."""

    verified: Verified
    artifacts: Sequence[Artifact]
    pushes: Sequence[Push]
    quiet: bool
    root: Path
    target: Target
    client: S3Client | None
    say: Callable[[str], None]


def _taken(verified: Verified, target: Target) -> list[Artifact]:
    artifacts = [
        entry for entry in verified.manifest.artifacts if target.registry is not None or entry.what.kind != IMAGE
    ]
    images = [entry.what.ref for entry in artifacts if entry.what.kind == IMAGE]
    if images and copier.find() is None:
        rule = f"images are copied into the registry by {copier.NAME}: run `make copier`, or leave them out"
        raise FaultsError("bundle", [Fault(path="images", value=images, rule=rule, example="--skip-images")])
    return artifacts


def _import(job: _Job, checks: Checks) -> Imported:
    target = job.target
    found, faults = arrivals(
        job.artifacts,
        job.root,
        target.catalog,
        folder=target.catalog_folder,
        owner=target.owner,
        signers=asked_by(target.settings),
        checks=checks,
    )
    if faults:
        raise BundleFaultsError(str(job.verified.source.where), faults)
    if target.writes:
        refuse_unwritable(found.plan)
    for line in told_of_new(job.artifacts, target.catalog):
        job.say(line)
    published = _publish(job, found.plan.catalog)
    images = [reference for push in job.pushes for reference in push_image(push, job.say, quiet=job.quiet)]
    return Imported(published=tuple(published), images=tuple(images), candidates=found.candidates, plan=found.plan)


def _publish(job: _Job, catalog: Catalog) -> list[PublishReport]:
    reports = []
    for kind, bucket, folder in ((BASE_MODEL, "models", "base"), (ADAPTER, "lora", "lora")):
        refs = [artifact.what.ref for artifact in job.artifacts if artifact.what.kind == kind]
        if refs and job.client is not None:
            store = job.target.settings.object_store
            name, facts = f"{store.bucket_prefix}{bucket}", store_facts(store)
            reports.append(publish(job.client, name, catalog, refs, job.root / folder, store=facts, progress=job.say))
    return reports


def _unpack(verified: Verified, work: Path, *, quiet: bool) -> None:
    files = [file for artifact in verified.manifest.artifacts if artifact.what.kind != IMAGE for file in artifact.files]
    entries = [verified.source.entries[file.path] for file in files]
    try:
        journal = Journal(_journal(work))
        _refuse_full_disk(entries, journal, work)
        progress = Progress("unpack", sum(file.size for file in files), quiet=quiet)
        sums = {copied.entry.name: copied.sha256 for copied in copy_all(entries, work, journal, progress)}
    except EOFError as error:
        raise ToolError(f"{verified.source.where}: became shorter while it was unpacked ({error})") from error
    rule = "must still be what was verified: the archive was changed meanwhile"
    faults = [
        Fault(path=file.path, value=sums[file.path], rule=rule, example=file.sha256)
        for file in files
        if sums[file.path] != file.sha256
    ]
    if faults:
        raise BundleFaultsError(str(verified.source.where), faults)


def _refuse_full_disk(entries: Sequence[Entry], journal: Journal, work: Path) -> None:
    left, free = sum(entry.size for entry in entries if entry.name not in journal.done), shutil.disk_usage(work).free
    if left > free:
        rule = f"an archive is unpacked in {work.parent}: the disk must have room for {size(left)}"
        fault = Fault(path="--work", value=f"{size(free)} free", rule=rule, example="--work /mnt/larger")
        raise FaultsError("bundle", [fault])


def _journal(work: Path) -> Path:
    return work.with_name(f"{work.name}.journal")


def _remove(work: Path) -> None:
    shutil.rmtree(work, ignore_errors=True)
    _journal(work).unlink(missing_ok=True)
