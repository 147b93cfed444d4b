"""Rules about an issuer's keys that stand in Git: public keys, each with a name; nothing of a private one is shown."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.faults import HIDDEN, Fault

_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "k")
"""Members of a JSON Web Key that are private (RFC 7518, section 6); with `k` it is a shared secret."""

_PUBLIC = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_EXAMPLE = '{"keys": [{"kty": "EC", "kid": "2026-11", "alg": "ES256", "crv": "P-256", "x": "...", "y": "..."}]}'


def keys_faults(path: str, text: str | None) -> Iterator[Fault]:
    """What keeps a text from being a JSON Web Key Set of public keys; None is no text."""
    if text is None:
        return
    keys = _keys(text)
    secret = "PRIVATE KEY" in text or any(name in key for key in keys or () for name in _PRIVATE)
    broken = "holds a private key or a shared secret: change it, it is in the history now" if secret else _rule(keys)
    if broken is not None:
        shown = HIDDEN if secret else f"({len(text)} characters)"
        yield Fault(path=path, value=shown, rule=broken, example=_EXAMPLE)


def _keys(text: str) -> Sequence[Mapping[str, Any]] | None:
    """The keys of a set, or None where it is none."""
    try:
        content = json.loads(text)
    except ValueError:
        return None
    keys = content.get("keys") if isinstance(content, dict) else None
    return keys if isinstance(keys, list) and keys and all(isinstance(key, dict) for key in keys) else None


def _rule(keys: Sequence[Mapping[str, Any]] | None) -> str | None:
    """The rule that keys break."""
    if keys is None:
        return "must be a JSON Web Key Set: JSON with `keys`, one at least"
    for number, key in enumerate(keys, start=1):
        needed = _PUBLIC.get(str(key.get("kty")))
        if needed is None or not all(isinstance(key.get(name), str) and key[name] for name in needed):
            return f"key {number} is no public key of kind {', '.join(_PUBLIC)}"
    named = Counter(key.get("kid") for key in keys)
    if len(keys) > 1 and (None in named or max(named.values()) > 1):
        return "each of several keys has a `kid` of its own"
    return None
