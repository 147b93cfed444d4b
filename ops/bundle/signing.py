"""Signature of a bundle: in OpenSSF Model Signing's format over `bundle.json`, made and checked offline.

The manifest holds the sum of every file, so that a signature over it covers all of them.
"""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.faults import Fault, FaultsError
from infra.payload.signer_keys import SignatureError, read_key
from infra.strict_json import JsonError, parse
from ops import signing
from ops.bundle.certificates import chain_fault, signer_faults
from ops.bundle.cosigning import Trust, same_key_faults
from ops.bundle.names import MANIFEST, SIGNATURE
from ops.signing import Signer

PASSWORD = "KITCHEN_BUNDLE_KEY_PASSWORD"  # noqa: S105 - the name of a variable, not a secret

_PREDICATE = "https://model_signing/signature/v1.0"


_PLACES = f"{PASSWORD} or --password-file"


def sign(manifest: bytes, signer: Signer, environment: Mapping[str, str] = os.environ) -> bytes:
    """Return the signature file; raise FaultsError for a key or certificate that cannot be used."""
    password = _password(signer, environment)
    if signer.certificate is not None:
        _refuse_certificate(signer.certificate, signer.chain)
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / MANIFEST
        path.write_bytes(manifest)
        return signing.sign(path, signer, password, source="bundle", password_places=_PLACES)


def public_key_of(signer: Signer, folder: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Write the public half of the signer's key into a folder; raise FaultsError as `sign` does."""
    password = _password(signer, environment)
    path = folder / "signer.pub"
    path.write_text(signing.public_key(signer, password, source="bundle", password_places=_PLACES))
    return path


def _password(signer: Signer, environment: Mapping[str, str]) -> bytes | None:
    if signer.password_file is not None:
        return signing.password_of(signer.password_file, source="bundle")
    return environment[PASSWORD].encode() if environment.get(PASSWORD) else None


def _refuse_certificate(certificate: Path, chain: Sequence[Path]) -> None:
    try:
        faults = list(signer_faults(certificate, chain))
    except (OSError, ValueError):
        return  # the library tells it, with the key
    if faults:
        raise FaultsError("bundle", faults)


def check_trust(trust: Trust) -> None:
    """Raise FaultsError when a key or certificate file cannot be used."""
    from cryptography import x509  # noqa: PLC0415 (with the library's other imports)

    faults = []
    for path in (*trust.public_keys, *trust.certificates):
        option, example = (
            ("--public-key", "bundle.pub") if path in trust.public_keys else ("--certificate-chain", "root.crt")
        )
        try:
            if path in trust.public_keys:
                read_key(path.read_text(encoding="utf-8", errors="replace"))
            else:
                x509.load_pem_x509_certificates(path.read_bytes())
            continue
        except OSError as error:
            rule = f"must be a readable file ({error.strerror})"
        except SignatureError as error:
            rule = str(error)
        except ValueError:
            rule = "must hold certificates in PEM"
        faults.append(Fault(path=option, value=str(path), rule=rule, example=example))
    faults = faults or same_key_faults(trust.public_keys)
    if faults:
        raise FaultsError("bundle", faults)


def signature_fault(manifest: bytes, signature: bytes, trust: Trust) -> Fault | None:
    """Return what is wrong with the signature, or None: then `manifest` is what the trusted signer signed.

    Of several public keys the first one counts (`Trust.only`).
    """
    from model_signing import hashing, verifying  # noqa: PLC0415 (0.4 s, for this command only)

    try:
        parse(signature)  # the library's reader is another one
    except JsonError as error:
        rule = f"must be JSON that all readers take alike: it {error}"
        return Fault(path=SIGNATURE, value="unusable", rule=rule, example="the bundle as its sender signed it")

    with tempfile.TemporaryDirectory() as temporary, signing.quiet():
        folder = Path(temporary)
        (folder / MANIFEST).write_bytes(manifest)
        (folder / SIGNATURE).write_bytes(signature)
        try:
            config = verifying.Config()  # type: ignore[no-untyped-call]
            if trust.public_keys:
                config.use_elliptic_key_verifier(public_key=trust.public_keys[0])
            else:
                config.use_certificate_verifier(certificate_chain=trust.certificates)
            files = hashing.Config()  # type: ignore[no-untyped-call]
            config.set_hashing_config(files.use_file_serialization(hashing_algorithm="sha256"))
            config.verify(folder / MANIFEST, folder / SIGNATURE)
            covered = _covers(signature, hashlib.sha256(manifest).hexdigest())
        except Exception as error:  # noqa: BLE001 - the library raises whatever its parts raise
            return _signature_fault(error)
    if covered:
        return chain_fault(signature, trust.certificates) if trust.certificates else None
    rule = "the signature must cover bundle.json by its sha256 sum, and nothing else"
    return Fault(path=SIGNATURE, value="another content", rule=rule, example="kitchen bundle create --private-key FILE")


def _covers(signature: bytes, digest: str) -> bool:
    """The library honours paths that the signature says to ignore: hold it to exactly this file."""
    statement: Any = parse(base64.b64decode(parse(signature)["dsseEnvelope"]["payload"]))
    resources = statement["predicate"]["resources"]
    return bool(
        statement["predicateType"] == _PREDICATE
        and len(resources) == 1
        and resources[0]["digest"] == digest
        and resources[0]["algorithm"] == "sha256"
    )


def _signature_fault(error: Exception) -> Fault:
    text = " ".join(str(error).split())
    if "Key mismatch" in text:
        value, rule = "another key", "must be made with the private key that belongs to --public-key"
    elif text.startswith("Signature mismatch"):
        value, rule = "another bundle.json", "must be made over this bundle.json: it was changed after signing"
    elif type(error).__name__ == "X509StoreContextError":
        value, rule = "another certificate", f"its certificate must lead to one of --certificate-chain ({text})"
    elif type(error).__name__ == "InvalidSignature":
        value, rule = "wrong", "must be a signature over this bundle.json by the trusted key"
    else:
        value, rule = "unusable", f"must be a signature of this kind of key ({type(error).__name__}: {text[:160]})"
    example = "the bundle as its sender signed it, and the sender's key"
    return Fault(path=SIGNATURE, value=value, rule=rule, example=example)
