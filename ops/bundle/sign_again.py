"""`kitchen bundle sign`: one signature more, by somebody who has verified the bundle with this very command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.faults import Fault, FaultsError
from ops.bundle.archiving import write_bundle_archive
from ops.bundle.cosigning import free_name
from ops.bundle.names import SIGNATURES
from ops.bundle.signing import sign
from ops.bundle.verify import Verified
from ops.signing import Signer
from ops.whole_file import put


@dataclass(frozen=True, kw_only=True)
class Again:
    """What was added: the signature's file, and the archive with it, if one was asked for."""

    file: str
    archive: Path | None


def sign_again(
    verified: Verified, signer: Signer, archive: Path | None, say: Callable[[str], None], *, quiet: bool
) -> Again:
    """Add a signature beside those that are there; raise FaultsError, OSError. Nothing else of the bundle changes."""
    faults = []
    where = verified.source.where
    if verified.source.archive:
        rule = "must be the bundle's folder: an archive is not changed, --archive writes a new one"
        faults.append(Fault(path="BUNDLE", value=str(where), rule=rule, example="bundle-2026-02"))
    if archive is not None and archive.exists():
        rule = "must not be there yet: a bundle is never changed"
        faults.append(Fault(path="--archive", value=str(archive), rule=rule, example=f"{archive}-2.tar"))
    if faults:
        raise FaultsError("bundle", faults)
    there = {name: (where / name).read_bytes() for name in SIGNATURES if name in verified.source.entries}
    signature = sign(verified.encoded, signer)
    name = free_name(there, signature)
    put(where / name, signature, 0o644)
    say(f"{where / name}: signed")
    if archive is not None:
        write_bundle_archive(archive, where, verified.manifest, quiet=quiet)
    return Again(file=name, archive=archive)
