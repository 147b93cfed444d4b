"""Rules about an issuer's keys that stand in Git: public keys, each with a name; nothing of a private one is shown."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from infra.faults import HIDDEN, Fault
from infra.rules.public_key import key_rule
from infra.strict_json import JsonError, TwiceError, parse

_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "k")
"""Members of a JSON Web Key that are private (RFC 7518, section 6); with `k` it is a shared secret."""

_EXAMPLE = (
    '{"keys": [{"kty": "EC", "kid": "2026-11", "alg": "ES256", "crv": "P-256", '
    '"x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}'
)
"""With the public key of RFC 7515, appendix A.3.1."""


def keys_faults(path: str, text: str | None) -> Iterator[Fault]:
    """What keeps a text from being a JSON Web Key Set of public keys that Envoy takes; None is no text."""
    if text is None:
        return
    secret = "PRIVATE KEY" in text or _is_private(text)
    broken = "holds a private key or a shared secret: change it, it is in the history now" if secret else _broken(text)
    if broken is not None:
        shown = HIDDEN if secret else f"({len(text)} characters)"
        yield Fault(path=path, value=shown, rule=broken, example=_EXAMPLE)


def _is_private(text: str) -> bool:
    """Whether a private member stands in some object of a text, the one that stands twice too."""
    names: set[str] = set()

    def noted(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names.update(name for name, _ in pairs)
        return dict(pairs)

    with suppress(ValueError, RecursionError):  # what was read until then counts
        json.loads(text, object_pairs_hook=noted)
    return any(name in names for name in _PRIVATE)


def _broken(text: str) -> str | None:
    """The rule that a text breaks."""
    try:
        content = parse(text)
    except TwiceError:
        return "holds an object with one name twice: which of the two counts, is for each reader to choose"
    except JsonError:
        content = None
    keys = content.get("keys") if isinstance(content, dict) else None
    if not isinstance(keys, list) or not keys or not all(isinstance(key, dict) for key in keys):
        return "must be a JSON Web Key Set: JSON with `keys`, one at least"
    if set(content) != {"keys"}:
        return "must have `keys` and nothing beside it"
    return _rule(keys)


def _rule(keys: Sequence[Mapping[str, Any]]) -> str | None:
    """The rule that keys break."""
    for number, key in enumerate(keys, start=1):
        if broken := key_rule(key):
            return f"key {number} {broken}"
    named = Counter(key.get("kid") for key in keys)
    if len(keys) > 1 and (None in named or max(named.values()) > 1):
        return "each of several keys has a `kid` of its own"
    return None
