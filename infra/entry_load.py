"""Reads the entry's settings, and what a kitchen says of its callers, out of what the schema has passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.door_settings import DoorSettings
from infra.entry_settings import Access, CallLimits, EntrySettings, EntryTls, FairShare, Inputs, Issuer, Jwks
from infra.keys import fields

_LIMITS = ("requestsPerMinute", "tokensPerMinute", "tokensPerMonth")


def entry_settings(data: Mapping[str, Any]) -> EntrySettings:
    """The settings of the entry."""
    rest = {key: value for key, value in data.items() if key not in ("tls", "issuers", "limits", "door", "clearances")}
    return EntrySettings(
        **fields(rest),
        tls=EntryTls(**data["tls"]),
        issuers=tuple(_issuer(issuer) for issuer in data["issuers"]),
        limits=CallLimits(**fields(data.get("limits", {}))),
        door=_door(data.get("door", {})),
        clearances={name: tuple(groups) for name, groups in data.get("clearances", {}).items()},
    )


def access(entries: Sequence[Mapping[str, Any]]) -> tuple[Access, ...]:
    """What a kitchen says of its callers, in its order."""
    return tuple(
        Access(
            groups=tuple(entry["groups"]),
            models=tuple(entry.get("models", ())),
            limits=CallLimits(**fields({key: entry[key] for key in _LIMITS if key in entry})),
        )
        for entry in entries
    )


def inputs(data: Mapping[str, Any]) -> Inputs:
    """Bounds of what a call to a kitchen may ask for."""
    return Inputs(**fields({**data, "imageHosts": tuple(data.get("imageHosts", ()))}))


def fair_share(data: Mapping[str, Any]) -> FairShare:
    """How a kitchen's calls at once are divided among tenants."""
    return FairShare(**fields({**data, "parts": dict(data.get("parts", {}))}))


def _door(data: Mapping[str, Any]) -> DoorSettings:
    rest = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    return DoorSettings(**fields(rest), stated=tuple(key for key in data if key != "kind"))


def _issuer(data: Mapping[str, Any]) -> Issuer:
    return Issuer(**fields({**data, "jwks": Jwks(**data["jwks"])}), groups_claim_stated="groupsClaim" in data)
