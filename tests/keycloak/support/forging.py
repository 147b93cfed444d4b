"""What is forged out of a real token: parts of it changed, or all of it signed by somebody else's key."""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.entry.support.tokens import unsigned, with_secret

_FORM = serialization.PublicFormat.SubjectPublicKeyInfo


def text(raw: bytes) -> str:
    """As parts of a token are written."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def part(token: str, number: int) -> dict[str, Any]:
    """Head (0) or claims (1) of a token."""
    raw = token.split(".")[number]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
    return found


def retold(token: str, *, head: dict[str, Any] | None = None, claims: dict[str, Any] | None = None) -> str:
    """The token with other words and its old signature."""
    said = [text(json.dumps({**part(token, n), **(more or {})}).encode()) for n, more in enumerate((head, claims))]
    return ".".join([*said, token.split(".")[2]])


class Stranger:
    """Somebody with an RSA key that nobody publishes."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(65537, 2048)

    def sign(self, token: str, **head: Any) -> str:
        """The words of a token under another signature."""
        said = f"{text(json.dumps({**part(token, 0), **head}).encode())}.{token.split('.')[1]}"
        return f"{said}.{text(self._key.sign(said.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    @property
    def public(self) -> dict[str, str]:
        """As it would stand in a JSON Web Key Set."""
        numbers = self._key.public_key().public_numbers()
        raw = {name: number.to_bytes(256, "big").lstrip(b"\0") for name, number in (("n", numbers.n), ("e", numbers.e))}
        return {"kty": "RSA", "alg": "RS256", "use": "sig", **{name: text(value) for name, value in raw.items()}}


def forged(token: str, other: str, jwks: dict[str, Any]) -> dict[str, str]:
    """Callers of the table by name: out of a good token, and one of another issuer whose keys are known too."""
    stranger, kid = Stranger(), part(token, 0)["kid"]
    published = next(key for key in jwks["keys"] if key["kid"] == kid)
    e, n = (int.from_bytes(base64.urlsafe_b64decode(published[name] + "==")) for name in ("e", "n"))
    pem = rsa.RSAPublicNumbers(e, n).public_key().public_bytes(serialization.Encoding.PEM, _FORM)
    head, claims, signature = token.split(".")
    return {
        "alg none": unsigned(part(token, 1)),
        "no signature": f"{head}.{claims}.",
        "HS256 with the public key": with_secret(part(token, 1), pem, kid),
        "stranger's key": stranger.sign(token),
        "kid of another issuer": retold(token, head={"kid": part(other, 0)["kid"]}),
        "changed payload": retold(token, claims={"groups": ["legal"]}),
        "another alg": retold(token, head={"alg": "RS384"}),
        "key in the head": stranger.sign(token, kid="mine", jwk=stranger.public),
        "not a token": "ana",
        "three dots": "a.b.c",
        "signature of another token": f"{head}.{claims}.{other.split('.')[2]}",
        "signature that is turned": f"{head}.{claims}.{signature[::-1]}",
    }
