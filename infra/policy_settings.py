"""Settings that the policy pack and the verified fetch go by, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass

ADAPTERS, BASE_MODELS = "adapters", "baseModels"
SIGNED = (ADAPTERS, BASE_MODELS)
"""What can be signed, by the catalog's keys."""


@dataclass(frozen=True, kw_only=True)
class Exemption:
    """What the policy pack lets through; the program itself only checks it. `expires` is the last day, as text."""

    rule: str
    object: str
    reason: str
    approver: str
    expires: str


@dataclass(frozen=True, kw_only=True)
class StatedKind:
    """A kind of objects that the organisation tells the policy pack about; the program itself only checks it."""

    group: str
    kind: str
    reason: str
    carries_pods: bool = False


@dataclass(frozen=True, kw_only=True)
class Signer:
    """Whose signature must be on what the catalog calls by the keys of `signs`.

    It is one `public_key`, or every certificate of `subject` that `authority` has issued, directly or not; both are
    PEM. Alerts remind of the last day `expires`.
    """

    name: str
    public_key: str | None = None
    authority: str | None = None
    subject: str | None = None
    signs: tuple[str, ...] = SIGNED
    expires: str | None = None

    def as_pods_read_it(self) -> dict[str, str]:
        """The signer as the manifests of loads and fetches have it."""
        said = {"publicKey": self.public_key, "authority": self.authority, "subject": self.subject}
        return {"name": self.name, **{key: value for key, value in said.items() if value is not None}}
