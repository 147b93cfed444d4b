"""Keys and signatures for tests: made by the library model-signing, and statements of any content signed by hand."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from model_signing import signing

PAYLOAD_TYPE = "application/vnd.in-toto+json"
CURVES: dict[str, tuple[ec.EllipticCurve, hashes.HashAlgorithm]] = {
    "P-256": (ec.SECP256R1(), hashes.SHA256()),
    "P-384": (ec.SECP384R1(), hashes.SHA384()),
    "P-521": (ec.SECP521R1(), hashes.SHA512()),
}


@dataclass(frozen=True, kw_only=True)
class Key:
    """A signer's key; `file` is the private half, `public` the other as PEM."""

    file: Path
    private: ec.EllipticCurvePrivateKey
    curve: str = "P-256"

    @property
    def public(self) -> str:
        form = PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(Encoding.PEM, form).decode()

    def signer(self, name: str = "model-board") -> dict[str, str]:
        return {"name": name, "publicKey": self.public}


def new_key(file: Path, curve: str = "P-256", password: bytes | None = None) -> Key:
    private = ec.generate_private_key(CURVES[curve][0])
    hidden = BestAvailableEncryption(password) if password else NoEncryption()
    file.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden))
    return Key(file=file, private=private, curve=curve)


def sign(folder: Path, key: Key) -> bytes:
    """Sign a folder as `model_signing sign key` does, into its `model.sig`."""
    config = signing.Config()
    config.use_elliptic_key_signer(private_key=key.file)
    config.sign(folder, folder / "model.sig")
    return (folder / "model.sig").read_bytes()


def signed(files: Mapping[str, bytes], folder: Path, key: Key) -> bytes:
    """The library's signature over these files, which are written to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return sign(folder, key)


def statement(signature: bytes) -> dict[str, Any]:
    """The signed statement of a bundle."""
    found: dict[str, Any] = json.loads(base64.b64decode(json.loads(signature)["dsseEnvelope"]["payload"]))
    return found


def sign_again(signature: bytes, payload: bytes, key: Key, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """The bundle with another payload, validly signed."""
    bundle = json.loads(signature)
    message = b"DSSEv1 %d %s %d %s" % (len(payload_type), payload_type.encode(), len(payload), payload)
    made = key.private.sign(message, ec.ECDSA(CURVES[key.curve][1]))
    bundle["dsseEnvelope"] = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": payload_type,
        "signatures": [{"sig": base64.b64encode(made).decode(), "keyid": ""}],
    }
    return json.dumps(bundle).encode()
