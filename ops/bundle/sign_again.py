"""`kitchen bundle sign`: one signature more, by somebody who has verified the bundle with this very command.

It may be killed at any moment and run again. The signature is seen whole or not at all; where it is there and the
archive is not, the next run writes the archive.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.faults import Fault, FaultsError
from ops.bundle.archiving import write_bundle_archive
from ops.bundle.cosigning import Trust, free_name, of_same_signer
from ops.bundle.names import SIGNATURES
from ops.bundle.signing import public_key_of, sign, signature_fault
from ops.bundle.verify import Verified
from ops.signing import Signer
from ops.whole_file import put

_HALF = re.compile(rf"\.({'|'.join(map(re.escape, SIGNATURES))})\.[a-z0-9_]{{8}}")
"""What a run that was killed while it wrote its signature has left (`ops.whole_file.put`)."""


@dataclass(frozen=True, kw_only=True)
class Again:
    """What was added: the signature's file, and the archive with it, if one was asked for.

    `before`: an earlier run had signed already, and only the archive was missing.
    """

    file: str
    archive: Path | None
    before: bool


def forget_unfinished(bundle: Path) -> None:
    """Take away signatures that were never finished, so that the bundle has no file that its manifest lacks."""
    if bundle.is_dir():
        for path in bundle.iterdir():
            if _HALF.fullmatch(path.name):
                path.unlink()


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
    mine = None if archive is None else _mine(verified, there, signature, signer)
    if mine is not None:
        say(f"{where / mine}: is there already, by this key over this bundle: only the archive is written")
    name = mine or free_name(there, signature)
    if mine is None:
        put(where / name, signature, 0o644)
        say(f"{where / name}: signed")
    if archive is not None:
        write_bundle_archive(archive, where, verified.manifest, quiet=quiet)
    return Again(file=name, archive=archive, before=mine is not None)


def _mine(verified: Verified, there: Mapping[str, bytes], signature: bytes, signer: Signer) -> str | None:
    """The file of a right signature by the same signer: the run before was interrupted behind it."""
    name = of_same_signer(there, signature)
    if name is None or name in {entry.file for entry in verified.signers}:
        return name
    if signer.certificate is not None:
        return None  # whose authority nobody has named here
    with tempfile.TemporaryDirectory() as temporary:
        trust = Trust(public_keys=(public_key_of(signer, Path(temporary)),))
        return name if signature_fault(verified.encoded, there[name], trust) is None else None
