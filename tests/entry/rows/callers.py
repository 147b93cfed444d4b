"""Tokens: who gets which model."""

from __future__ import annotations

import json

from tests.entry.rows.row import JSON, Row, chat, no, ok
from tests.entry.support.plan import GROUPS, KITCHEN

_MAY = {
    "ana": {"helpdesk-faq"},
    "ben": {"contracts"},
    "eva": {"helpdesk-faq", "contracts", "base"},
    "yuki": {"base"},
    "guest": set[str](),
    "nested": {"helpdesk-faq"},
    "group by full path": {"base"},
    "many audiences": {"helpdesk-faq"},
}
"""Chat models that callers may call; `embedder` is not for chats, whoever asks."""

MATRIX = [
    ok(f"{who} calls {model}", KITCHEN[model], chat(model), caller=who)
    if model in may
    else no(f"{who} may not call {model}", 403, "model_not_found", caller=who, body=chat(model))
    for who, may in _MAY.items()
    for model in (*(name for name in GROUPS if name != "few"), "nobody-s", "")
]

_FAULTS = {
    **dict.fromkeys(
        (
            *("expired", "not yet valid", "without exp", "for ever", "exp as text", "alg none", "no signature"),
            *("HS256 with the public key", "unknown kid", "stranger's key", "kid of another issuer"),
            *("key of another issuer", "changed payload", "another alg", "key in the head", "wrong issuer"),
            *("without issuer", "without sub", "empty sub", "sub as number", "sub with a line break"),
            *("very long sub", "not a token", "three dots"),
        ),
        (401, "invalid_token"),
    ),
    **dict.fromkeys(("wrong audience", "without audience"), (403, "not_allowed")),
    **dict.fromkeys(
        (
            *("no groups", "empty groups", "groups as text", "groups as text of a list", "groups as numbers"),
            *("group by its name alone", "groups as object", "groups in a list in a list", "groups in upper case"),
            *("groups with a space", "group in another claim", "nested claim of the other issuer"),
            *("flat claim of the other issuer", "nested claim as text", "claim with a dot in its name"),
        ),
        (403, "model_not_found"),
    ),
}
FAULTS = [no(f"token: {who}", status, code, caller=who) for who, (status, code) in _FAULTS.items()]


def _with(*headers: tuple[str, str]) -> bytes:
    body = chat()
    lines = [f"{name}: {value}" for name, value in (*headers, *JSON, ("content-length", str(len(body))))]
    return "\r\n".join(["POST /v1/chat/completions HTTP/1.1", "host: entry", *lines, "", ""]).encode() + body


_GOOD = ("authorization", "Bearer {token}")
HEADERS = [
    no("no token", 401, "invalid_token", caller=None),
    no("no token, the list of models", 401, "invalid_token", caller=None, method="GET", path="/v1/models", body=None),
    no("no token, an unknown path", 401, "invalid_token", caller=None, path="/metrics", method="GET", body=None),
    no("an empty token", 401, "invalid_token", raw=_with(("authorization", "Bearer "))),
    no("token without a scheme", 401, "invalid_token", raw=_with(("authorization", "{token}"))),
    no("scheme in lower case", 401, "invalid_token", raw=_with(("authorization", "bearer {token}"))),
    no("another scheme", 401, "invalid_token", raw=_with(("authorization", "Basic {token}"))),
    no("token as x-api-key", 401, "invalid_token", raw=_with(("x-api-key", "{token}"))),
    no("token in a cookie", 401, "invalid_token", raw=_with(("cookie", "access_token={token}"))),
    no("two tokens, the good one last", 401, "invalid_token", raw=_with(("authorization", "Bearer a.b.c"), _GOOD)),
    no("token of another header", 401, "invalid_token", raw=_with(("proxy-authorization", "Bearer {token}"))),
    no("token in the query", 401, "invalid_token", caller=None, path="/v1/chat/completions?access_token={token}"),
    no("token in the body", 401, "invalid_token", caller=None, body=chat(access_token="a.b.c")),
]


def listed(*names: str) -> bytes:
    """The list of models, as it is answered."""
    entry = {"object": "model", "created": 1700000000, "owned_by": "kitchen"}
    return json.dumps({"object": "list", "data": [{"id": name, **entry} for name in names]}).encode() + b"\n"


LISTS = [
    Row(name=f"models of {who}", caller=who, method="GET", path="/v1/models", receives=listed(*names))
    for who, names in {
        "ana": ("embedder", "helpdesk-faq"),
        "ben": ("contracts", "embedder"),
        "eva": ("base", "contracts", "embedder", "helpdesk-faq"),
        "yuki": ("base",),
        "guest": (),
        "nested": ("embedder", "helpdesk-faq"),
        "no groups": (),
        "groups as text": (),
        "groups as text of a list": (),
        "groups as numbers": (),
        "flat claim of the other issuer": (),
    }.items()
]

ROWS = [*MATRIX, *FAULTS, *HEADERS, *LISTS]
