"""Checks on the way in: what is wrong with the files of an adapter or a base model, all of it at once.

Weights of base models are never read but for their sums, those of adapters for their values too; nothing of an artifact
is ever executed, no link is followed, and nothing is written: the same folder gives the same answer twice.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from infra.catalog import Catalog
from infra.faults import Fault
from infra.policy_settings import Signer
from ops.checks.adapter import WEIGHTS, adapter_faults, base_model_of
from ops.checks.base_model import base_model_faults
from ops.checks.entry import entry_faults
from ops.checks.files import Content, read_folder
from ops.checks.model_templates import template_faults
from ops.checks.signature import signature_faults
from ops.checks.values import value_faults


def check_artifact(
    kind: str,
    name: str,
    folder: Path,
    catalog: Catalog,
    *,
    stand_in: bool = False,
    own_tokenizer: bool = False,
    signers: Sequence[Signer] = (),
) -> list[Fault]:
    """Return every fault of the artifact in `folder`, sorted by path; an empty list is fine.

    `kind` is `adapter` or `base-model`. With an entry for `name` (`<name>/<version>`) in the catalog, sums, licence,
    rank, modules and base model must be the entry's, and its standIn and ownTokenizer count; without one, the files
    must agree with each other and with the base model that they name. `stand_in`: sizes are not compared with the
    base model's config, as they never are where the base model itself is a stand-in.
    `own_tokenizer`: an adapter may bring tokenizer files. `signers`: one of them must have signed the files. Raise
    ValueError for another kind.
    """
    content, faults = read_artifact(kind, name, folder, catalog, stand_in=stand_in, own_tokenizer=own_tokenizer)
    return in_order([*faults, *signature_faults(folder, content, signers)])


def read_artifact(
    kind: str,
    name: str,
    folder: Path,
    catalog: Catalog,
    *,
    stand_in: bool = False,
    own_tokenizer: bool = False,
    templates: Collection[str] = (),
) -> tuple[Content, list[Fault]]:
    """Like `check_artifact`, with what was read of the files.

    `templates`: names of what is accepted in the chat templates of a base model.
    """
    content, faults = read_folder(folder)
    if not content.sizes:
        return content, faults
    if kind == "adapter":
        adapter = catalog.adapters.get(name)
        stand_in |= adapter is not None and adapter.stand_in
        own_tokenizer |= adapter is not None and adapter.own_tokenizer
        faults += adapter_faults(content, adapter, catalog, stand_in=stand_in, own_tokenizer=own_tokenizer)
        faults += entry_faults(content, adapter, catalog) if adapter else []
        if WEIGHTS in content.tensors:
            faults += value_faults(folder, WEIGHTS, content, base_model_of(content, adapter, catalog))
    elif kind == "base-model":
        model = catalog.base_models.get(name)
        stand_in |= model is not None and model.stand_in
        faults += base_model_faults(content, model, stand_in=stand_in)
        faults += template_faults(folder, content, name, catalog, templates)
        faults += entry_faults(content, model, catalog) if model else []
    else:
        raise ValueError(f"unknown kind of artifact: {kind}")
    return content, in_order(faults)


def in_order(faults: list[Fault]) -> list[Fault]:
    """The faults as they are told: by path."""
    return sorted(faults, key=lambda fault: (fault.path, str(fault)))
