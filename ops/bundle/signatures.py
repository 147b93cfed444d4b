"""Signatures of base models and adapters in a bundle: held to the environment's signers, and given to older entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from infra.catalog import Adapter, BaseModel, Catalog
from infra.faults import Fault
from infra.payload.verify_signature import SIGNATURE
from infra.policy_settings import Signer
from infra.settings import Settings
from infra.signers import is_signed, signers_for
from ops.bundle.manifest import Artifact
from ops.catalog.edit import Edit, add_file
from ops.checks.files import Content
from ops.checks.signature import signature_faults

Asked = Callable[[Artifact, bool], Sequence[Signer]]
"""The signers of whom one must have signed an artifact, by whether there is a signature; none where nobody must."""


def asked_by(settings: Settings) -> Asked:
    """What an environment asks."""

    def asked(artifact: Artifact, signed: bool) -> Sequence[Signer]:
        return signers_for(settings, artifact.what.catalog_kind.key, artifact.what.ref, signed=signed)

    return asked


def faults_of(artifact: Artifact, root: Path, content: Content, catalog: Catalog, asked: Asked) -> Iterator[Fault]:
    """What is wrong with an artifact's signature; one that would enter an older entry must be a stated signer's."""
    there, entry = SIGNATURE in content.sizes, _entry(artifact, catalog)
    signers, stated = asked(artifact, there), entry is not None and is_signed(entry)
    word = artifact.what.catalog_kind.word
    yield from signature_faults(root / artifact.what.folder, content, signers, word=word, fresh=not stated)
    if entry is not None and there and not stated and not signers:
        rule = "would be in the entry for good, and no signer of --settings signs base models: nobody knows whose it is"
        yield Fault(path=SIGNATURE, value="in the bundle", rule=rule, example="signers: [{..., signs: [baseModels]}]")


def is_new(artifact: Artifact, path: str, catalog: Catalog) -> bool:
    """Whether a file of the bundle is the signature of a base model that the catalog has without one."""
    entry = _entry(artifact, catalog)
    return isinstance(entry, BaseModel) and not is_signed(entry) and path == f"{artifact.what.folder}/{SIGNATURE}"


def given(plan: Edit, artifact: Artifact, catalog: Catalog) -> Edit:
    """The plan, with the artifact's signature in the entry of a base model that has none yet."""
    what = artifact.what
    for file in artifact.files:
        if is_new(artifact, file.path, catalog):
            stated = {"sha256": file.sha256, "sizeBytes": file.size}
            plan = add_file(plan, what.catalog_kind, what.ref, SIGNATURE, stated)
    return plan


def told_of_new(artifacts: Sequence[Artifact], catalog: Catalog) -> list[str]:
    """One line for each base model whose entry gets its signature, for whoever writes the catalog by hand."""
    return [
        f"{artifact.what.ref}: its entry gets {SIGNATURE}: {{sha256: {file.sha256}, sizeBytes: {file.size}}}"
        for artifact in artifacts
        for file in artifact.files
        if is_new(artifact, file.path, catalog)
    ]


def _entry(artifact: Artifact, catalog: Catalog) -> Adapter | BaseModel | None:
    entry = artifact.what.catalog_kind.entries(catalog).get(artifact.what.ref)
    return entry if isinstance(entry, Adapter | BaseModel) else None
