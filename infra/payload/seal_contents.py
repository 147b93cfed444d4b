"""Encrypt to a tenant's certificate, so that the holder of its private key alone can read what was said.

Runs in pods and in the program, on Python 3.9+ with the package cryptography. The form is CMS EnvelopedData (RFC 5652)
with AES-256, which `openssl cms -decrypt` reads; all of it is the library's.
"""

from __future__ import annotations

from typing import Any

LEAST_BITS = 3072
"""Of an RSA key: what NIST SP 800-57 and the BSI's TR-02102 ask for beyond 2030."""

_BEGIN = "-----BEGIN "


class SealError(ValueError):
    """Why a certificate is refused; `str()` is one phrase that shows nothing of it."""


def read_certificate(text: object) -> Any:
    """The X.509 certificate of a PEM text, with an RSA key that is long enough; raise SealError."""
    try:
        from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415 - for approved tenants only
    except ImportError:
        raise SealError("nothing can be encrypted: this Python lacks the package cryptography") from None
    if not isinstance(text, str):
        raise SealError("must be a certificate as PEM text")
    if "PRIVATE KEY" in text:
        raise SealError(
            "holds a private key: whoever has read it can decrypt, so make another one; state its certificate"
        )
    if text.count(_BEGIN) != 1 or f"{_BEGIN}CERTIFICATE-----" not in text:
        raise SealError("must be one certificate as PEM, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----")
    try:
        certificate = load_pem_x509_certificate(text.encode())
        key: Any = certificate.public_key()
    except Exception:  # noqa: BLE001 - the library has many; none of its words may show what stands there
        raise SealError("is no certificate that can be read") from None
    if not _is_rsa(key):
        raise SealError("must be of an RSA key: others are not understood by what encrypts here")
    if key.key_size < LEAST_BITS:
        raise SealError(f"has a key of {key.key_size} bits, and needs {LEAST_BITS} or more")
    return certificate


def sealed(certificate: Any, content: bytes) -> bytes:
    """The content as DER of CMS EnvelopedData for this one certificate."""
    from cryptography.hazmat.primitives.ciphers.algorithms import AES256  # noqa: PLC0415 - for approved tenants only
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs7  # noqa: PLC0415

    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(content).add_recipient(certificate)
    made = builder.set_content_encryption_algorithm(AES256).encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])
    return bytes(made)


def fingerprint(certificate: Any) -> str:
    """The certificate's sha256 sum in hex, as `openssl x509 -fingerprint -sha256` has it without colons."""
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - for approved tenants only

    return str(certificate.fingerprint(SHA256()).hex())


def _is_rsa(key: Any) -> bool:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415 - for approved tenants only

    return isinstance(key, RSAPublicKey)
