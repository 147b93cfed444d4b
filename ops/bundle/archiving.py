"""The archive of a bundle: seen whole or not at all, written by one run at a time, never in place of another bundle."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from infra.faults import Fault, FaultsError
from ops.bundle.copying import PART
from ops.bundle.entry import Entry, small
from ops.bundle.errors import ToolError
from ops.bundle.manifest import Manifest
from ops.bundle.names import MANIFEST, SIGNATURES
from ops.bundle.progress import Progress
from ops.bundle.source import open_source
from ops.bundle.tar import write_archive


def write_bundle_archive(path: Path, work: Path, manifest: Manifest, *, quiet: bool) -> None:
    """Write the folder of a bundle as one archive.

    Raise OSError; ToolError while another run writes the same file; FaultsError where another bundle is there.
    """
    first = [name for name in (MANIFEST, *SIGNATURES) if (work / name).exists()]
    names = [*first, *sorted(file.path for file in manifest.files)]
    entries = [Entry(name=name, path=work / name, size=(work / name).stat().st_size) for name in names]
    with _part(path) as target:
        _refuse_another(path, Path(target.name), manifest)
        progress = Progress("archive", sum(entry.size for entry in entries), quiet=quiet)
        write_archive(entries, target, progress.advance)
        target.flush()
        os.fsync(target.fileno())
        path.with_name(path.name + PART).replace(path)


@contextmanager
def _part(path: Path) -> Iterator[BinaryIO]:
    """The file that becomes the archive, empty. Its lock ends with the process: what a kill leaves blocks nobody."""
    part = path.with_name(path.name + PART)
    with part.open("ab") as target:
        try:
            fcntl.flock(target, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(part) from None
        if not part.exists() or not os.path.samestat(part.stat(), os.fstat(target.fileno())):
            raise _busy(part)  # it has been finished between the two lines
        target.truncate(0)
        yield target


def _busy(part: Path) -> ToolError:
    return ToolError(f"{part}: another run writes this archive; wait for its end, or give another --archive")


def _refuse_another(path: Path, part: Path, manifest: Manifest) -> None:
    """A run that was killed has left the very archive of this bundle at most; any other is a bundle of its own."""
    if not path.exists():
        return
    try:
        found = open_source(path).entries.get(MANIFEST)
        wanted = manifest.encoded()
        same = found is not None and small(found, len(wanted)) == wanted
    except (FaultsError, ToolError, OSError):
        same = False
    if not same:
        part.unlink()
        rule = "must not be there yet: it is another bundle's, and a bundle is never changed"
        example = f"{path.with_suffix('')}-2.tar"
        raise FaultsError("bundle", [Fault(path="--archive", value=str(path), rule=rule, example=example)])
