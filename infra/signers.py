"""Who must have signed what: the signers of the settings by kind, and base models that are let through unsigned."""

from __future__ import annotations

from infra.catalog import Adapter, BaseModel
from infra.payload.verify_signature import SIGNATURE
from infra.policy_settings import BASE_MODELS, Exemption, Signer
from infra.settings import Settings

RULE = "models-signed"
"""The policy pack's rule: an exemption with `object: BaseModel <name>/vN` lets that version through unsigned."""


def is_signed(entry: Adapter | BaseModel) -> bool:
    """Whether a signature is among the files of a catalog entry; whose it is only the files themselves say."""
    return any(file.path == SIGNATURE for file in entry.files)


def signers_of(settings: Settings, kind: str) -> tuple[Signer, ...]:
    """The signers of what the catalog has under the key `kind`; where there are none its sums alone decide."""
    return tuple(signer for signer in settings.signers if kind in signer.signs)


def exemption_of(settings: Settings, ref: str) -> Exemption | None:
    """The exemption by which a version of a base model may be unsigned; its last day is the policy pack's affair."""
    return next(
        (entry for entry in settings.exemptions if (entry.rule, entry.object) == (RULE, f"BaseModel {ref}")), None
    )


def signers_for(settings: Settings, kind: str, ref: str, *, signed: bool) -> tuple[Signer, ...]:
    """The signers of whom one must have signed an artifact; none of a base model that is unsigned by an exemption."""
    exempted = kind == BASE_MODELS and not signed and exemption_of(settings, ref) is not None
    return () if exempted else signers_of(settings, kind)
