"""`publish`: check an artifact, upload it under its own immutable prefix, and write its catalog entry as a candidate.

Guaranteed: with any fault nothing is uploaded and nothing is written; the entry is written last, so an interrupted
upload leaves the catalog as it was and the same command goes on from there; an entry that exists is never changed.
A signature is made once and kept beside the files: another one over the same files has other bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.catalog import Adapter, BaseModel, Catalog, Image, load_catalog
from infra.faults import MISSING, Fault, FaultsError
from infra.load import settings_from_file
from infra.payload.verify_signature import SIGNATURE
from infra.people import name_rule
from infra.policy_settings import Signer as Trusted
from infra.settings import Settings
from infra.signers import is_signed, signers_for
from infra.stores import store_facts
from ops.catalog.classes import option_faults
from ops.catalog.edit import Edit, add_entry, add_file, add_keys, read_entry, refuse_unwritable, write
from ops.catalog.entries import modules, new_entry, templates
from ops.catalog.kinds import Kind
from ops.catalog.revalidation import told_for
from ops.catalog.signing import signed
from ops.checks import read_artifact
from ops.checks.files import Content
from ops.checks.model_templates import unused_faults
from ops.checks.signature import signature_faults
from ops.publish import publish
from ops.signing import Signer
from ops.store import client


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What to publish and what its bringer states; an empty text is nothing stated. `signer` signs what is not yet."""

    folder: Path
    ref: str
    licence: str
    origin: str
    owner: str
    stand_in: bool
    own_tokenizer: bool
    data_classes: Sequence[str] = ()
    templates: Sequence[str] = ()
    signer: Signer | None = None


def publish_artifact(catalog_folder: Path, kind: Kind, wish: Wish, settings_file: Path, endpoint: str | None) -> None:
    """Do it; raise FaultsError with every fault, StoreError when the store does not answer."""
    catalog = load_catalog(catalog_folder)
    settings = settings_from_file(settings_file, catalog)
    edit = _planned(catalog_folder, kind, wish, catalog, settings)
    after = edit.catalog if edit else catalog
    store = settings.object_store
    report = publish(
        client(endpoint or store.endpoint, store.region),
        f"{store.bucket_prefix}{kind.bucket}",
        after,
        [wish.ref],
        {wish.ref: wish.folder},
        store=store_facts(store),
        progress=print,
    )
    print(f"{report.bucket}: {len(report.uploaded)} uploaded, {len(report.already_there)} already there")
    if edit and wish.ref in kind.entries(catalog):
        write(edit)
        print(f"{kind.file}: {wish.ref} has {_new_in(edit, kind, wish.ref, catalog)}; commit it")
    elif edit:
        write(edit)
        print(f"{kind.file}: {wish.ref} added as a candidate; next: commit it, evaluate it, promote it")
    else:
        print(f"{kind.file}: {wish.ref} is there with these sums, unchanged")
    if kind.word == "model":
        print("".join(f"{line}\n" for line in told_for(after, wish.ref)), end="")


def _planned(catalog_folder: Path, kind: Kind, wish: Wish, catalog: Catalog, settings: Settings) -> Edit | None:
    """The new entry, or what lacks in one with the same files, or None; raise FaultsError with every fault."""
    options: dict[str, Any] = {"stand_in": wish.stand_in, "own_tokenizer": wish.own_tokenizer}
    content, faults = read_artifact(kind.artifact, wish.ref, wish.folder, catalog, templates=wish.templates, **options)
    faults += [*content.withheld, *unused_faults(content, wish.templates)]
    said, known = _said(kind, wish), wish.ref in kind.entries(catalog)
    if known:
        faults += _other_words(read_entry(catalog_folder, kind, wish.ref), said)
    else:
        faults += _new_faults(kind, wish, said, catalog)
    signers = signers_for(settings, kind.key, wish.ref, signed=SIGNATURE in content.sizes or wish.signer is not None)
    faults += _signature_faults(kind, wish, content, signers, kind.entries(catalog).get(wish.ref))
    if not known:
        sums = {} if faults else content.sums.of_all(content.sizes)
        faults += option_faults(kind, wish.ref, wish.data_classes, sums, catalog)
    if faults:
        raise FaultsError(f"publish {wish.ref}", faults)
    for note in content.notes:
        print(f"note: {note}")
    if wish.signer is not None:
        content = signed(wish.folder, content, wish.signer, signers, word=kind.word)
    if known:
        return _completed(catalog_folder, kind, wish.ref, content)
    sums = content.sums.of_all(content.sizes)
    plan = add_entry(Edit(folder=catalog_folder), kind, wish.ref, new_entry(kind, content, said, sums))
    refuse_unwritable(plan)
    return plan


def _signature_faults(
    kind: Kind, wish: Wish, content: Content, signers: Sequence[Trusted], entry: Adapter | BaseModel | Image | None
) -> Iterator[Fault]:
    """What is wrong with the signature that is there, or with making one: an entry without one rarely gets it later."""
    there, stated = SIGNATURE in content.sizes, isinstance(entry, Adapter | BaseModel) and is_signed(entry)
    if wish.signer is None:
        yield from signature_faults(wish.folder, content, signers, word=kind.word, fresh=not stated)
    elif isinstance(entry, Adapter) and not there:
        rule = f"{wish.ref} is in the catalog, and an entry never changes: sign a new version"
        yield Fault(path="--private-key", value=str(wish.signer.private_key), rule=rule, example=kind.example)
    if isinstance(entry, BaseModel) and there and not stated and not signers and wish.signer is None:
        rule = "would be in the entry for good, and no signer of --settings signs base models: nobody knows whose it is"
        yield Fault(path=SIGNATURE, value="in the folder", rule=rule, example="signers: [{..., signs: [baseModels]}]")


def _completed(folder: Path, kind: Kind, ref: str, content: Content) -> Edit | None:
    """An entry of before its files' modules and templates were read, or before they were signed, gets that.

    It says nothing new: its sums name the files, and the signature names the sums.
    """
    if kind.word != "model":
        return None
    entry, plan = read_entry(folder, kind, ref), Edit(folder=folder)
    if SIGNATURE in content.sizes and SIGNATURE not in entry["files"]:
        file = {"sha256": content.sums.of(SIGNATURE), "sizeBytes": content.sizes[SIGNATURE]}
        plan = add_file(plan, kind, ref, SIGNATURE, file)
    read = {"modules": modules(content), "templates": templates(content)}
    if lacking := {key: value for key, value in read.items() if key not in entry and (value or key == "modules")}:
        plan = add_keys(plan, kind, ref, lacking)
    if not plan.after:
        return None
    refuse_unwritable(plan)
    return plan


def _new_in(edit: Edit, kind: Kind, ref: str, before: Catalog) -> str:
    old, new = before.base_models[ref], edit.catalog.base_models[ref]
    found = ["its signature now: every load and every start asks for it"] if is_signed(new) > is_signed(old) else []
    found += ["the modules of its weights now: adapters are compared with them"] if old.modules is None else []
    found += ["its chat templates now"] if new.templates and not old.templates else []
    return "; ".join(found)


def _new_faults(kind: Kind, wish: Wish, said: Mapping[str, Any], catalog: Catalog) -> Iterator[Fault]:
    """What a new entry needs: a name of its kind, and three words of a person."""
    if broken := kind.rule_broken(wish.ref):
        yield Fault(path="--name", value=wish.ref, rule=broken, example=f"--name {kind.example}")
    licences = ", ".join(catalog.licences)
    for key, what, example in (
        ("licence", f"one of {licences}", "Apache-2.0"),
        ("origin", "where it came from", "https://models.example.com/menu"),
        ("owner", "who brings it in and answers for it", "support-team"),
    ):
        value = str(said.get(key, ""))
        if not value or not value.isprintable():
            rule = f"a new entry has it, on one line: {what}"
            yield Fault(path=f"--{key}", value=value or MISSING, rule=rule, example=f"--{key} {example}")
    if (owner := str(said.get("owner", ""))).isprintable() and owner and (broken := name_rule(owner)):
        yield Fault(path="--owner", value=owner, rule=broken, example="--owner support-team")
    if (licence := said.get("licence")) is not None and licence not in catalog.licences:
        rule = f"must be a licence of infra/catalog/licences.yaml: {licences}"
        yield Fault(path="--licence", value=licence, rule=rule, example="--licence Apache-2.0")


def _said(kind: Kind, wish: Wish) -> dict[str, Any]:
    said: dict[str, Any] = {"licence": wish.licence, "origin": wish.origin, "owner": wish.owner}
    flags = {"standIn": wish.stand_in, "ownTokenizer": wish.own_tokenizer and kind.word == "adapter"}
    stated = {key: value.strip() for key, value in said.items() if value.strip()}
    access = {"access": {"dataClasses": list(dict.fromkeys(wish.data_classes))}} if wish.data_classes else {}
    return stated | access | {key: value for key, value in flags.items() if value}


def _other_words(entry: Mapping[str, Any], said: Mapping[str, Any]) -> list[Fault]:
    """An entry is not rewritten on the way: what is stated must be what stands there."""
    return [
        Fault(
            path=f"catalog: {key}",
            value=value,
            rule=f"the entry has {entry.get(key, 'none')}: change it in a pull request, or publish a new version",
            example=str(entry.get(key, "-")),
        )
        for key, value in said.items()
        if entry.get(key) != value
    ]
