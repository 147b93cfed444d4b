"""Rules about signers and signatures of adapters and base models; none of them shows what stands in a key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from infra.catalog import Catalog
from infra.faults import HIDDEN, MISSING, Fault
from infra.payload.signer_keys import SignatureError, authority_sum, fingerprint, read_authority, read_key
from infra.payload.verify_signature import SIGNATURE
from infra.policy_settings import ADAPTERS, BASE_MODELS, Signer
from infra.rules.common import adapter_path
from infra.settings import Settings
from infra.signers import RULE, exemption_of, is_signed, signers_of

_KEY = "publicKey: |, then the lines of: openssl pkey -in FILE -pubout"
_AUTHORITY = "authority: |, then the lines of the authority's certificate, and subject: CN=model-board,O=Example"


def signers_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """Each signer is a public EC key or a subject of an authority, and each name, key and subject stands once."""
    names = Counter(signer.name for signer in settings.signers)
    first: dict[tuple[str, str], str] = {}
    for index, signer in enumerate(settings.signers):
        path = f"signers.{index}"
        if names[signer.name] > 1:
            rule = "each signer has a name of its own: it is what messages say"
            yield Fault(path=f"{path}.name", value=signer.name, rule=rule, example="model-board-2027")
        form = list(_form(signer, path))
        yield from form
        found = None if form else _identity(signer, path)
        if isinstance(found, Fault):
            yield found
        elif found is not None and first.setdefault(found, path) != path:
            what = "the key" if signer.public_key else "the subject"
            rule = f"is {what} of {first[found]} once more: each key has one name"
            where = "publicKey" if signer.public_key else "subject"
            yield Fault(path=f"{path}.{where}", value=signer.name, rule=rule, example="one entry for each key")


def _form(signer: Signer, path: str) -> Iterator[Fault]:
    """A signer is a key, or an authority with a subject: the one or the other."""
    has_authority = signer.authority is not None or signer.subject is not None
    if signer.public_key is not None and has_authority:
        rule = "a signer has a publicKey, or an authority and a subject, and not both"
        yield Fault(path=path, value=signer.name, rule=rule, example=_KEY)
    elif signer.public_key is None and not has_authority:
        rule = "a signer has a publicKey, or an authority and a subject"
        yield Fault(path=f"{path}.publicKey", value=MISSING, rule=rule, example=_KEY)
    elif has_authority:
        for key, value in (("authority", signer.authority), ("subject", signer.subject)):
            if value is None:
                rule = (
                    "authority and subject go together: whoever else has a certificate of the authority signs nothing"
                )
                yield Fault(path=f"{path}.{key}", value=MISSING, rule=rule, example=_AUTHORITY)


def _identity(signer: Signer, path: str) -> tuple[str, str] | Fault:
    """What tells a signer from others, or what is wrong with its key or certificate."""
    where, text, example = "publicKey", signer.public_key or "", _KEY
    if signer.public_key is None:
        where, text, example = "authority", signer.authority or "", _AUTHORITY
    try:
        if signer.public_key is None:
            return authority_sum(read_authority(text)), str(signer.subject)
        return fingerprint(read_key(text)), ""
    except SignatureError as error:
        shown = HIDDEN if "PRIVATE" in text else f"({len(text)} characters)"
        return Fault(path=f"{path}.{where}", value=shown, rule=str(error), example=example)


def signature_faults(settings: Settings, catalog: Catalog) -> Iterator[Fault]:
    """Where signers are stated, pods serve signed adapters only: one without a signature would never start."""
    for kitchen in settings.kitchens.values() if signers_of(settings, ADAPTERS) else ():
        for index, ref in enumerate(kitchen.adapters):
            adapter = catalog.adapters.get(ref)
            if adapter is not None and not is_signed(adapter):
                rule = (
                    f"has no {SIGNATURE} in the catalog, and this file states signers: publish a signed version of it"
                )
                example = f"kitchen adapter publish FOLDER --name {adapter.name}/v<date> --private-key FILE"
                yield Fault(path=adapter_path(kitchen, index), value=ref, rule=rule, example=example)


def base_model_signature_faults(settings: Settings, catalog: Catalog) -> Iterator[Fault]:
    """Where signers of base models are stated, each base model is signed, or an exemption names it with a last day."""
    if not signers_of(settings, BASE_MODELS):
        return
    places: dict[str, str] = {}
    for name, kitchen in settings.kitchens.items():
        places.setdefault(kitchen.base_model, f"kitchens.{name}.baseModel")
    for name, tenant in settings.tenants.items():
        for index, ref in enumerate(tenant.base_models):
            places.setdefault(ref, f"tenants.{name}.baseModels[{index}]")
    for ref, path in places.items():
        model = catalog.base_models.get(ref)
        if model is None or is_signed(model) or exemption_of(settings, ref) is not None:
            continue
        rule = (
            f"has no {SIGNATURE} in the catalog, and signers of this file sign base models: until it is published with "
            f"one, let it through by an exemption (rule: {RULE}, object: BaseModel {ref}, with a last day)"
        )
        example = f"kitchen model publish FOLDER --name {ref} --private-key FILE"
        yield Fault(path=path, value=ref, rule=rule, example=example)
