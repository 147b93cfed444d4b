"""Make a bundle: gather, copy and sum, write the manifest, sign it, and only then give the folder its name."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.faults import Fault, FaultsError
from infra.stores import StoreFacts
from ops.bundle import copier
from ops.bundle.archiving import write_bundle_archive
from ops.bundle.bring_in import Asked
from ops.bundle.copying import PART, Copied, Journal, alone, copy_all
from ops.bundle.entry import Entry, Source
from ops.bundle.errors import ToolError
from ops.bundle.fetching import fetch, forget, refuse_without_copier
from ops.bundle.gather import by_copier, gather, left_out, sum_faults
from ops.bundle.large import large_notes
from ops.bundle.listing import listed
from ops.bundle.made import made_before
from ops.bundle.manifest import Artifact, BundleFile, Manifest
from ops.bundle.names import MANIFEST, SIGNATURE
from ops.bundle.progress import Progress, size
from ops.bundle.signing import sign
from ops.bundle.verify import image_faults
from ops.bundle.wanted import Wanted
from ops.signing import Signer

PARTIAL = ".partial"
"""Ending of the folder that a bundle is made in; it is no bundle, and the next run goes on with it."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to make: artifacts, where their files lie, the folder, the archive beside it, and who signs.

    `signatures` False copies images without what is signed or said about them.
    """

    asked: Asked
    source: Path
    target: Path
    archive: Path | None
    signer: Signer | None
    signatures: bool = True
    quiet: bool = False


@dataclass(frozen=True, kw_only=True)
class Created:
    """What was made; `again` counts the files that an earlier, interrupted run had copied already."""

    manifest: Manifest
    copied: int
    again: int


def create(order: Order, say: Callable[[str], None]) -> Created:
    """Make the bundle; raise FaultsError, ToolError.

    May be killed at any moment and run again; a bundle that is there already, and is the one that is asked for, is left
    alone. Until everything is right there is no folder `target`, but one that ends
    in `.partial`.
    """
    work = order.target.with_name(order.target.name + PARTIAL)
    places = [order.target, *([] if order.archive is None else [order.archive])]
    made = made_before(order.asked, order.source, places, order.signer, signatures=order.signatures, quiet=order.quiet)
    if made is not None:
        say(f"{order.target}: is there, and is what was asked for: all of it was read, and nothing was done")
        return Created(manifest=made, copied=0, again=len(made.files))
    _refuse_what_is_there(order, work)
    refuse_without_copier(by_copier(order.asked, order.source), work, signatures=order.signatures)
    if order.signer is not None:
        sign(b"{}", order.signer)  # a key that cannot be used is told now, not behind hours of copying
    try:
        with alone(work):
            try:
                return _create(order, work, say)
            except (FaultsError, ToolError):
                with contextlib.suppress(OSError):
                    work.rmdir()  # where nothing is in it yet
                raise
    except OSError as error:
        raise ToolError(f"{error.filename or work}: {error.strerror}; run it again to go on") from error
    except EOFError as error:
        raise ToolError(f"{error}: became shorter while it was read; run it again to go on") from error


def _create(order: Order, work: Path, say: Callable[[str], None]) -> Created:
    fetched = by_copier(order.asked, order.source)
    if fetched:
        fetch(order.asked, fetched, work, say, signatures=order.signatures, quiet=order.quiet)
    entries = gather(order.asked, order.source, work)
    for path in left_out(order.asked, order.source):
        say(f"{path}: left out, it is no part of the artifact")
    for note in large_notes(entries, StoreFacts()):
        say(note)
    _remove_others(work, {entry.name for entry in entries})
    journal = Journal(work.with_name(work.name + ".journal"))
    _refuse_full_disk(order, entries, work, journal)
    progress = Progress("create", sum(entry.size for entry in entries), quiet=order.quiet)
    copies = list(copy_all(entries, work, journal, progress))
    manifest = _manifest(order.asked, copies, {copier.NAME: copier.needed().version} if fetched else {})
    faults = sum_faults(order.asked, {copy.entry.name: copy.sha256 for copy in copies})
    faults += _image_faults(manifest, work)
    if faults:
        _forget_spoilt(fetched, work, copies)
        raise FaultsError("bundle", faults)
    manifest = listed(manifest, _source(manifest, work), order.asked.registry_holds, say)
    _finish(order, work, manifest)
    again = sum(copy.again for copy in copies)
    return Created(manifest=manifest, copied=len(copies) - again, again=again)


def _finish(order: Order, work: Path, manifest: Manifest) -> None:
    encoded = manifest.encoded()
    _write(work / MANIFEST, encoded)
    if order.signer is None:
        (work / SIGNATURE).unlink(missing_ok=True)
    else:
        _write(work / SIGNATURE, sign(encoded, order.signer))
    if order.archive is not None:
        write_bundle_archive(order.archive, work, manifest, quiet=order.quiet)
    work.rename(order.target)
    work.with_name(work.name + ".journal").unlink(missing_ok=True)


def _manifest(asked: Asked, copies: list[Copied], tools: dict[str, str]) -> Manifest:
    artifacts = []
    for wanted in asked.wanted:
        files = [
            BundleFile(path=copy.entry.name, size=copy.entry.size, sha256=copy.sha256)
            for copy in copies
            if copy.entry.name.startswith(f"{wanted.folder}/")
        ]
        artifacts.append(Artifact(what=wanted, files=tuple(files)))
    return Manifest(
        artifacts=tuple(artifacts), tools={"kitchen": importlib.metadata.version("private-ai-kitchen"), **tools}
    )


def _image_faults(manifest: Manifest, work: Path) -> list[Fault]:
    source = _source(manifest, work)
    return [fault for artifact in manifest.artifacts if artifact.what.image for fault in image_faults(source, artifact)]


def _source(manifest: Manifest, work: Path) -> Source:
    entries = {file.path: Entry(name=file.path, path=work / file.path, size=file.size) for file in manifest.files}
    return Source(where=work, archive=False, entries=entries)


def _refuse_what_is_there(order: Order, work: Path) -> None:
    faults = []
    if not order.source.is_dir():
        rule = "must be a folder with images/, base/ and lora/"
        faults.append(Fault(path="--from", value=str(order.source), rule=rule, example="artifacts"))
    if order.target.exists():
        rule = "must not be there yet: a bundle is never changed"
        faults.append(Fault(path="--to", value=str(order.target), rule=rule, example=f"{order.target}-2"))
    if order.archive is not None and order.archive.exists() and not work.exists():
        rule = "must not be there yet: a bundle is never changed"
        faults.append(Fault(path="--archive", value=str(order.archive), rule=rule, example=f"{order.archive}-2.tar"))
    if faults:
        raise FaultsError("bundle", faults)


def _forget_spoilt(fetched: list[Wanted], work: Path, copies: list[Copied]) -> None:
    """A blob that a disk has spoilt since it was copied must not block every later run."""
    for image in fetched:
        prefix = f"{image.folder}/blobs/sha256/"
        of_image = [copy for copy in copies if copy.entry.name.startswith(prefix)]
        wrong = [copy.entry.name for copy in of_image if not copy.entry.name.endswith(copy.sha256)]
        if wrong:
            forget(image, work, [name.removeprefix(f"{image.folder}/") for name in wrong])


def _refuse_full_disk(order: Order, entries: list[Entry], work: Path, journal: Journal) -> None:
    needed: dict[Path, int] = {}
    left = [entry for entry in entries if entry.name not in journal.done and entry.path != work / entry.name]
    for folder, count in (
        (order.target.parent, sum(entry.size for entry in left)),
        (None if order.archive is None else order.archive.parent, sum(entry.size for entry in entries)),
    ):
        if folder is not None:
            same = next((known for known in needed if known.stat().st_dev == folder.stat().st_dev), folder)
            needed[same] = needed.get(same, 0) + count
    faults = [
        Fault(
            path="--to",
            value=f"{size(free)} free",
            rule=f"the disk of {folder} must have room for {size(count)}",
            example="a larger disk",
        )
        for folder, count in needed.items()
        if (free := shutil.disk_usage(folder).free) < count
    ]
    if faults:
        raise FaultsError("bundle", faults)


def _remove_others(work: Path, names: set[str]) -> None:
    """Take away what an earlier run with another list, or a kill, has left."""
    for path in sorted(work.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(work).as_posix() not in names:
            path.unlink()


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(path.name + PART)
    with part.open("wb") as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())
    part.replace(path)
