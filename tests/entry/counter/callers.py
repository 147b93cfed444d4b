"""Callers with tokens of a local issuer, and what a call of theirs gets."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from components.entry.plan import Issuer

AUDIENCE = "kitchen"
PATH = "/v1/completions"


class LocalIssuer:
    """An issuer with a key pair of its own."""

    def __init__(self, name: str = "idp") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.name, self.address = name, f"https://{name}.kitchen.example"

    def issuer(self) -> Issuer:
        key = json.loads(ECAlgorithm.to_jwk(self._key.public_key())) | {"kid": self.name, "use": "sig", "alg": "ES256"}
        return Issuer(name=self.name, issuer=self.address, audience=AUDIENCE, jwks=json.dumps({"keys": [key]}))

    def token(self, **claims: Any) -> str:
        said = {"iss": self.address, "aud": AUDIENCE, "exp": int(time.time()) + 3600} | claims
        return jwt.encode(said, self._key, algorithm="ES256", headers={"kid": self.name})


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def error(self) -> dict[str, Any]:
        """The refusal, as OpenAI's client libraries read it."""
        assert self.headers["content-type"] == "application/json"
        found: dict[str, Any] = json.loads(self.body)["error"]
        assert set(found) == {"message", "type", "param", "code"}
        return found


def call(
    port: int, token: str, model: str, tokens: int = 1, *, headers: Mapping[str, str] | None = None, **more: Any
) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=70)
    try:
        body = json.dumps({"model": model, "prompt": "x", "max_tokens": tokens, **more})
        said = {"Content-Type": "application/json", "Authorization": f"Bearer {token}", **(headers or {})}
        connection.request("POST", PATH, body, said)
        answer = connection.getresponse()
        got = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, got, answer.read())
    finally:
        connection.close()
