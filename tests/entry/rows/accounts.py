"""ServiceAccounts: which of a cluster's tokens stand for which account, and who cannot pass for one."""

from __future__ import annotations

from tests.entry.rows.callers import listed
from tests.entry.rows.row import Row, chat, no, ok
from tests.entry.support.plan import KITCHEN

_MODELS = ("helpdesk-faq", "contracts", "base")
_MAY = {
    "pod of shop": {"helpdesk-faq"},
    "token of kubectl": {"helpdesk-faq"},
    "pod of archive": {"contracts"},
    "another pod of archive": {"contracts"},
    "pod of the portal's shop": {"base"},
}
_NOBODY = (
    *("another pod of the portal's shop", "pod of another name", "pod of another namespace"),
    *("pod of the portal's archive", "pod of a longer namespace", "name with a point"),
    *("subject of others", "namespace of others", "name of others", "subject alone", "claims alone", "claims as texts"),
    *(
        "another name in the claims",
        "namespace as a list",
        "claims in parts of a name",
        "claims of older tokens",
        "account with groups",
    ),
    *("groups like accounts", "roles like accounts", "subject and claims of an account", "account's name as subject"),
)
"""Whose token is good, and who may call no model for chats."""

CALLS = [
    ok(f"{who} calls {model}", KITCHEN[model], chat(model), caller=who)
    if model in _MAY.get(who, ())
    else no(f"{who} may not call {model}", 403, "model_not_found", caller=who, body=chat(model))
    for who in (*_MAY, *_NOBODY)
    for model in _MODELS
]

_BAD = {
    **dict.fromkeys(
        (
            *("pod, expired", "pod, without an end", "pod, for a year", "pod of a strange cluster"),
            *("pod of a strange cluster, of our issuer's name", "the same, by our key's name"),
            *("pod of the portal, as ours", "pod of ours, as the portal's", "older token of the cluster"),
        ),
        (401, "invalid_token"),
    ),
    "pod, for the API server": (403, "not_allowed"),
}
FAULTS = [
    *(no(f"token: {who}", status, code, caller=who) for who, (status, code) in _BAD.items()),
    *(
        no(f"token: {who}, the list of models", status, code, caller=who, method="GET", path="/v1/models", body=None)
        for who, (status, code) in _BAD.items()
    ),
]

_LISTS = {
    "pod of shop": ("helpdesk-faq",),
    "pod of archive": ("contracts",),
    "pod of the portal's shop": ("base", "embedder"),
    "another pod of the portal's shop": ("embedder",),
    **dict.fromkeys(set(_NOBODY) - {"another pod of the portal's shop"}, ()),
}
LISTS = [
    Row(name=f"models of {who}", caller=who, method="GET", path="/v1/models", receives=listed(*names))
    for who, names in sorted(_LISTS.items())
]

FORGED = [
    no(f"an account by {name}", 403, "model_not_found", caller="guest",
       headers=(("content-type", "application/json"), (name, value)))
    for name, value in {
        "x-kitchen-account": '["cluster", "system:serviceaccount:shop:backend", "shop", "backend"]',
        "x-remote-user": "system:serviceaccount:shop:backend",
        "impersonate-user": "system:serviceaccount:shop:backend",
    }.items()
]  # fmt: skip
FORGED_LISTS = [
    Row(name=f"models by a forged account, {who}", caller=who, method="GET", path="/v1/models", receives=listed(*names),
        headers=(("x-kitchen-account", '["cluster", "system:serviceaccount:archive:reader", "archive", "reader"]'),))
    for who, names in {"guest": (), "no groups": (), "pod of shop": ("helpdesk-faq",), "yuki": ("base",)}.items()
]  # fmt: skip

ROWS = [*CALLS, *FAULTS, *LISTS, *FORGED, *FORGED_LISTS]
