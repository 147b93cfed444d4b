"""Settings of the entry as frozen values: who is believed, who may call what, and how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from components.accounts import KUBERNETES, OIDC
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
    """Whose tokens are believed: an identity provider (oidc), or a cluster for its ServiceAccounts (kubernetes).

    `groups_claim` has its parts parted by dots. `prefix` stands before the names of a cluster's accounts.
    """

    name: str
    issuer: str
    audience: str
    jwks: Jwks
    kind: str = OIDC
    prefix: str = ""
    groups_claim: str = "groups"
    groups_claim_stated: bool = False

    @property
    def is_cluster(self) -> bool:
        """Whether its tokens are those of ServiceAccounts."""
        return self.kind == KUBERNETES


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
    clearances: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Groups that may call models of a data class, by class."""


@dataclass(frozen=True, kw_only=True)
class RecordContents:
    """Why, by whose approval and until which day prompts and answers of a tenant's calls are recorded.

    They are encrypted to `certificate` (PEM), whose private key the tenant alone has.
    """

    reason: str
    approved_by: str
    until: str
    certificate: str


@dataclass(frozen=True, kw_only=True)
class Access:
    """Groups that may call models of a kitchen: adapters by name, or `base`; none named are all of them."""

    groups: tuple[str, ...]
    models: tuple[str, ...] = ()
    limits: CallLimits = CallLimits()


@dataclass(frozen=True, kw_only=True)
class FairShare:
    """Calls at once by tenant, where callers of several tenants reach one kitchen.

    `at_once` are those of one server, of all tenants together; None is the server's `concurrency`. A tenant without an
    entry in `parts` has one part.
    """

    enabled: bool = True
    at_once: int | None = None
    parts: Mapping[str, int] = field(default_factory=dict)


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
