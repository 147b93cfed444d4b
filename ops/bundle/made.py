"""Whether a bundle that is there is the one that is asked for: then making it again has nothing to do."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from infra.faults import FaultsError
from ops.bundle.bring_in import Asked
from ops.bundle.cosigning import Trust
from ops.bundle.entry import Entry
from ops.bundle.errors import ToolError
from ops.bundle.fetching import there
from ops.bundle.gather import by_copier, gather
from ops.bundle.hashing import sums
from ops.bundle.manifest import Manifest
from ops.bundle.names import SIGNATURE
from ops.bundle.progress import Progress
from ops.bundle.signing import public_key_of
from ops.bundle.source import open_source
from ops.bundle.verify import verify
from ops.signing import Signer


def made_before(
    asked: Asked, source: Path, places: Sequence[Path], signer: Signer | None, *, signatures: bool, quiet: bool
) -> Manifest | None:
    """Return the manifest of the bundle in all `places`, or None where anything differs from what is asked for.

    Everything is read: the bundle's files are those of its manifest and of `source`, its signature is of this key. A
    certificate's signature is never taken for the same. `signatures`: whether images come with what is signed.
    """
    if (signer is not None and signer.certificate is not None) or not all(place.exists() for place in places):
        return None
    try:
        with tempfile.TemporaryDirectory() as temporary:
            trust = None if signer is None else Trust(public_keys=(public_key_of(signer, Path(temporary)),))
            found = [verify(open_source(place), trust, quiet=quiet) for place in places]
        files = gather(asked, source, places[0])
    except (FaultsError, ToolError, OSError):
        return None
    if len({each.encoded for each in found}) != 1 or (signer is None and (places[0] / SIGNATURE).exists()):
        return None
    if not all(there(image, places[0], signatures=signatures) for image in by_copier(asked, source)):
        return None
    manifest = found[0].manifest
    wanted = sorted(asked.wanted, key=lambda entry: entry.folder)
    if [artifact.what for artifact in manifest.artifacts] != wanted or not _same(
        files, manifest, places[0], quiet=quiet
    ):
        return None
    return manifest


def _same(files: Sequence[Entry], manifest: Manifest, bundle: Path, *, quiet: bool) -> bool:
    """Whether the files of the source are the manifest's; those that only the bundle has are known to be."""
    stated = {file.path: file for file in manifest.files}
    if {entry.name: entry.size for entry in files} != {path: file.size for path, file in stated.items()}:
        return False
    outside = [entry for entry in files if not entry.path.is_relative_to(bundle)]
    progress = Progress("compare", sum(entry.size for entry in outside), quiet=quiet)
    return all(found == stated[entry.name].sha256 for entry, found in sums(outside, progress))
