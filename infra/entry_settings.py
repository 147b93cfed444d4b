"""Settings of the entry as frozen values: who is believed, who may call what, and how much."""

from __future__ import annotations

from dataclasses import dataclass, field

from infra.door_settings import DoorSettings

COUNTER_IMAGES = ("ratelimit", "valkey")
"""Images of the catalog by which the shared counter runs."""

BASE = "base"
"""What `models` of a kitchen's access calls its base model."""


@dataclass(frozen=True, kw_only=True)
class Jwks:
    """An issuer's keys: fetched from `url`, or in Git as the text `keys`; one of them."""

    url: str | None = None
    keys: str | None = None


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """An identity provider whose tokens are believed; `groups_claim` has its parts parted by dots."""

    name: str
    issuer: str
    audience: str
    jwks: Jwks
    groups_claim: str = "groups"


@dataclass(frozen=True, kw_only=True)
class EntryTls:
    """The entry's certificate: of cert-manager's ClusterIssuer, or in a Secret of the entry's namespace."""

    issuer: str | None = None
    secret: str | None = None


@dataclass(frozen=True, kw_only=True)
class CallLimits:
    """What one caller may use of a grant; None is no limit. Tokens are those of prompt and answer together."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    tokens_per_month: int | None = None


@dataclass(frozen=True, kw_only=True)
class EntrySettings:
    """The way in. `counter` is none, local or shared; `closed_without_counter` refuses calls while it is away."""

    host: str
    tls: EntryTls
    issuers: tuple[Issuer, ...]
    limits: CallLimits = CallLimits()
    counter: str = "local"
    closed_without_counter: bool = True
    body_kib: int = 1024
    replicas: int = 2
    image: str = "envoy"
    door: DoorSettings = field(default_factory=DoorSettings)


@dataclass(frozen=True, kw_only=True)
class Access:
    """Groups that may call models of a kitchen: adapters by name, or `base`; none named are all of them."""

    groups: tuple[str, ...]
    models: tuple[str, ...] = ()
    limits: CallLimits = CallLimits()


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Bounds of what a call to a kitchen may ask for; None is the check's default."""

    max_tokens: int | None = None
    max_choices: int | None = None
    max_logprobs: int | None = None
    max_messages: int | None = None
    max_inputs: int | None = None
    max_characters: int | None = None
    max_tools: int | None = None
    image_hosts: tuple[str, ...] = field(default=())
