"""A realm as an organisation would have it: groups in a claim, an audience for the kitchen, people and programs."""

from __future__ import annotations

from typing import Any

REALM, AUDIENCE = "kitchen", "kitchen"
PEOPLE = {"ana": "helpdesk-callers", "ben": "reviewers", "eve": "visitors"}
PASSWORD = "a-password-of-{name}"
SECRETS = {"ticket-bot": "canary-secret-of-ticket-bot", "other-app": "canary-secret-of-other-app"}

_MAPPER = {"protocol": "openid-connect"}
_CLAIMS = {"access.token.claim": "true", "id.token.claim": "false"}


def realm() -> dict[str, Any]:
    """What Keycloak imports. An import with scopes has none of the usual ones, so `sub` is mapped here too."""
    return {
        "realm": REALM,
        "enabled": True,
        "sslRequired": "none",
        "accessTokenLifespan": 300,
        "attributes": {"oauth2DevicePollingInterval": "1", "oauth2DeviceCodeLifespan": "120"},
        "groups": [{"name": name} for name in PEOPLE.values()],
        "clientScopes": [_scope()],
        "clients": [
            _client("kitchen-cli", publicClient=True, directAccessGrantsEnabled=True),
            _client("ticket-bot", secret=SECRETS["ticket-bot"], serviceAccountsEnabled=True),
            _client("no-flow", publicClient=True, attributes={}),
            {
                **_client("other-app", secret=SECRETS["other-app"], serviceAccountsEnabled=True),
                "defaultClientScopes": [],
            },
        ],
        "users": [
            *(_person(name, group) for name, group in PEOPLE.items()),
            _program("ticket-bot", "helpdesk-callers"),
        ],
    }


def _scope() -> dict[str, Any]:
    mappers = {
        "sub": ("oidc-sub-mapper", {}),
        "aud": ("oidc-audience-mapper", {"included.custom.audience": AUDIENCE}),
        "groups": ("oidc-group-membership-mapper", {"claim.name": "groups", "full.path": "false"}),
    }
    return {
        "name": "kitchen",
        "protocol": "openid-connect",
        "protocolMappers": [
            {"name": name, "protocolMapper": kind, **_MAPPER, "config": {**_CLAIMS, **more}}
            for name, (kind, more) in mappers.items()
        ],
    }


def _client(name: str, **more: Any) -> dict[str, Any]:
    device = {"oauth2.device.authorization.grant.enabled": "true"}
    usual = {"standardFlowEnabled": False, "defaultClientScopes": ["kitchen"], "attributes": device}
    return {"clientId": name, **usual, **more}


def _person(name: str, group: str) -> dict[str, Any]:
    credentials = [{"type": "password", "value": PASSWORD.format(name=name)}]
    about = {"email": f"{name}@kitchen.example", "firstName": name, "lastName": name}
    return {"username": name, "enabled": True, "groups": [group], "credentials": credentials, **about}


def _program(name: str, group: str) -> dict[str, Any]:
    return {"username": f"service-account-{name}", "enabled": True, "serviceAccountClientId": name, "groups": [group]}
