"""A local issuer: a key made at its start, and tokens signed with it."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

_BYTES = 32


class LocalIssuer:
    """Signs with ES256 (RFC 7518); the key lives in this process alone."""

    def __init__(self, issuer: str, audience: str, key_id: str = "local") -> None:
        """Make a key."""
        self.issuer, self.audience, self._key_id = issuer, audience, key_id
        self._key = ec.generate_private_key(ec.SECP256R1())

    def key(self) -> dict[str, str]:
        """The public key as a JSON Web Key (RFC 7517)."""
        numbers = self._key.public_key().public_numbers()
        said = {"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self._key_id}
        return {**said, "x": _text(numbers.x.to_bytes(_BYTES)), "y": _text(numbers.y.to_bytes(_BYTES))}

    def jwks(self) -> str:
        """The key set as the settings hold it."""
        return json.dumps({"keys": [self.key()]})

    def token(self, *, seconds: float = 3600, **claims: Any) -> str:
        """A token; claims that are None are left out, whatever else it would say of them."""
        now = int(time.time())
        said = {"iss": self.issuer, "aud": self.audience, "iat": now, "exp": int(now + seconds), **claims}
        head = {"alg": "ES256", "kid": self._key_id, "typ": "JWT"}
        parts = (head, {key: value for key, value in said.items() if value is not None})
        signed = ".".join(_text(json.dumps(part).encode()) for part in parts)
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{_text(r.to_bytes(_BYTES) + s.to_bytes(_BYTES))}"


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
