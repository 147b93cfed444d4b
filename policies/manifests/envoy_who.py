"""Who a route of an entry's Envoy is for: matchers of checked tokens, as the program writes them for the settings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policies.judging.values import JsonValue
from policies.manifests.envoy_stated import Stated
from policies.manifests.fields import at
from policies.manifests.forms import same

_TOKEN = "envoy.filters.http.jwt_authn"  # noqa: S105 - a place in Envoy's metadata
_MARK = "system:serviceaccount"
_ACCOUNT = re.compile(rf"([a-z0-9][-a-z0-9]*:)?{_MARK}(?:s:([-a-z0-9]+)|:([-a-z0-9]+):([-a-z0-9.]+))")
_SUBJECT, _NAMESPACE, _NAME = ("sub",), ("kubernetes.io", "namespace"), ("kubernetes.io", "serviceaccount", "name")
_PLAIN = {"safe_regex": {"regex": "[-a-z0-9.:]+"}}


def member_of(asked: JsonValue, stated: Stated) -> str | None:
    """The group or account that matchers ask for, of those that the settings name; None for any others."""
    if not isinstance(asked, list) or len(asked) < 2:
        return None
    for issuer in stated.issuers.values():
        for member in sorted(stated.members()):
            if same(asked[:-1], _matchers(issuer, member)):
                return member
    return None


def model_of(asked: JsonValue) -> str | None:
    """The model that the last matcher asks for."""
    last = asked[-1] if isinstance(asked, list) and asked else None
    model = at(last, "value", "string_match", "exact")
    wanted = {"filter": "kitchen.call", "path": [{"key": "model"}], "value": {"string_match": {"exact": model}}}
    return model if isinstance(model, str) and same(last, wanted) else None


def listings(stated: Stated) -> Iterator[tuple[str, list[Any], str, str]]:
    """By issuer the matchers of the list of models, and the header with its format that tells it who asks."""
    for name, issuer in stated.issuers.items():
        if issuer.get("kind") == "kubernetes":
            paths = (_SUBJECT, _NAMESPACE, _NAME)
            said = ", ".join(f'"%DYNAMIC_METADATA({":".join((_TOKEN, "claims", *path))})%"' for path in paths)
            yield (
                name,
                [_of(issuer), *(_claim(path, _PLAIN) for path in paths)],
                "x-kitchen-account",
                f'["{name}", {said}]',
            )
        else:
            path = _groups(issuer)
            some = _matcher(path, {"list_match": {"one_of": {"present_match": True}}})
            header = f"%DYNAMIC_METADATA({':'.join((_TOKEN, 'claims', *path))})%"
            yield name, [_of(issuer), some], "x-kitchen-groups", header


def _matchers(issuer: Mapping[str, JsonValue], member: str) -> list[Any] | None:
    if issuer.get("kind") != "kubernetes":
        listed = {"list_match": {"one_of": {"string_match": {"exact": member}}}}
        return None if _MARK in member else [_of(issuer), _matcher(_groups(issuer), listed)]
    found = _ACCOUNT.fullmatch(member)
    if found is None or (found[1] or "") != (issuer.get("prefix") or ""):
        return None
    namespace, name = found[2] or found[3], found[4]
    begins = f"{_MARK}:{namespace}:{name or ''}"
    subject = {"prefix": begins} if name is None else {"exact": begins}
    last = [] if name is None else [_claim(_NAME, {"exact": name})]
    return [_of(issuer), _claim(_SUBJECT, subject), _claim(_NAMESPACE, {"exact": namespace}), *last]


def _of(issuer: Mapping[str, JsonValue]) -> dict[str, Any]:
    return _claim(("iss",), {"exact": issuer.get("issuer")})


def _groups(issuer: Mapping[str, JsonValue]) -> tuple[str, ...]:
    return tuple(str(issuer.get("groupsClaim") or "groups").split("."))


def _claim(path: tuple[str, ...], match: Mapping[str, Any]) -> dict[str, Any]:
    return _matcher(path, {"string_match": match})


def _matcher(path: tuple[str, ...], value: Mapping[str, Any]) -> dict[str, Any]:
    return {"filter": _TOKEN, "path": [{"key": key} for key in ("claims", *path)], "value": value}
