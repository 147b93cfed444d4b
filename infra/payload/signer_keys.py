"""Who may sign: public keys, and certificates that a stated authority has issued to a stated subject.

Runs in pods and in the command `kitchen`, on Python 3.9+ with the package cryptography alone, which is asked for only
where signers are stated. A signer is `{"name", "publicKey"}` or `{"name", "authority", "subject"}`; texts are PEM.
Chains are built by cryptography.x509.verification, as of the first moment of the signing certificate: a certificate
that has ended since does not stop a server. Whether it holds today is asked where a signature comes in (`fresh`).
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

CURVES = {"secp256r1": ("P-256", "SHA256"), "secp384r1": ("P-384", "SHA384"), "secp521r1": ("P-521", "SHA512")}
MAX_CERTIFICATES = 8

_BEGIN = "-----BEGIN "
_FORMS = ({"name", "publicKey"}, {"name", "authority", "subject"})
_PRIVATE = "holds a private key: whoever has read it can sign, so replace that key; state the public one"


class SignatureError(ValueError):
    """Why a key, a certificate or a signature is refused; `str()` is one phrase that shows no key."""


class NoPackageError(SignatureError):
    """Nothing can be checked here, whatever the keys."""


def read_key(text: object) -> Any:
    """Return the EC public key of a PEM text; raise SignatureError."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - for stated signers only
        from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415
    except ImportError:
        raise _no_package() from None
    pem = _one_pem(text, "PUBLIC KEY", "public key")
    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SignatureError("is damaged, or a kind of key that nothing here knows") from None
    return _on_a_known_curve(key)


def read_authority(text: object) -> Any:
    """Return the certificate of a PEM text that issues others; raise SignatureError."""
    try:
        from cryptography import x509  # noqa: PLC0415 - for stated signers only
    except ImportError:
        raise _no_package() from None
    pem = _one_pem(text, "CERTIFICATE", "certificate")
    try:
        found = x509.load_pem_x509_certificate(pem)
        issues = found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        issues = False
    except ValueError:
        raise SignatureError("is damaged, or no certificate") from None
    if not issues:
        raise SignatureError("must be a certificate that issues others (CA:TRUE): of a single signer state publicKey")
    return found


def fingerprint(key: Any) -> str:
    """The hint by which a signature names its key: sha256 over the key as PEM."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(key.public_bytes(serialization.Encoding.PEM, form)).hexdigest()


def authority_sum(certificate: Any) -> str:
    """What tells a certificate from others: sha256 over its DER."""
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def signers_faults(signers: object) -> list[str]:
    """What is wrong with a manifest's `signers`, one line each."""
    if not isinstance(signers, list) or not signers:
        return ['signers: rule: a list of {"name": "...", "publicKey": "..."}, at least one, or no such key']
    faults = []
    for index, signer in enumerate(signers):
        is_one = isinstance(signer, dict) and set(signer) in _FORMS
        if not is_one or not all(isinstance(value, str) for key, value in signer.items() if key in ("name", "subject")):
            faults.append(f"signers[{index}]: must have a name and a publicKey, or a name, an authority and a subject")
            continue
        kind = "publicKey" if "publicKey" in signer else "authority"
        try:
            (read_key if kind == "publicKey" else read_authority)(signer[kind])
        except NoPackageError as error:
            return [f"signers: {error}"]
        except SignatureError as error:
            faults.append(f"signers[{index}].{kind}: {error}")
    return faults


def named(signers: Sequence[Mapping[str, str]]) -> str:
    """The signers as messages name them."""
    return ", ".join(signer["name"] for signer in signers)


def of_hint(hint: str, signers: Sequence[Mapping[str, str]]) -> tuple[str, Any]:
    """Name and key of the signer whose key a signature names; raise SignatureError."""
    for signer in signers:
        key = read_key(signer["publicKey"]) if "publicKey" in signer else None
        if key is not None and fingerprint(key) == hint:
            return signer["name"], key
    raise SignatureError(f"signed with another key; expected one of {named(signers)}")


def of_chain(encoded: Sequence[bytes], signers: Sequence[Mapping[str, str]], *, fresh: bool) -> tuple[str, Any]:
    """Name and key of the signer to whom a signature's certificates (DER, the signing one first) belong.

    `fresh`: the signing certificate must hold today. Raise SignatureError.
    """
    try:
        from cryptography import x509  # noqa: PLC0415
    except ImportError:
        raise _no_package() from None
    try:
        leaf, *between = [x509.load_der_x509_certificate(one) for one in encoded]
        subject = leaf.subject.rfc4514_string()
        key, start, end = leaf.public_key(), leaf.not_valid_before_utc, leaf.not_valid_after_utc
    except Exception:  # noqa: BLE001 - whatever a stranger's bytes raise
        raise SignatureError("certificates: one of them is damaged, or a kind that nothing here knows") from None
    meant = [signer for signer in signers if signer.get("subject") == subject]
    if not meant:
        raise SignatureError(f"signed with a certificate of {subject[:120]!a}; expected one of {named(signers)}")
    now = datetime.datetime.now(datetime.timezone.utc)  # noqa: UP017 - Python 3.9 has no datetime.UTC
    if now < start:
        raise SignatureError(f"the certificate of {subject!a} is not valid before {start.isoformat()}")
    if fresh and now > end:
        raise SignatureError(f"the certificate of {subject!a} was valid until {end.isoformat()}: sign with a new one")
    reasons = []
    for signer in meant:
        reason = _not_issued(leaf, between, read_authority(signer["authority"]))
        if reason is None:
            return signer["name"], _on_a_known_curve(key)
        reasons.append(f"the certificate of {subject!a} is none of {signer['name']}: {reason}")
    raise SignatureError("; ".join(reasons))


def _not_issued(leaf: Any, between: Sequence[Any], authority: Any) -> str | None:
    """Why a certificate may not sign, or is not of this authority; None when it is."""
    from cryptography.x509 import verification as x  # noqa: PLC0415

    if authority_sum(leaf) == authority_sum(authority):
        return "it is the authority's own"
    issuing, signing = _extensions()
    policy = x.PolicyBuilder().store(x.Store([authority])).time(leaf.not_valid_before_utc)
    policy = policy.max_chain_depth(MAX_CERTIFICATES).extension_policies(ca_policy=issuing, ee_policy=signing)
    try:
        policy.build_client_verifier().verify(leaf, list(between))
    except Exception as error:  # noqa: BLE001 - VerificationError, and whatever a stranger's certificate raises
        text = str(error).partition(" (encountered processing")[0]
        return text.rpartition("validator failed: ValueError: ")[2][:300]
    return None


def _extensions() -> tuple[Any, Any]:
    """What certificates that issue others, and one that signs, must say; critical words that are not known refuse."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.x509.oid import ExtendedKeyUsageOID  # noqa: PLC0415
    from cryptography.x509.verification import Criticality, ExtensionPolicy  # noqa: PLC0415

    def issues(_policy: Any, _certificate: Any, found: Any) -> None:
        if not found.ca:
            raise ValueError("an issuer is no authority (CA:TRUE)")

    def may_issue(_policy: Any, _certificate: Any, found: Any) -> None:
        if found is not None and not found.key_cert_sign:
            raise ValueError("an issuer may not sign certificates (keyCertSign)")

    def may_sign(_policy: Any, _certificate: Any, found: Any) -> None:
        if not found.digital_signature:
            raise ValueError("it must allow digital signatures (keyUsage digitalSignature)")

    def signs_code(_policy: Any, _certificate: Any, found: Any) -> None:
        if found is not None and ExtendedKeyUsageOID.CODE_SIGNING not in found:
            raise ValueError("it is for something else than signing code (extendedKeyUsage codeSigning)")

    either, everything = Criticality.AGNOSTIC, ExtensionPolicy.permit_all()
    ca = everything.require_present(x509.BasicConstraints, either, issues)
    ca = ca.may_be_present(x509.KeyUsage, either, may_issue).require_not_present(x509.NameConstraints)
    leaf = everything.require_present(x509.KeyUsage, either, may_sign)
    return ca, leaf.may_be_present(x509.ExtendedKeyUsage, either, signs_code)


def _one_pem(text: object, word: str, what: str) -> bytes:
    if not isinstance(text, str):
        raise SignatureError(f"must be a {what} as PEM text")
    if "PRIVATE KEY" in text:
        raise SignatureError(_PRIVATE)
    if text.count(_BEGIN) != 1 or f"{_BEGIN}{word}-----" not in text:
        raise SignatureError(f"must be one {what} as PEM, from -----BEGIN {word}----- to -----END {word}-----")
    return text.encode()


def _on_a_known_curve(key: Any) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in CURVES:
        raise SignatureError("must be an EC key on P-256, P-384 or P-521")
    return key


def _no_package() -> NoPackageError:
    return NoPackageError("no signature can be checked: this Python lacks the package cryptography")
