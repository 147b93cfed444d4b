"""The signature of an artifact: made before it is published, into `model.sig` beside its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra.catalog import load_catalog
from infra.faults import MISSING, Fault, FaultsError
from infra.load import settings_from_file
from infra.payload.signer_keys import SignatureError
from infra.payload.verify_signature import SIGNATURE, check
from infra.policy_settings import Signer as Trusted
from infra.signers import signers_of
from ops import signing
from ops.catalog.kinds import Kind
from ops.checks import read_artifact
from ops.checks.files import Content
from ops.checks.left_out import is_left_out
from ops.whole_file import put

_SOURCE = "signature"
_PLACES = "--password-file"


def sign_folder(
    catalog_folder: Path,
    kind: Kind,
    folder: Path,
    *,
    signer: signing.Signer,
    settings: Path | None,
    options: Mapping[str, Any],
) -> None:
    """Sign the artifact in `folder`; raise FaultsError with every fault of its files, or of who signs.

    With `settings`, who signs must be one of its signers of this kind.
    """
    catalog = load_catalog(catalog_folder)
    trusted = () if settings is None else signers_of(settings_from_file(settings, catalog), kind.key)
    if settings is not None and not trusted:
        rule = f"states no signer of {kind.key}"
        raise FaultsError(
            _SOURCE, [Fault(path="--settings", value=str(settings), rule=rule, example="kitchen:signers")]
        )
    content, faults = read_artifact(kind.artifact, "", folder, catalog, **options)
    if faults:
        raise FaultsError(f"sign {folder}", faults)
    there = SIGNATURE in content.sizes
    signed(folder, content, signer, trusted, word=kind.word)
    if there:
        print(f"{folder / SIGNATURE}: is there already and right, unchanged")


def signed(folder: Path, content: Content, signer: signing.Signer, trusted: Sequence[Trusted], *, word: str) -> Content:
    """Sign the files that were read and return them with the signature; one that is there is kept.

    New or kept, it must be one of the `trusted` signers', or of this key or certificate where there are none: else
    raise FaultsError, and nothing is written. `word` is the command's for the artifact.
    """
    password = None if signer.password_file is None else signing.password_of(signer.password_file, source=_SOURCE)
    believed = [entry.as_pods_read_it() for entry in trusted] or [_own(signer, password)]
    there = SIGNATURE in content.sizes
    if there:
        signature = (folder / SIGNATURE).read_bytes()
    else:
        leave = [path.name for path in folder.iterdir() if is_left_out(path)]
        signature = signing.sign(folder, signer, password, source=_SOURCE, password_places=_PLACES, leave=leave)
    try:
        name = check(signature, content.sums.of_all(content.sizes.keys() - {SIGNATURE}), believed, fresh=True)
    except SignatureError as error:
        path, value = (SIGNATURE, "in the folder") if there else ("--private-key", str(signer.private_key))
        rule = f"{error}" if there else f"{error}: pods would refuse what this key signs"
        raise FaultsError(_SOURCE, [Fault(path=path, value=value, rule=rule, example="a signer's own key")]) from None
    if not there:
        put(folder / SIGNATURE, signature, 0o644)
        whose = f" by {name}" if trusted else ""
        print(f"{folder / SIGNATURE}: signed{whose}; it belongs to the {word}'s files from now on: keep it with them")
    return replace(content, sizes={**content.sizes, SIGNATURE: len(signature)})


def _own(signer: signing.Signer, password: bytes | None) -> dict[str, str]:
    """Who signs, as if it were stated: whether what it signs would be taken is seen before it is written."""
    if signer.certificate is None:
        own = signing.public_key(signer, password, source=_SOURCE, password_places=_PLACES)
        return {"name": "--private-key", "publicKey": own}
    if not signer.chain:
        rule = "the certificates from that of --certificate up to the authority, which signers state"
        fault = Fault(path="--certificate-chain", value=MISSING, rule=rule, example="--certificate-chain authority.crt")
        raise FaultsError(_SOURCE, [fault])
    authority, subject = signing.authority_of(signer, source=_SOURCE)
    return {"name": "--certificate", "authority": authority, "subject": subject}
