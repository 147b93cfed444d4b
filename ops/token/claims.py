"""What a token says, read and not verified: the entry verifies it, and this says in words what it would not take."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from infra.entry_settings import Issuer
from infra.faults import printable
from infra.strict_json import parse

LONGEST_SECONDS = 86400
"""The entry takes no token that is valid for longer; a test compares it with what the entry's filter says."""

MOST_CHARACTERS = 32 * 1024
"""Of all headers of a call together; the same test compares it."""

_SHOWN = 20


def read(token: str) -> Mapping[str, Any] | None:
    """The claims, or None where the token is no JSON Web Token."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        value = parse(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def groups(claims: Mapping[str, Any], claim: str) -> list[str]:
    """The groups in a claim whose parts are parted by dots, in the token's order; none where it is no list."""
    value = _at(claims, claim)
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


def ends(claims: Mapping[str, Any]) -> float | None:
    """When the token ends, in seconds since 1970."""
    value = claims.get("exp")
    return value if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 2**40 else None


def remarks(token: str, issuer: Issuer, now: float) -> list[str]:
    """What the entry would refuse the token for, a sentence each."""
    claims = read(token)
    if claims is None:
        return ["it is no JSON Web Token: the issuer must give those, so that the entry can read the caller's groups"]
    found = []
    if len(token) > MOST_CHARACTERS:
        rule = f"the headers of a call may have {MOST_CHARACTERS} in all: the issuer must leave groups out"
        found.append(f"it has {len(token)} characters: {rule}")
    if claims.get("iss") != issuer.issuer:
        found.append(f"its issuer (iss) is {_shown(claims.get('iss'))}, and the settings say {issuer.issuer}")
    audience = claims.get("aud")
    if issuer.audience not in (audience if isinstance(audience, list) else [audience]):
        rule = f"the issuer must put {issuer.audience} into the tokens of this client"
        found.append(f"its audience (aud) is {_shown(audience)}: {rule}")
    if not isinstance(_at(claims, issuer.groups_claim), list):
        rule = "the issuer must put the caller's groups there"
        found.append(f"it has no list of groups in the claim {issuer.groups_claim}: {rule}")
    return found + list(_of_time(claims, now))


def listed(names: Iterable[str]) -> str:
    """Names on one line, cut after the first twenty."""
    every = [printable(name) for name in names]
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + more


def _of_time(claims: Mapping[str, Any], now: float) -> Iterable[str]:
    end, begin = ends(claims), claims.get("iat")
    if end is None:
        yield "it does not say when it ends (exp)"
    elif end <= now:
        yield "it has ended already: is the clock of this machine right?"
    elif end - (begin if isinstance(begin, int | float) else now) > LONGEST_SECONDS:
        yield f"it is valid for more than {LONGEST_SECONDS // 3600} hours"


def _at(claims: Mapping[str, Any], claim: str) -> object:
    value: object = claims
    for part in claim.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _shown(value: object) -> str:
    if isinstance(value, str):
        return printable(value)[:200]
    if isinstance(value, list):
        return listed(entry for entry in value if isinstance(entry, str)) or "empty"
    return "missing" if value is None else "no text"
