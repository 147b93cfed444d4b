"""The entry of the tests: two kitchens, two identity providers, two clusters, and grants that overlap."""

from __future__ import annotations

from typing import Any

from components.accounts import KUBERNETES
from components.entry.plan import EntryPlan, Grant, Issuer, Limits, Ports, Server
from infra.kitchen.entry_plan import may_call
from infra.payload.call_bounds import PARAMETERS
from tests.entry.support.accounts import ALL_OF_ARCHIVE, ALL_OF_PORTALS_SHOP, BACKEND, PORTALS_BACKEND
from tests.entry.support.tokens import CLUSTER, IDP, PORTAL, REALM, Providers

CHAT = "/v1/chat/completions"
PATHS = (CHAT, "/v1/completions", "/v1/responses")
POOLING = tuple(path for path in PARAMETERS if path not in PATHS)
BODY_KIB = 64

GROUPS: dict[str, tuple[str, ...]] = {
    "helpdesk-faq": ("helpdesk", BACKEND),
    "contracts": ("legal", ALL_OF_ARCHIVE),
    "base": ("staff", "営業", "/kitchen/team-a", PORTALS_BACKEND),
    "embedder": ("helpdesk", "legal", ALL_OF_PORTALS_SHOP),
    "few": ("busy",),
}
"""Public models by the groups and accounts that may call them."""

KITCHEN = {"helpdesk-faq": "support", "base": "support", "contracts": "legal", "embedder": "legal", "few": "support"}
"""The server of each model."""


def cluster(name: str, issuer: str, keys: str, prefix: str = "") -> Issuer:
    """A cluster whose ServiceAccounts may call."""
    return Issuer(name=name, issuer=issuer, audience="kitchen", kind=KUBERNETES, prefix=prefix, jwks=keys)


def issuers_of(providers: Providers) -> list[Issuer]:
    """Whose tokens are believed."""
    return [
        Issuer(name="idp", issuer=IDP, audience="kitchen", jwks=providers.jwks(providers.idp)),
        Issuer(
            name="realm",
            issuer=REALM,
            audience="kitchen",
            groups_claim="realm_access.roles",
            jwks=providers.jwks(providers.realm),
        ),
        cluster("cluster", CLUSTER, providers.jwks(providers.cluster)),
        cluster("portal", PORTAL, providers.jwks(providers.portal), prefix="portal:"),
    ]


def plan(providers: Providers, servers: dict[str, int], ports: Ports, record: str, **changed: Any) -> EntryPlan:
    """The plan; `servers` are ports of the kitchens."""
    held = {
        name: Server(name=name, host="127.0.0.1", port=port, facts={"baseModel": f"{name}/v1"})
        for name, port in servers.items()
    }
    grants = [
        Grant(
            name=f"{KITCHEN[model]}/{model}/0",
            model=model,
            groups=groups,
            paths=POOLING if model == "embedder" else PATHS,
            servers=[held[KITCHEN[model]]],
            limits=Limits(requests_per_minute=2) if model == "few" else Limits(),
            facts={"adapter": f"{model}/v1"},
        )
        for model, groups in GROUPS.items()
    ]
    return EntryPlan(
        **{
            "environment": "test",
            "issuers": issuers_of(providers),
            "grants": grants,
            "body_kib": BODY_KIB,
            "ports": ports,
            "tls_folder": None,
            "record_path": record,
            **changed,
        }
    )


def table() -> dict[str, Any]:
    """What the check of bodies is told."""
    clusters = {"cluster": "", "portal": "portal:"}
    return {"created": 1700000000, "models": {name: may_call(groups, clusters) for name, groups in GROUPS.items()}}
