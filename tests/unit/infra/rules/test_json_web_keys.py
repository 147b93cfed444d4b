"""Keys of issuers in Git: those that Envoy checks by pass, every other one is told in one line that shows nothing."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from infra.faults import HIDDEN
from infra.rules.json_web_keys import keys_faults
from infra.validate import schema
from tests.unit.support.entry import KEY

CANARY = "c4n4ry-of-a-private-key"
CURVES: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}


def said(number: int, size: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(size, "big")).rstrip(b"=").decode()


def of_rsa(bits: int = 2048, **changes: Any) -> dict[str, Any]:
    numbers = rsa.generate_private_key(65537, bits).public_key().public_numbers()
    return {"kty": "RSA", "kid": "r", "n": said(numbers.n, bits // 8), "e": "AQAB", **changes}


def of_curve(curve: str, **changes: Any) -> dict[str, Any]:
    numbers = ec.generate_private_key(CURVES[curve]).public_key().public_numbers()
    size = (CURVES[curve].key_size + 7) // 8
    return {"kty": "EC", "kid": curve, "crv": curve, "x": said(numbers.x, size), "y": said(numbers.y, size), **changes}


def of_ed25519(**changes: Any) -> dict[str, Any]:
    raw = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    return {"kty": "OKP", "kid": "o", "crv": "Ed25519", "x": said(int.from_bytes(raw, "big"), 32), **changes}


def text(*keys: object) -> str:
    return json.dumps({"keys": list(keys)})


GOOD: dict[str, str] = {
    "one key without a name": text({key: value for key, value in KEY.items() if key != "kid"}),
    "each curve": text(
        of_curve("P-256", alg="ES256"), of_curve("P-384", alg="ES384"), of_curve("P-521", alg="ES512"), of_ed25519()
    ),
    "RSA": text(of_rsa(alg="RS256", use="sig"), of_rsa(4096, alg="PS512", kid="s")),
    "EdDSA": text(of_ed25519(alg="EdDSA")),
    "members that nobody reads": text({**KEY, "x5c": ["MIIC"], "ext": True, "iat": 1}),
}


@pytest.mark.parametrize("what", GOOD)
def test_keys_that_sign_tokens_pass(what: str) -> None:
    assert list(keys_faults("keys", GOOD[what])) == []


WRONG: dict[str, tuple[str, str]] = {
    "no coordinates": (text({**KEY, "x": "...", "y": "..."}), "key 1 has no `x` and `y` of 32 bytes"),
    "padding": (text({**KEY, "x": KEY["x"] + "="}), "key 1 has no `x` and `y` of 32 bytes"),
    "a short coordinate": (text({**KEY, "x": KEY["x"][:-2]}), "key 1 has no `x` and `y` of 32 bytes"),
    "a point beside the curve": (text({**KEY, "x": KEY["y"]}), "key 1 is no point of the curve P-256"),
    "an unknown curve": (text({**KEY, "crv": "P-999"}), "key 1 has no known `crv`; of kind EC: P-256"),
    "the curve of another kind": (text({**KEY, "crv": "Ed25519"}), "key 1 has no known `crv`"),
    "a curve for agreement": (text(of_ed25519(crv="X25519")), "of kind OKP: Ed25519"),
    "an algorithm of secrets": (text({**KEY, "alg": "HS256"}), "key 1 has an `alg` that is not of its kind: ES256"),
    "an algorithm of another curve": (text({**KEY, "alg": "ES384"}), "not of its kind: ES256"),
    "an algorithm that is no text": (text({**KEY, "alg": ["ES256"]}), "not of its kind: ES256"),
    "a key for encryption": (text(KEY, of_rsa(use="enc")), "key 2 is not for signatures"),
    "RSA of 17 bits": (text({"kty": "RSA", "n": "AQAB", "e": "AQAB"}), "key 1 has 17 bits, and needs 2048 to 8192"),
    "RSA of 1024 bits": (text(of_rsa(1024)), "key 1 has 1024 bits, and needs 2048 to 8192"),
    "an even exponent": (text(of_rsa(e="Ag")), "key 1 has an `n` or `e` that is none of RSA"),
    "a large exponent": (text(of_rsa(e="_" * 8)), "key 1 has an `e` that is too large"),
    "no base64url": (text(of_rsa(e="A+/=")), "key 1 has an `n` or `e` that is not base64url"),
    "a name twice in a key": (text(KEY)[:-3] + ', "kid": "b"}]}', "holds an object with one name twice"),
    "names that are lists": (text({**KEY, "kid": [1]}, {**KEY, "kid": [2]}), "no text, number, truth value or list"),
    "names that are lists of text": (text({**KEY, "kid": ["a"]}, {**KEY, "kid": ["b"]}), "key 1 has a `kid` that is"),
    "a kind that is a list": (text({**KEY, "kty": ["EC"]}), "key 1 is no public key of kind RSA, EC, OKP"),
    "a depth that nobody reads": ("[" * 3000, "must be a JSON Web Key Set"),
    "the same, closed": ("[" * 100000 + "]" * 100000, "must be a JSON Web Key Set"),
    "no number": (text(KEY)[:-3] + ', "exp": NaN}]}', "must be a JSON Web Key Set"),
    "more beside the keys": (json.dumps({"keys": [KEY], "more": {}}), "must have `keys` and nothing beside it"),
}


@pytest.mark.parametrize("what", WRONG)
def test_each_other_key_is_told_in_one_line(what: str) -> None:
    content, rule = WRONG[what]
    (fault,) = keys_faults("entry.issuers.0.jwks.keys", content)
    assert rule in fault.rule
    assert str(fault).startswith(f'entry.issuers.0.jwks.keys: "({len(content)} characters)"; rule: ')
    assert "\n" not in str(fault)


@pytest.mark.parametrize(
    "content",
    [
        text({**KEY, "d": CANARY}),
        json.dumps({**KEY, "d": CANARY}),
        json.dumps({"keys": [KEY], "d": CANARY}),
        text({**KEY, "d": CANARY})[:-3] + ', "d": ""}]}',
        text({**KEY, "d": CANARY}) + "half",
        text({**KEY, "more": {"k": CANARY}}),
    ],
)
def test_a_private_member_is_told_wherever_it_stands(content: str) -> None:
    (fault,) = keys_faults("keys", content)
    assert fault.value == HIDDEN and "holds a private key or a shared secret" in fault.rule
    assert CANARY not in str(fault)


def test_the_examples_are_right() -> None:
    (fault,) = keys_faults("keys", "{}")
    issuers = schema("settings")["properties"]["entry"]["properties"]["issuers"]["items"]["properties"]
    for example in (fault.example, *issuers["jwks"]["properties"]["keys"]["examples"]):
        assert list(keys_faults("keys", example)) == []
