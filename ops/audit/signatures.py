"""Who has signed the base model and the adapters of a kitchen: the signatures in the bucket, held to the signers."""

from __future__ import annotations

from collections.abc import Iterator

from infra.catalog import Adapter, BaseModel
from infra.declared import Declared, DeclaredKitchen
from infra.faults import printable
from infra.payload.signer_keys import SignatureError
from infra.payload.verify_signature import SIGNATURE, check
from infra.policy_settings import ADAPTERS, BASE_MODELS
from infra.settings import Settings
from infra.signers import exemption_of, is_signed, signers_of
from ops.audit.bucket import Bucket
from ops.audit.verdicts import NOT_ASKED, Finding, Row, differs, not_proven, proven


def signature_rows(settings: Settings, declared: Declared, kitchen: DeclaredKitchen, bucket: Bucket) -> Iterator[Row]:
    """One row for the base model of a kitchen and one for each adapter, where signers of its kind are stated."""
    entries: list[tuple[str, Adapter | BaseModel]] = [(BASE_MODELS, kitchen.base_model)]
    entries += [(ADAPTERS, adapter) for adapter in kitchen.adapters]
    for kind, entry in entries:
        signers = signers_of(settings, kind)
        if signers:
            what = "base model" if kind == BASE_MODELS else "adapter"
            yield Row(
                kitchen=kitchen.name,
                what=f"signature of {what} {entry.ref}",
                where="bucket",
                declared=f"by {' or '.join(signer.name for signer in signers)}",
                finding=_signature(settings, declared, kind, entry, bucket),
            )


def _signature(
    settings: Settings, declared: Declared, kind: str, entry: Adapter | BaseModel, bucket: Bucket
) -> Finding:
    """The signature over the catalog's sums: that the files have these sums is a row of its own."""
    if not is_signed(entry):
        exemption = exemption_of(settings, entry.ref) if kind == BASE_MODELS else None
        if exemption is None:
            return differs("no signature in the catalog")
        return not_proven(NOT_ASKED, f"unsigned by an exemption until {exemption.expires}")
    if kind == BASE_MODELS and not declared.base_models_from_bucket:
        return not_proven(NOT_ASKED, "base models come from a claim here")
    file = next(file for file in entry.files if file.path == SIGNATURE)
    name, folder = ("models", "base/") if kind == BASE_MODELS else ("lora", "")
    found = bucket.small(declared.buckets[name], f"{folder}{entry.ref}/{SIGNATURE}", file)
    if isinstance(found, Finding):
        return found
    sums = {other.path: other.sha256 for other in entry.files}
    try:
        name = check(found, sums, [signer.as_pods_read_it() for signer in signers_of(settings, kind)])
    except SignatureError as error:
        return differs(printable(str(error)))
    return proven(f"signed by {name}")
