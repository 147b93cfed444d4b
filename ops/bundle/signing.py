"""Signature of a bundle: in OpenSSF Model Signing's format over `bundle.json`, made and checked offline.

The manifest holds the sum of every file, so that a signature over it covers all of them.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import logging
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.faults import Fault, FaultsError
from ops.bundle.names import MANIFEST, SIGNATURE

PASSWORD = "KITCHEN_BUNDLE_KEY_PASSWORD"  # noqa: S105 - the name of a variable, not a secret

_PREDICATE = "https://model_signing/signature/v1.0"
_EXAMPLE = "openssl ecparam -name prime256v1 -genkey -noout -out bundle.key"


@dataclass(frozen=True, kw_only=True)
class Signer:
    """Who signs: an EC key (P-256, P-384 or P-521), and its certificate with the chain above it where there is one."""

    private_key: Path
    password_file: Path | None = None
    certificate: Path | None = None
    chain: tuple[Path, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Whose signature is believed: one public key, or any certificate below these."""

    public_key: Path | None = None
    certificates: tuple[Path, ...] = ()


def sign(manifest: bytes, signer: Signer, environment: Mapping[str, str] = os.environ) -> bytes:
    """Return the signature file; raise FaultsError for a key or certificate that cannot be used."""
    from model_signing import signing  # noqa: PLC0415 (0.4 s, for this command only)

    password = _password(signer, environment)
    with tempfile.TemporaryDirectory() as temporary, _quiet():
        folder = Path(temporary)
        (folder / MANIFEST).write_bytes(manifest)
        try:
            config = signing.Config()  # type: ignore[no-untyped-call]
            if signer.certificate is None:
                # The library's annotation says str, what it hands on to must be bytes.
                config.use_elliptic_key_signer(private_key=signer.private_key, password=password)  # type: ignore[arg-type]
            else:
                config.use_certificate_signer(
                    private_key=signer.private_key,
                    signing_certificate=signer.certificate,
                    # The library reads no empty chain; what stands in it is not trusted for that.
                    certificate_chain=signer.chain or (signer.certificate,),
                )
            config.sign(folder / MANIFEST, folder / SIGNATURE)
        except Exception as error:  # noqa: BLE001 - the library raises whatever its parts raise
            raise FaultsError("bundle", [_key_fault(signer, error)]) from None
        return (folder / SIGNATURE).read_bytes()


def check_trust(trust: Trust) -> None:
    """Raise FaultsError when a key or certificate file cannot be used."""
    from cryptography import x509  # noqa: PLC0415 (with the library's other imports)
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    faults = []
    for path in filter(None, [trust.public_key, *trust.certificates]):
        try:
            content = path.read_bytes()
            if path is trust.public_key:
                load_pem_public_key(content)
            else:
                x509.load_pem_x509_certificates(content)
        except (OSError, ValueError) as error:
            option, what = ("--public-key", "public key") if path is trust.public_key else _CHAIN_OPTION
            rule = f"must be a readable PEM {what} ({type(error).__name__})"
            faults.append(Fault(path=option, value=str(path), rule=rule, example="bundle.pub"))
    if faults:
        raise FaultsError("bundle", faults)


_CHAIN_OPTION = ("--certificate-chain", "certificate")


def signature_fault(manifest: bytes, signature: bytes, trust: Trust) -> Fault | None:
    """Return what is wrong with the signature, or None: then `manifest` is what the trusted signer signed."""
    from model_signing import hashing, verifying  # noqa: PLC0415 (0.4 s, for this command only)

    with tempfile.TemporaryDirectory() as temporary, _quiet():
        folder = Path(temporary)
        (folder / MANIFEST).write_bytes(manifest)
        (folder / SIGNATURE).write_bytes(signature)
        try:
            config = verifying.Config()  # type: ignore[no-untyped-call]
            if trust.public_key is not None:
                config.use_elliptic_key_verifier(public_key=trust.public_key)
            else:
                config.use_certificate_verifier(certificate_chain=trust.certificates)
            files = hashing.Config()  # type: ignore[no-untyped-call]
            config.set_hashing_config(files.use_file_serialization(hashing_algorithm="sha256"))
            config.verify(folder / MANIFEST, folder / SIGNATURE)
            covered = _covers(signature, hashlib.sha256(manifest).hexdigest())
        except Exception as error:  # noqa: BLE001 - the library raises whatever its parts raise
            return _signature_fault(error)
    if covered:
        return None
    rule = "the signature must cover bundle.json by its sha256 sum, and nothing else"
    return Fault(path=SIGNATURE, value="another content", rule=rule, example="kitchen bundle create --private-key FILE")


def _covers(signature: bytes, digest: str) -> bool:
    """The library honours paths that the signature says to ignore: hold it to exactly this file."""
    statement: Any = json.loads(base64.b64decode(json.loads(signature)["dsseEnvelope"]["payload"]))
    resources = statement["predicate"]["resources"]
    return bool(
        statement["predicateType"] == _PREDICATE
        and len(resources) == 1
        and resources[0]["digest"] == digest
        and resources[0]["algorithm"] == "sha256"
    )


def _password(signer: Signer, environment: Mapping[str, str]) -> bytes | None:
    if signer.password_file is None:
        return environment[PASSWORD].encode() if environment.get(PASSWORD) else None
    try:
        return signer.password_file.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        rule = f"must be a readable file ({error.strerror})"
        path = str(signer.password_file)
        fault = Fault(path="--password-file", value=path, rule=rule, example="bundle-key.password")
        raise FaultsError("bundle", [fault]) from None


def _key_fault(signer: Signer, error: Exception) -> Fault:
    if isinstance(error, OSError):
        return Fault(path="key or certificate", value=error.filename, rule=str(error.strerror), example=_EXAMPLE)
    if isinstance(error, TypeError) and signer.certificate is not None:
        rule = "a key with a certificate must have no password of its own: the library cannot ask for one"
    elif isinstance(error, TypeError):
        rule = f"a key with a password needs it in {PASSWORD} or --password-file; a key without one takes none"
    elif "password" in str(error).lower() or "decrypt" in str(error).lower():
        rule = "the password must be that of the key"
    elif "does not match" in str(error):
        rule = "key and certificate must belong together"
    else:
        rule = "must be an EC key in PEM on P-256, P-384 or P-521, certificates in PEM"
    return Fault(path="--private-key", value=str(signer.private_key), rule=rule, example=_EXAMPLE)


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


@contextlib.contextmanager
def _quiet() -> Any:
    """The library prints and logs warnings on the way: what it finds is told by faults alone."""
    logging.getLogger("model_signing").setLevel(logging.CRITICAL)
    with contextlib.redirect_stdout(io.StringIO()):
        yield
