"""What the entry decides by, as plain values: who may call which model, how much, and where it is served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from components.accounts import OIDC

COUNTERS = ("none", "local", "shared")
"""Who counts requests and tokens: nobody, each replica for itself (requests alone), or one counter for all."""

KEYS_SECONDS = 60
"""How long an issuer's keys are taken for the ones that it has: no longer is a new key unknown, and an old one good."""

AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
"""Where Envoy's image has the authorities of the internet."""


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """An identity provider whose tokens are believed.

    `issuer` and `audience` are what a token must say; `groups_claim` is the claim with the caller's groups, its parts
    parted by dots. The keys are `jwks` (a JSON Web Key Set as text), or come from `jwks_url`, which
    is asked again after `keys_seconds`. Of kind `kubernetes` it
    is a cluster, whose tokens have no groups: grants name its ServiceAccounts, with `prefix` before their names.
    """

    name: str
    issuer: str
    audience: str
    groups_claim: str = "groups"
    jwks: str | None = None
    jwks_url: str | None = None
    keys_seconds: int = KEYS_SECONDS
    kind: str = OIDC
    prefix: str = ""


@dataclass(frozen=True, kw_only=True)
class Server:
    """Pods that serve a kitchen: the Service's host name and port, and the kitchen's share of the calls in percent.

    `facts` are written into the record of each call that went there, such as the base model and the image's digest.
    `model` is the name by which these pods know the model, where it is not the public one: then the body says so.
    `shares` are the most calls at once of each tenant, in each Envoy; a tenant that is not named has no bound.
    """

    name: str
    host: str
    port: int
    weight: int = 100
    model: str | None = None
    shares: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one caller may use of a grant; None is no limit. The tokens are those of prompt and answer together."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    tokens_per_month: int | None = None


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Groups that may call one model: `model` is the public name, as the body of a call has it.

    `paths` are the exact paths of the API that serve it. `tenant` is the one that the groups belong to. `facts` are
    written into the record of each call. `name` is unique in an environment, and stays the same as long as the grant
    does. The record reads `tenant`, `adapters` and `adapterSums` of the facts, and the metrics `tenant`, `adapter` and
    `versions`; `adapters`, `adapterSums` and `versions` are by server's name.
    """

    name: str
    model: str
    groups: Sequence[str]
    paths: Sequence[str]
    servers: Sequence[Server]
    limits: Limits = Limits()
    tenant: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Ports:
    """TCP ports in the entry's pod: of callers, of metrics and readiness, of the check of bodies, and of what encrypts
    prompts and answers."""

    callers: int = 8443
    admin: int = 9901
    metrics: int = 9902
    check: int = 9903
    contents: int = 9905


@dataclass(frozen=True, kw_only=True)
class EntryPlan:
    """Everything that the entry's configuration is made of.

    Grants are tried in their order: the first one whose model and groups fit decides, and its limits hold.
    `counter` is one of COUNTERS; `counter_closed` refuses calls while the shared counter does not answer.
    `ca_file` has the authorities by which issuers are known that keys are fetched from.
    `proxies` are the programs before the entry whose X-Forwarded-For tells who calls; none: the connection tells.
    `tls_folder` holds tls.crt and tls.key; None is plain HTTP, which the tests use on loopback alone.
    `listen` is the address for callers and for metrics. `contents` are tenants of whose calls prompts and answers are
    recorded, encrypted: the settings have an approval for each.
    """

    environment: str
    issuers: Sequence[Issuer]
    grants: Sequence[Grant]
    counter: str = "local"
    counter_host: str | None = None
    counter_port: int = 8081
    counter_closed: bool = True
    body_kib: int = 1024
    proxies: int = 0
    ports: Ports = Ports()
    listen: str = "0.0.0.0"  # noqa: S104 - in a pod, behind its network rules
    tls_folder: str | None = "/etc/kitchen/tls"
    ca_file: str = AUTHORITIES
    record_path: str = "/var/log/kitchen/calls.jsonl"
    contents: Sequence[str] = ()
