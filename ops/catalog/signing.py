"""The signature of an adapter: made before it is published, into `model.sig` beside its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from infra.faults import Fault, FaultsError
from infra.payload.verify_signature import SIGNATURE, SignatureError, check
from infra.policy_settings import Signer as Trusted
from ops import signing
from ops.checks.files import Content
from ops.whole_file import put

_SOURCE = "signature"
_PLACES = "--password-file"


def signed(folder: Path, content: Content, signer: signing.Signer, trusted: Sequence[Trusted]) -> Content:
    """Sign the files that were read and return them with the signature; one that is there is kept.

    New or kept, it must be one of the `trusted` signers', or of this key where there are none: else raise FaultsError,
    and nothing is written.
    """
    password = None if signer.password_file is None else signing.password_of(signer.password_file, source=_SOURCE)
    own = signing.public_key(signer, password, source=_SOURCE, password_places=_PLACES)
    believed = [{"name": entry.name, "publicKey": entry.public_key} for entry in trusted]
    believed = believed or [{"name": "--private-key", "publicKey": own}]
    there = SIGNATURE in content.sizes
    if there:
        signature = (folder / SIGNATURE).read_bytes()
    else:
        signature = signing.sign(folder, signer, password, source=_SOURCE, password_places=_PLACES)
    try:
        check(signature, content.sums.of_all(content.sizes.keys() - {SIGNATURE}), believed)
    except SignatureError as error:
        path, value = (SIGNATURE, "in the folder") if there else ("--private-key", str(signer.private_key))
        rule = f"{error}" if there else f"{error}: pods would refuse what this key signs"
        raise FaultsError(_SOURCE, [Fault(path=path, value=value, rule=rule, example="a signer's own key")]) from None
    if not there:
        put(folder / SIGNATURE, signature, 0o644)
        print(f"{folder / SIGNATURE}: signed; it belongs to the adapter's files from now on: keep it with them")
    return replace(content, sizes={**content.sizes, SIGNATURE: len(signature)})
