"""The callers of the big table, with tokens that a real Keycloak has signed."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any

from tests.keycloak.support.forging import forged, part
from tests.keycloak.support.keycloak import Keycloak
from tests.keycloak.support.realm import PASSWORD
from tests.keycloak.support.table_realms import CLIENTS, IDP, ROLE_CLIENTS, ROLES, SECRET, STRANGER

INEXPRESSIBLE = {
    "not yet valid": "Keycloak has no setting that gives a token a later beginning",
    "without exp": "each of its tokens ends",
    "exp as text": "its mappers cannot write `exp`",
    "without issuer": "its mappers cannot write `iss`",
    "key of another issuer": "a realm signs with its own keys, under its own name",
    "empty sub": "it leaves an empty claim out",
    "sub as number": "it writes the number as a text",
}
"""Callers of the table whose tokens no real issuer signs, with the reason; keys in Git stand for them."""

_SKEW_SECONDS = 30
_NAMES = {
    "nested": (ROLES, "cli", "nils"),
    "roles like accounts": (ROLES, "cli", "dan"),
    "groups like accounts": (IDP, "cli", "dan"),
    "groups in upper case": (IDP, "cli", "upper"),
    "groups with a space": (IDP, "cli", "spaced"),
    "group by full path": (IDP, "full paths", "tea"),
    "group by its name alone": (IDP, "cli", "tea"),
    "full path of a group by name": (IDP, "full paths", "ana"),
    "subject and claims of an account": (IDP, "subject and claims of an account", "dan"),
    "account's name as subject": (IDP, "account's name as subject", "guest"),
    "wrong issuer": (STRANGER, "cli", "ana"),
    **{name: (IDP, "cli", name) for name in ("ana", "ben", "eva", "guest", "yuki", "busy")},
    **{name: (ROLES, name, "nils") for name in ROLE_CLIENTS if name != "cli"},
}
_NOT_CALLERS = ("cli", "full paths")


class Tokens:
    """Gets them as people and programs do."""

    def __init__(self, keycloak: Keycloak) -> None:
        self.keycloak = keycloak

    def get(self, realm: str, client: str, person: str) -> str:
        """A person's token, by a client."""
        form = {"grant_type": "password", "client_id": client, "username": person}
        return self._token(realm, {**form, "password": PASSWORD.format(name=person)})

    def program(self) -> str:
        """A token of a client's own account."""
        form = {"grant_type": "client_credentials", "client_id": "ticket-bot", "client_secret": SECRET}
        return self._token(IDP, form)

    def device(self, person: str) -> str:
        """A token of a person who has entered a code in a browser."""
        status, said = self.keycloak.ask(IDP, {"client_id": "cli"}, "auth/device")
        assert status == 200, said
        self.keycloak.browser(said["verification_uri"], said["user_code"], person, agrees=True)
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": "cli"}
        return self._token(IDP, {**form, "device_code": said["device_code"]})

    def keys(self, realm: str) -> dict[str, Any]:
        """The realm's JSON Web Key Set."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.keycloak.jwks_of(realm), timeout=30) as answer:
            found: dict[str, Any] = json.loads(answer.read())
        return found

    def all(self) -> dict[str, str]:
        """Every caller that is known by name; waits until the token that is to be expired has ended."""
        expired = self.get(IDP, "expired", "ana")
        by_keys = self._by_keys()
        bent = {name: (IDP, name, "ana") for name in CLIENTS if name not in _NOT_CALLERS}
        found = {name: self.get(*how) for name, how in {**bent, **_NAMES}.items()} | by_keys
        found |= {"a program": self.program(), "ana, by a code": self.device("ana")}
        found |= forged(found["ana"], found["nested"], self.keys(IDP))
        time.sleep(max(0.0, part(expired, 1)["exp"] + _SKEW_SECONDS + 2 - time.time()))
        return {**found, "expired": expired}

    def _by_keys(self) -> dict[str, str]:
        """Tokens whose key was changed after they were signed; in the end a good key signs."""
        found = {}
        for name, change in _CHANGES.items():
            key = self.keycloak.rotate(IDP)
            found[name] = self.get(IDP, "cli", "ana")
            self.keycloak.change_key(key, IDP, **change)
        kids = {name: part(token, 0)["kid"] for name, token in found.items()}
        assert len(set(kids.values())) == len(_CHANGES), "each was signed with a key of its own"
        published = {key["kid"] for key in self.keys(IDP)["keys"]}
        assert [name for name, kid in kids.items() if kid in published] == ["key that signs no more"]
        return found

    def _token(self, realm: str, form: dict[str, str]) -> str:
        status, said = self.keycloak.ask(realm, form)
        assert status == 200, (form["client_id"], said)
        return str(said["access_token"])


_CHANGES: dict[str, dict[str, str]] = {
    "key that signs no more": {"active": "false"},
    "key that is switched off": {"active": "false", "enabled": "false"},
    "unknown kid": {},
}
"""A key that signs no more is still published; one that is switched off, and one that is removed, are not."""
