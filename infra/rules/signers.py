"""Rules about signers and signatures of adapters; none of them shows what stands in a key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from infra.catalog import Catalog
from infra.faults import HIDDEN, Fault
from infra.payload.verify_signature import SIGNATURE, SignatureError, fingerprint, read_key
from infra.rules.common import adapter_path
from infra.settings import Settings

_EXAMPLE = "publicKey: |, then the lines of: openssl pkey -in FILE -pubout"


def signers_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """Each signer is a public EC key, and each name and key stands once."""
    names = Counter(signer.name for signer in settings.signers)
    first: dict[str, str] = {}
    for index, signer in enumerate(settings.signers):
        path = f"signers.{index}"
        if names[signer.name] > 1:
            rule = "each signer has a name of its own: it is what messages say"
            yield Fault(path=f"{path}.name", value=signer.name, rule=rule, example="model-board-2027")
        try:
            key = fingerprint(read_key(signer.public_key))
        except SignatureError as error:
            shown = HIDDEN if "PRIVATE" in signer.public_key else f"({len(signer.public_key)} characters)"
            yield Fault(path=f"{path}.publicKey", value=shown, rule=str(error), example=_EXAMPLE)
            continue
        if first.setdefault(key, path) != path:
            rule = f"is the key of {first[key]} once more: each key has one name"
            yield Fault(path=f"{path}.publicKey", value=signer.name, rule=rule, example="one entry for each key")


def signature_faults(settings: Settings, catalog: Catalog) -> Iterator[Fault]:
    """Where signers are stated, pods serve signed adapters only: one without a signature would never start."""
    if not settings.signers:
        return
    for kitchen in settings.kitchens.values():
        for index, ref in enumerate(kitchen.adapters):
            adapter = catalog.adapters.get(ref)
            if adapter is not None and SIGNATURE not in [file.path for file in adapter.files]:
                rule = (
                    f"has no {SIGNATURE} in the catalog, and this file states signers: publish a signed version of it"
                )
                example = f"kitchen adapter publish FOLDER --name {adapter.name}/v<date> --private-key FILE"
                yield Fault(path=adapter_path(kitchen, index), value=ref, rule=rule, example=example)
