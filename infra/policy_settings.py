"""Settings that the policy pack and the verified fetch go by, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass


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
    """Whose signature adapters must carry; `public_key` is PEM. Alerts remind of the last day `expires`."""

    name: str
    public_key: str
    expires: str | None = None
