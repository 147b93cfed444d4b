"""Identity providers of the tests: their keys, and tokens of every kind, good and bad, written by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

HOUR = 3600
RUN = 12 * HOUR
"""Longer than any run of tests: their tokens are made at its beginning. The entry takes none for more than a day."""


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _json(value: Any) -> str:
    return _text(json.dumps(value, ensure_ascii=False).encode())


@dataclass(frozen=True)
class Key:
    """A P-256 key with the name under which its provider publishes it."""

    kid: str
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def public(self) -> dict[str, str]:
        """As it stands in a JSON Web Key Set."""
        numbers = self.private.public_key().public_numbers()
        point = {"x": _text(numbers.x.to_bytes(32, "big")), "y": _text(numbers.y.to_bytes(32, "big"))}
        return {"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid, **point}

    @property
    def pem(self) -> bytes:
        """The public key as text, which a careless verifier takes for a shared secret."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(serialization.Encoding.PEM, form)

    def sign(self, claims: Mapping[str, Any], **header: Any) -> str:
        """A token; `header` replaces parts of its head."""
        head = {"alg": "ES256", "typ": "JWT", "kid": self.kid, **header}
        said = f"{_json(head)}.{_json(claims)}"
        numbers = decode_dss_signature(self.private.sign(said.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{said}.{_text(b''.join(number.to_bytes(32, 'big') for number in numbers))}"


def unsigned(claims: Mapping[str, Any]) -> str:
    """A token of the algorithm `none`."""
    return f"{_json({'alg': 'none', 'typ': 'JWT'})}.{_json(claims)}."


def with_secret(claims: Mapping[str, Any], secret: bytes, kid: str) -> str:
    """A token of HS256."""
    said = f"{_json({'alg': 'HS256', 'typ': 'JWT', 'kid': kid})}.{_json(claims)}"
    return f"{said}.{_text(hmac.new(secret, said.encode(), hashlib.sha256).digest())}"


def claims(issuer: str, **replaced: Any) -> dict[str, Any]:
    """What a good token says; a claim of None is left out."""
    now = int(time.time())
    good = {"iss": issuer, "aud": "kitchen", "sub": "ana", "iat": now, "exp": now + RUN}
    return {name: value for name, value in {**good, **replaced}.items() if value is not None}


def account_claims(issuer: str, namespace: str, name: str, **replaced: Any) -> dict[str, Any]:
    """What a token says that a pod has in a projected volume (Kubernetes 1.32)."""
    now = int(time.time())
    bound = {
        "namespace": namespace,
        "node": {"name": "node-1", "uid": "7f3c1a52-8d0f-4e6b-9a57-0c5d2e3b4f61"},
        "pod": {"name": f"{name}-5d9c7b6f4-x2x7k", "uid": "c0a8b1de-2f53-4d1c-b0c9-5a1f6e7d8c90"},
        "serviceaccount": {"name": name, "uid": "1b2c3d4e-5f60-4172-8394-a5b6c7d8e9f0"},
    }
    said = {"aud": ["kitchen"], "sub": f"system:serviceaccount:{namespace}:{name}", "nbf": now, "jti": "e1"}
    return claims(issuer, **{**said, "kubernetes.io": bound, **replaced})


IDP = "https://idp.kitchen.example"
REALM = "https://login.kitchen.example/realms/kitchen"


CLUSTER = "https://kubernetes.default.svc.cluster.local"
PORTAL = "https://api.portal.kitchen.example:6443"
"""Issuers of ServiceAccounts: the cluster of the entry, and another one, whose accounts have the prefix `portal:`."""


class Providers:
    """Two providers whose tokens are believed, two clusters, each with its keys, and a stranger."""

    def __init__(self) -> None:
        self.idp, self.realm, self.stranger = Key("idp-1"), Key("realm-1"), Key("idp-1")
        self.cluster, self.portal = Key("cluster-1"), Key("portal-1")

    def jwks(self, key: Key) -> str:
        return json.dumps({"keys": [key.public]})

    def of_idp(self, **replaced: Any) -> str:
        return self.idp.sign(claims(IDP, **replaced))

    def of_realm(self, roles: Any, **replaced: Any) -> str:
        return self.realm.sign(claims(REALM, realm_access={"roles": roles}, **replaced))

    def of_cluster(self, namespace: str, name: str, **replaced: Any) -> str:
        return self.cluster.sign(account_claims(CLUSTER, namespace, name, **replaced))

    def of_portal(self, namespace: str, name: str, **replaced: Any) -> str:
        return self.portal.sign(account_claims(PORTAL, namespace, name, **replaced))

    def tokens(self) -> dict[str, str]:
        """Every caller of the table, by name."""
        return {**self._good(), **self._bad_times(), **self._bad_keys(), **self._bad_words(), **self._groups()}

    def _good(self) -> dict[str, str]:
        return {
            "ana": self.of_idp(groups=["helpdesk"]),
            "ben": self.of_idp(sub="ben", groups=["legal"]),
            "eva": self.of_idp(sub="eva", groups=["legal", "helpdesk", "staff"]),
            "guest": self.of_idp(sub="guest", groups=["visitors"]),
            "yuki": self.of_idp(sub="yuki", groups=["営業"]),
            "busy": self.of_idp(sub="busy", groups=["busy"]),
            "nested": self.of_realm(["helpdesk"], sub="nils"),
            "group by full path": self.of_idp(sub="tea", groups=["/kitchen/team-a"]),
            "many audiences": self.of_idp(groups=["helpdesk"], aud=["account", "kitchen"]),
        }

    def _bad_times(self) -> dict[str, str]:
        now, ana = int(time.time()), {"groups": ["helpdesk"]}
        return {
            "expired": self.of_idp(**ana, iat=now - 2 * HOUR, exp=now - HOUR),
            "not yet valid": self.of_idp(**ana, nbf=now + RUN // 2),
            "without exp": self.of_idp(**ana, exp=None),
            "for ever": self.of_idp(**ana, exp=now + 10 * 365 * 24 * HOUR),
            "exp as text": self.of_idp(**ana, exp=str(now + RUN)),
        }

    def _bad_keys(self) -> dict[str, str]:
        said = claims(IDP, groups=["helpdesk"])
        good = self.idp.sign(said)
        head, payload, signature = good.split(".")
        other = _json({**said, "groups": ["legal"]})
        return {
            "alg none": unsigned(said),
            "no signature": f"{head}.{payload}.",
            "HS256 with the public key": with_secret(said, self.idp.pem, "idp-1"),
            "unknown kid": self.idp.sign(said, kid="idp-9"),
            "stranger's key": self.stranger.sign(said),
            "kid of another issuer": self.realm.sign(said, kid="realm-1"),
            "key of another issuer": self.realm.sign(said, kid="idp-1"),
            "changed payload": f"{head}.{other}.{signature}",
            "another alg": self.idp.sign(said, alg="ES384"),
            "key in the head": self.stranger.sign(said, kid=None, jwk=self.stranger.public),
        }

    def _bad_words(self) -> dict[str, str]:
        ana = {"groups": ["helpdesk"]}
        return {
            "wrong audience": self.of_idp(**ana, aud="mail"),
            "without audience": self.of_idp(**ana, aud=None),
            "wrong issuer": self.idp.sign(claims("https://evil.example", **ana)),
            "without issuer": self.idp.sign(claims(IDP, **ana, iss=None)),
            "without sub": self.of_idp(**ana, sub=None),
            "empty sub": self.of_idp(**ana, sub=""),
            "sub as number": self.of_idp(**ana, sub=7),
            "sub with a line break": self.of_idp(**ana, sub="ana\nben"),
            "very long sub": self.of_idp(**ana, sub="a" * 2000),
            "not a token": "ana",
            "three dots": "a.b.c",
        }

    def _groups(self) -> dict[str, str]:
        return {
            "no groups": self.of_idp(),
            "empty groups": self.of_idp(groups=[]),
            "groups as text": self.of_idp(groups="helpdesk"),
            "groups as text of a list": self.of_idp(groups='["helpdesk"]'),
            "groups as numbers": self.of_idp(groups=[1, 2]),
            "groups as object": self.of_idp(groups={"helpdesk": True}),
            "groups in a list in a list": self.of_idp(groups=[["helpdesk"]]),
            "group by its name alone": self.of_idp(sub="tea", groups=["team-a"]),
            "groups in upper case": self.of_idp(groups=["Helpdesk"]),
            "groups with a space": self.of_idp(groups=["helpdesk "]),
            "group in another claim": self.of_idp(roles=["helpdesk"]),
            "nested claim of the other issuer": self.of_idp(realm_access={"roles": ["helpdesk"]}),
            "flat claim of the other issuer": self.realm.sign(claims(REALM, groups=["helpdesk"])),
            "nested claim as text": self.of_realm("helpdesk"),
            "claim with a dot in its name": self.realm.sign(claims(REALM, **{"realm_access.roles": ["helpdesk"]})),
        }
