"""Rules about one public key of a JSON Web Key Set: what Envoy can check a signature by (RFC 7518, RFC 8037)."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

_PUBLIC = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_CURVES = {"EC": ("P-256", "P-384", "P-521"), "OKP": ("Ed25519",)}
_ALGORITHMS = {
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "P-256": ("ES256",),
    "P-384": ("ES384",),
    "P-521": ("ES512",),
    "Ed25519": ("EdDSA",),
}
"""What a key of a kind or curve signs by."""

_BYTES = {"P-256": 32, "P-384": 48, "P-521": 66, "Ed25519": 32}
"""Length of a coordinate (RFC 7518, section 6.2.1.2; RFC 8037, section 2)."""

_LEAST_BITS, _MOST_BITS = 2048, 8192
"""Of an RSA modulus: RFC 7518, section 3.3, and what BoringSSL, which Envoy checks by, takes."""

_EXPONENT_BITS = 33
"""Most bits of an RSA exponent in BoringSSL."""


def key_rule(key: Mapping[str, Any]) -> str | None:
    """What a key breaks, in words that begin with "is" or "has" and show nothing of it; None where it is right."""
    kind = key.get("kty")
    needed = _PUBLIC.get(kind) if isinstance(kind, str) else None
    if needed is None or not all(isinstance(key.get(name), str) and key[name] for name in needed):
        return f"is no public key of kind {', '.join(_PUBLIC)}"
    if broken := _members(key):
        return broken
    curves = _CURVES.get(str(kind))
    if curves is not None and key["crv"] not in curves:
        return f"has no known `crv`; of kind {kind}: {', '.join(curves)}"
    algorithms = _ALGORITHMS[str(kind) if curves is None else key["crv"]]
    if "alg" in key and key["alg"] not in algorithms:
        return f"has an `alg` that is not of its kind: {', '.join(algorithms)}"
    return _rsa(key) if curves is None else _point(key)


def _members(key: Mapping[str, Any]) -> str | None:
    """What any key breaks, whatever its kind."""
    if not all(_is_plain(value) for value in key.values()):
        return "has a member that is no text, number, truth value or list of texts"
    if "kid" in key and not (isinstance(key["kid"], str) and key["kid"]):
        return "has a `kid` that is no text"
    if key.get("use", "sig") != "sig":
        return "is not for signatures (`use`): leave it out"
    return None


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(entry, str) for entry in value)
    return isinstance(value, str | int | float)


def _bytes(text: str) -> bytes | None:
    """What a text says in base64url without padding; None where it is not so written."""
    if not re.fullmatch("[A-Za-z0-9_-]+", text) or len(text) % 4 == 1:
        return None
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _rsa(key: Mapping[str, Any]) -> str | None:
    # A few hundredths of a second, which files without keys need not wait.
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers  # noqa: PLC0415

    n, e = (_bytes(key[name]) for name in ("n", "e"))
    if n is None or e is None:
        return "has an `n` or `e` that is not base64url without padding"
    modulus, exponent = int.from_bytes(n, "big"), int.from_bytes(e, "big")
    if not _LEAST_BITS <= modulus.bit_length() <= _MOST_BITS:
        return f"has {modulus.bit_length()} bits, and needs {_LEAST_BITS} to {_MOST_BITS}"
    try:
        RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError:
        return "has an `n` or `e` that is none of RSA"
    return "has an `e` that is too large" if exponent.bit_length() > _EXPONENT_BITS else None


def _point(key: Mapping[str, Any]) -> str | None:
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - as in _rsa

    curve, names = key["crv"], _PUBLIC[key["kty"]][1:]
    found = [_bytes(key[name]) for name in names]
    if any(one is None or len(one) != _BYTES[curve] for one in found):
        said = " and ".join(f"`{name}`" for name in names)
        return f"has no {said} of {_BYTES[curve]} bytes, in base64url without padding"
    if key["kty"] == "OKP":
        return None
    x, y = (int.from_bytes(one or b"", "big") for one in found)
    kind: ec.EllipticCurve = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}[curve]
    try:
        ec.EllipticCurvePublicNumbers(x, y, kind).public_key()
    except ValueError:
        return f"is no point of the curve {curve}"
    return None
