"""An issuer's own description of itself (OpenID Connect Discovery), and how a client tells who it is."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from infra.faults import printable
from ops.token.asking import Answer, Asker, safe
from ops.token.errors import AwayError, IssuerError

DISCOVERY = "/.well-known/openid-configuration"

_WORDS = {
    "access_denied": "it was denied: by the person at the browser, or by a rule of the issuer",
    "authorization_pending": "nobody has entered the code",
    "expired_token": "the code has ended before anybody entered it: run the command again",
    "invalid_client": "the client or its secret is wrong",
    "invalid_grant": "the code is no longer valid: run the command again",
    "invalid_request": "it does not understand the question: check --client-id and --scope",
    "invalid_scope": "it does not know a scope, or gives it not to this client: check --scope",
    "invalid_target": "it gives no token for this audience to this client",
    "server_error": "it has a fault of its own: try again later",
    "slow_down": "it is asked too often: try again later",
    "temporarily_unavailable": "it is busy: try again later",
    "unauthorized_client": "the client or its secret is wrong, or it may not get tokens in this way",
    "unsupported_grant_type": "it gives no tokens in this way",
}
"""What an error code means (RFC 6749, 8628, 8707). An issuer's own words are not shown: they may repeat a secret."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """Who asks. A public client, such as a command for people, has no secret."""

    id: str
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Token:
    """What the issuer gave. `lasts` are seconds, as it says itself."""

    value: str = field(repr=False)
    lasts: int | None = None


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """Where an issuer is asked. `post` is true where it takes a client's secret in the form alone."""

    issuer: str
    token: str
    device: str | None
    post: bool

    def form(self, client: Client) -> tuple[dict[str, str], dict[str, str]]:
        """Fields and headers that say who the client is (RFC 6749, 2.3.1)."""
        if client.secret is None:
            return {"client_id": client.id}, {}
        if self.post:
            return {"client_id": client.id, "client_secret": client.secret}, {}
        pair = f"{quote_plus(client.id)}:{quote_plus(client.secret)}"
        return {}, {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def discovered(issuer: str, asker: Asker) -> Endpoints:
    """What the issuer publishes; raise IssuerError where it is out of reach or another one, or lacks an endpoint."""
    url = issuer.rstrip("/") + DISCOVERY
    answer = asker.get(url)
    if answer.status != 200:
        kind = AwayError if answer.status >= 500 else IssuerError
        raise kind(f"{url}: status {answer.status}; there must be an issuer with OpenID discovery")
    said = answer.data
    if said.get("issuer") != issuer:
        raise IssuerError(f"{url}: is of another issuer than the settings say; entry.issuers must have its very words")
    device = said.get("device_authorization_endpoint")
    methods = said.get("token_endpoint_auth_methods_supported")
    known = methods if isinstance(methods, list) else ["client_secret_basic"]
    return Endpoints(
        issuer=issuer,
        token=_endpoint(url, "token_endpoint", said.get("token_endpoint")),
        device=None if device is None else _endpoint(url, "device_authorization_endpoint", device),
        post="client_secret_basic" not in known and "client_secret_post" in known,
    )


def by_credentials(endpoints: Endpoints, client: Client, scope: str, asker: Asker) -> Token:
    """A token for a program (RFC 6749, 4.4); raise IssuerError."""
    fields, headers = endpoints.form(client)
    form = {"grant_type": "client_credentials", **fields, **({"scope": scope} if scope else {})}
    answer = asker.post(endpoints.token, form, headers)
    return taken(endpoints.token, answer)


def taken(url: str, answer: Answer) -> Token:
    """The token in an answer; raise IssuerError for a refusal, and for a token that is not for a header."""
    data = answer.data
    if answer.status != 200:
        raise refused(url, answer)
    value, lasts = data.get("access_token"), data.get("expires_in")
    if not isinstance(value, str) or not value or not (value.isascii() and value.isprintable() and " " not in value):
        raise IssuerError(f"{url}: the answer holds no access token")
    if str(data.get("token_type")).lower() != "bearer":
        raise IssuerError(f"{url}: the token is not of type Bearer, and the entry takes no other one")
    return Token(value=value, lasts=lasts if isinstance(lasts, int) and lasts > 0 else None)


def refused(url: str, answer: Answer) -> IssuerError:
    """What a refusal means, in our words."""
    code = code_of(answer)
    if code is not None:
        return IssuerError(f"{url}: {code}: {_WORDS[code]}")
    kind = AwayError if answer.status >= 500 or answer.status == 429 else IssuerError
    return kind(f"{url}: status {answer.status}, with no error that OAuth 2.0 knows")


def code_of(answer: Answer) -> str | None:
    """The error code of a refusal, if it is one that is known."""
    code = answer.data.get("error")
    return code if isinstance(code, str) and code in _WORDS else None


def number(data: Mapping[str, Any], key: str, otherwise: int) -> int:
    """A whole number of seconds above 0 out of an answer."""
    value = data.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else otherwise


def _endpoint(url: str, key: str, value: object) -> str:
    if not isinstance(value, str) or not safe(value):
        shown = printable(value)[:200] if isinstance(value, str) else "missing"
        raise IssuerError(f"{url}: {key}: {shown}; rule: must be an https address without a user")
    return value
