"""Realms whose people and clients get the tokens of the big table: each client bends its tokens in one way."""

from __future__ import annotations

import json
from typing import Any

from tests.entry.support.accounts import ALL_OF_ARCHIVE, ALL_OF_PORTALS_SHOP, BACKEND, PORTALS_BACKEND
from tests.keycloak.support.realm import PASSWORD

IDP, ROLES, STRANGER = "table-idp", "table-roles", "table-stranger"
AUDIENCE, SECRET = "kitchen", "a-secret-of-the-ticket-bot"
POSED = (BACKEND, ALL_OF_ARCHIVE, PORTALS_BACKEND, ALL_OF_PORTALS_SHOP, "system:serviceaccounts")
"""Names of accounts that somebody may give to groups and roles of an identity provider."""

PEOPLE: dict[str, tuple[str, ...]] = {
    "ana": ("helpdesk",),
    "ben": ("legal",),
    "eva": ("legal", "helpdesk", "staff"),
    "guest": ("visitors",),
    "yuki": ("営業",),
    "busy": ("busy",),
    "nobody": (),
    "upper": ("Helpdesk",),
    "spaced": ("helpdesk ",),
    "tea": ("/kitchen/team-a",),
    "leaver": ("helpdesk",),
    "dan": POSED,
}
_TEN_YEARS = 10 * 365 * 24 * 3600
_LIFE = "access.token.lifespan"


def mapper(name: str, kind: str, **config: str) -> dict[str, Any]:
    """One mapper of a client: a claim of its access tokens."""
    said = {"access.token.claim": "true", "id.token.claim": "false", **config}
    return {"name": name, "protocol": "openid-connect", "protocolMapper": f"oidc-{kind}-mapper", "config": said}


def _claim(claim: str, value: Any, kind: str = "JSON") -> dict[str, Any]:
    """A claim that always says the same; its dots part it unless they are escaped."""
    text = value if kind == "String" else json.dumps(value)
    config = {"claim.name": claim, "claim.value": text, "jsonType.label": kind}
    return mapper(f"claim {claim}", "hardcoded-claim", **config)


def _audience(name: str) -> dict[str, Any]:
    return mapper(f"aud {name}", "audience", **{"included.custom.audience": name})


def _groups(claim: str = "groups", *, full: bool = False) -> dict[str, Any]:
    path = "true" if full else "false"
    return mapper("groups", "group-membership", **{"claim.name": claim, "full.path": path})


_SUB, _KITCHEN = mapper("sub", "sub"), _audience(AUDIENCE)
_USUAL = (_SUB, _KITCHEN)
_BOUND = {"namespace": "shop", "serviceaccount": {"name": "backend", "uid": "1"}}

CLIENTS: dict[str, tuple[dict[str, Any], ...]] = {
    "cli": (*_USUAL, _groups()),
    "many audiences": (*_USUAL, _groups(), _audience("account")),
    "expired": (*_USUAL, _groups()),
    "for ever": (*_USUAL, _groups()),
    "wrong audience": (_SUB, _groups(), _audience("mail")),
    "without audience": (_SUB, _groups()),
    "without sub": (_KITCHEN, _groups()),
    "no groups": _USUAL,
    "full paths": (*_USUAL, _groups(full=True)),
    "empty groups": (*_USUAL, _claim("groups", [])),
    "groups as text": (*_USUAL, _claim("groups", "helpdesk", "String")),
    "groups as text of a list": (*_USUAL, _claim("groups", '["helpdesk"]', "String")),
    "groups as numbers": (*_USUAL, _claim("groups", [1, 2])),
    "groups as object": (*_USUAL, _claim("groups", {"helpdesk": True})),
    "groups in a list in a list": (*_USUAL, _claim("groups", [["helpdesk"]])),
    "group in another claim": (*_USUAL, _groups("roles")),
    "nested claim of the other issuer": (*_USUAL, _claim("realm_access", {"roles": ["helpdesk"]})),
    "subject and claims of an account": (
        *(_KITCHEN, _groups(), _claim("sub", BACKEND, "String"), _claim("kubernetes\\.io", _BOUND)),
    ),
    "account's name as subject": (_KITCHEN, _groups(), _claim("sub", BACKEND, "String")),
    "sub with a line break": (_KITCHEN, _groups(), _claim("sub", "ana\nben", "String")),
    "very long sub": (_KITCHEN, _groups(), _claim("sub", "a" * 2000, "String")),
}
"""Clients of people by name, with what they put into tokens."""

_ROLES_CLAIM = {"claim.name": "realm_access.roles", "multivalued": "true"}
_ROLE_NAMES = ("helpdesk", *POSED)
ROLE_CLIENTS: dict[str, tuple[dict[str, Any], ...]] = {
    "cli": (
        *_USUAL,
        mapper("roles", "usermodel-realm-role", **{"claim.name": "realm_access.roles", "multivalued": "true"}),
    ),
    "flat claim of the other issuer": (*_USUAL, _claim("groups", ["helpdesk"])),
    "nested claim as text": (*_USUAL, _claim("realm_access.roles", "helpdesk", "String")),
    "claim with a dot in its name": (*_USUAL, _claim("realm_access\\.roles", ["helpdesk"])),
}


def realms() -> list[dict[str, Any]]:
    """What Keycloak imports: an issuer with groups, one with roles in a nested claim, and one that nobody believes."""
    clients = [_client(name, mappers) for name, mappers in CLIENTS.items()]
    bot = {"secret": SECRET, "publicClient": False, "serviceAccountsEnabled": True, "directAccessGrantsEnabled": False}
    groups = sorted({name for names in PEOPLE.values() for name in names if not name.startswith("/")})
    people = [_person(name, groups=list(names)) for name, names in PEOPLE.items()]
    program = {"username": "service-account-ticket-bot", "enabled": True, "serviceAccountClientId": "ticket-bot"}
    return [
        _realm(
            IDP,
            clients=[*clients, {**_client("ticket-bot", CLIENTS["cli"]), **bot}],
            groups=[*({"name": name} for name in groups), {"name": "kitchen", "subGroups": [{"name": "team-a"}]}],
            users=[*people, {**program, "groups": ["helpdesk"]}],
        ),
        _realm(
            ROLES,
            clients=[_client(name, mappers) for name, mappers in ROLE_CLIENTS.items()],
            roles={"realm": [{"name": name} for name in _ROLE_NAMES]},
            users=[_person("nils", realmRoles=["helpdesk"]), _person("dan", realmRoles=list(POSED))],
        ),
        _realm(STRANGER, clients=[_client("cli", CLIENTS["cli"])], groups=[{"name": "helpdesk"}],
               users=[_person("ana", groups=["helpdesk"])]),
    ]  # fmt: skip


def _realm(name: str, **more: Any) -> dict[str, Any]:
    device = {"oauth2DevicePollingInterval": "1", "oauth2DeviceCodeLifespan": "120"}
    life = {"accessTokenLifespan": 3600, "ssoSessionMaxLifespan": _TEN_YEARS, "ssoSessionIdleTimeout": _TEN_YEARS}
    return {"realm": name, "enabled": True, "sslRequired": "none", "attributes": device, **life, **more}


def _client(name: str, mappers: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    life = {"expired": {_LIFE: "1"}, "for ever": {_LIFE: str(_TEN_YEARS)}}
    return {
        "clientId": name,
        "publicClient": True,
        "directAccessGrantsEnabled": True,
        "standardFlowEnabled": False,
        "defaultClientScopes": [],
        "protocolMappers": list(mappers),
        "attributes": {"oauth2.device.authorization.grant.enabled": "true", **life.get(name, {})},
    }


def _person(name: str, **more: Any) -> dict[str, Any]:
    credentials = [{"type": "password", "value": PASSWORD.format(name=name)}]
    about = {"email": f"{name}@kitchen.example", "firstName": name, "lastName": name}
    return {"username": name, "enabled": True, "credentials": credentials, **about, **more}
