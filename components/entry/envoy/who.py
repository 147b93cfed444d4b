"""Who calls, by the metadata that Envoy's own filter has made of a checked token: matchers for routes, and formats."""

from __future__ import annotations

from typing import Any

from components.accounts import KUBERNETES, account, names_accounts
from components.entry.envoy.words import CLAIMS, JWT, has_entries, is_metadata, of_metadata
from components.entry.plan import Issuer

GROUPS_HEADER = "x-kitchen-groups"
"""Tells the list of models which groups the token has; callers cannot set it."""

ACCOUNT_HEADER = "x-kitchen-account"
"""Tells it which ServiceAccount of which issuer the token is for, as a list of four texts."""

_SUBJECT = ("sub",)
_NAMESPACE = ("kubernetes.io", "namespace")
_NAME = ("kubernetes.io", "serviceaccount", "name")
_PLAIN = "[-a-z0-9.:]+"


def speaks(issuer: Issuer, member: str) -> list[dict[str, Any]] | None:
    """Matchers for the tokens by which an issuer says that a caller is a member; None where it cannot say so.

    An identity provider says it by a list of groups, and never of accounts, whatever its groups are called. A cluster
    says it of accounts alone, at three places of a token, and all of them must agree.
    """
    if issuer.kind != KUBERNETES:
        return (
            None if names_accounts(member) else [_of(issuer), is_metadata(JWT, _groups(issuer), member, in_list=True)]
        )
    who = account(member)
    if who is None or who.prefix != issuer.prefix:
        return None
    named = [] if who.name is None else [_claim(_NAME, exact=who.name)]
    subject = {"prefix": who.beginning} if who.name is None else {"exact": who.beginning}
    return [_of(issuer), _claim(_SUBJECT, **subject), _claim(_NAMESPACE, exact=who.namespace), *named]


def listing(issuer: Issuer) -> tuple[list[dict[str, Any]], str, str]:
    """Of an issuer's tokens that name somebody: matchers, and the header with its format that tells the list whom."""
    if issuer.kind != KUBERNETES:
        # Groups in a list alone: a text would be written out as it is, and might look like one.
        groups = _groups(issuer)
        return [_of(issuer), has_entries(JWT, groups)], GROUPS_HEADER, of_metadata(JWT, *groups)
    # Nothing that could end a text early; that the three agree is for the list to see.
    paths = (_SUBJECT, _NAMESPACE, _NAME)
    matchers = [_of(issuer), *(_claim(path, safe_regex={"regex": _PLAIN}) for path in paths)]
    said = ", ".join(f'"{of_metadata(JWT, CLAIMS, *path)}"' for path in paths)
    return matchers, ACCOUNT_HEADER, f'["{issuer.name}", {said}]'


def recorded(issuer: Issuer) -> str:
    """What the record has as a caller's groups: the claim with them, and of an account its namespace."""
    return of_metadata(JWT, CLAIMS, *_NAMESPACE) if issuer.kind == KUBERNETES else of_metadata(JWT, *_groups(issuer))


def _of(issuer: Issuer) -> dict[str, Any]:
    return is_metadata(JWT, [CLAIMS, "iss"], issuer.issuer)


def _groups(issuer: Issuer) -> list[str]:
    return [CLAIMS, *issuer.groups_claim.split(".")]


def _claim(path: tuple[str, ...], **match: Any) -> dict[str, Any]:
    return {"filter": JWT, "path": [{"key": key} for key in (CLAIMS, *path)], "value": {"string_match": match}}
