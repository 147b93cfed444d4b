"""The big table with tokens of a real Keycloak, whose keys Envoy fetches by address."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.entry.rows.judge import holds
from tests.entry.rows.row import Row, chat, no, ok
from tests.entry.rows.table import ROWS
from tests.entry.support.accounts import accounts
from tests.entry.support.plan import GROUPS, KITCHEN, issuers_of
from tests.entry.support.running import Entry
from tests.entry.support.tokens import Providers
from tests.entry.support.upstream import Upstream, upstreams
from tests.keycloak.support.keycloak import Keycloak
from tests.keycloak.support.table_realms import IDP, ROLES
from tests.keycloak.support.table_tokens import INEXPRESSIBLE, Tokens

_POSING = {
    *("subject and claims of an account", "account's name as subject", "groups like accounts", "roles like accounts"),
}
OF_CLUSTERS = set(accounts(Providers())) - _POSING
"""Callers whose tokens clusters sign, or would have signed."""

HELD = [row for row in ROWS if row.caller not in {*INEXPRESSIBLE, *OF_CLUSTERS}]

_MODELS = tuple(name for name in GROUPS if name not in ("few", "embedder"))
_MAY = {"a program": "helpdesk-faq", "ana, by a code": "helpdesk-faq", "key that signs no more": "helpdesk-faq"}
MORE = [
    *(
        ok(f"{who} calls {model}", KITCHEN[model], caller=who, body=chat(model))
        if model == may
        else no(f"{who} may not call {model}", 403, "model_not_found", caller=who, body=chat(model))
        for who, may in _MAY.items()
        for model in _MODELS
    ),
    no("token: full path of a group by name", 403, "model_not_found", caller="full path of a group by name"),
    *(
        no(f"token: {who}", 401, "invalid_token", caller=who)
        for who in ("key that is switched off", "signature of another token", "signature that is turned")
    ),
]
"""Rows that need a real issuer."""


@pytest.fixture(scope="module")
def getting(keycloak: Keycloak) -> Tokens:
    return Tokens(keycloak)


@pytest.fixture(scope="module")
def tokens(getting: Tokens) -> dict[str, str]:
    return getting.all()


@pytest.fixture(scope="module")
def all_servers() -> Iterator[dict[str, Upstream]]:
    with upstreams() as made:
        yield made


@pytest.fixture
def servers(all_servers: dict[str, Upstream]) -> dict[str, Upstream]:
    for server in all_servers.values():
        server.clear()
    return all_servers


@pytest.fixture(scope="module")
def entry(
    keycloak: Keycloak,
    tokens: dict[str, str],
    all_servers: dict[str, Upstream],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Entry]:
    """It begins after the keys were changed: what it fetches is how they are in the end."""
    providers, realms = Providers(), {"idp": IDP, "realm": ROLES}
    issuers = [
        replace(one, issuer=keycloak.issuer_of(realm), jwks=None, jwks_url=keycloak.jwks_of(realm))
        if (realm := realms.get(one.name))
        else one
        for one in issuers_of(providers)
    ]
    made = Entry(tmp_path_factory.mktemp("entry"), providers, all_servers, issuers=issuers)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def test_no_caller_is_left_out_without_a_reason(tokens: dict[str, str]) -> None:
    callers = {row.caller for row in ROWS if row.caller is not None}
    assert callers - set(tokens) - OF_CLUSTERS == set(INEXPRESSIBLE)
    assert {row.caller for row in (*HELD, *MORE)} - {None} <= set(tokens)
    print(f"\n{len(HELD)} of {len(ROWS)} rows, and {len(MORE)} more, by {len(tokens)} tokens")


@pytest.mark.parametrize("row", [*HELD, *MORE], ids=lambda row: row.name)
def test_row(row: Row, entry: Entry, servers: dict[str, Upstream], tokens: dict[str, str]) -> None:
    holds(row, entry.port, servers, tokens)


def test_a_group_that_is_taken_away_counts_until_the_token_ends(
    getting: Tokens, entry: Entry, servers: dict[str, Upstream]
) -> None:
    keycloak, old = getting.keycloak, getting.get(IDP, "cli", "leaver")
    (person,) = keycloak.admin("GET", "/users?username=leaver&exact=true", realm_name=IDP)
    (group,) = keycloak.admin("GET", f"/users/{person['id']}/groups", realm_name=IDP)
    keycloak.admin("DELETE", f"/users/{person['id']}/groups/{group['id']}", realm_name=IDP)
    known = {"old": old, "new": getting.get(IDP, "cli", "leaver")}
    holds(no("new", 403, "model_not_found", caller="new"), entry.port, servers, known)
    holds(ok("old", caller="old"), entry.port, servers, known)
