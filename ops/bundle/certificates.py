"""Certificates of signers: whether they hold today, by this machine's clock, and whether they may sign.

The library that checks signatures asks whether a certificate held when it began, and so did one that has ended, or
that begins next year. A signature says no time that anybody vouches for, so what counts here is today.
"""

from __future__ import annotations

import base64
import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from infra.faults import Fault, printable
from infra.strict_json import JsonError, parse
from ops.bundle.names import SIGNATURE

_EXAMPLE = "openssl x509 -in signer.crt -noout -dates -ext keyUsage"


def chain_fault(signature: bytes, trusted: Sequence[Path], now: datetime.datetime | None = None) -> Fault | None:
    """Why the certificate of a signature, or one above it, does not hold at this time; None if all do."""
    from cryptography import x509  # noqa: PLC0415 (with the library's other imports)
    from OpenSSL import crypto  # noqa: PLC0415

    clock = now or datetime.datetime.now(datetime.UTC)
    try:
        said = parse(signature)["verificationMaterial"]["x509CertificateChain"]["certificates"]
        chain = [x509.load_der_x509_certificate(base64.b64decode(entry["rawBytes"])) for entry in said]
        roots = [one for path in trusted for one in x509.load_pem_x509_certificates(path.read_bytes())]
        store = crypto.X509Store()
        store.set_time(clock)
        for root in roots:
            store.add_cert(crypto.X509.from_cryptography(root))
        first, *rest = map(crypto.X509.from_cryptography, chain)
        crypto.X509StoreContext(store, first, rest).verify_certificate()
    except crypto.X509StoreContextError as error:
        return _fault(SIGNATURE, error.certificate.to_cryptography(), clock, f"is not trusted today: {error}")
    except (JsonError, KeyError, TypeError, ValueError, IndexError, OSError, crypto.Error) as error:
        rule = f"must hold the certificates of who signed ({type(error).__name__})"
        return Fault(path=SIGNATURE, value="unusable", rule=rule, example="the bundle as its sender signed it")
    return None


def signer_faults(certificate: Path, chain: Sequence[Path], now: datetime.datetime | None = None) -> Iterator[Fault]:
    """What keeps others from believing what is signed with a certificate; raise OSError, ValueError for no PEM."""
    from cryptography import x509  # noqa: PLC0415

    clock = now or datetime.datetime.now(datetime.UTC)
    own = x509.load_pem_x509_certificate(certificate.read_bytes())
    above = [one for path in chain for one in x509.load_pem_x509_certificates(path.read_bytes())]
    for option, found in [("--certificate", own), *(("--certificate-chain", one) for one in above)]:
        if fault := _fault(option, found, clock, ""):
            yield fault
    if not _may_sign(own):
        rule = "must be for signatures: key usage digitalSignature, or extended key usage codeSigning"
        yield Fault(path="--certificate", value=_name(own), rule=rule, example=_EXAMPLE)


def _fault(path: str, certificate: Any, clock: datetime.datetime, other: str) -> Fault | None:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    said = f"this machine's clock says {_written(clock)}"
    if clock < begins:
        rule = f"a certificate that holds today: this one begins on {_written(begins)}, {said}"
    elif clock > ends:
        rule = f"a certificate that holds today: this one ended on {_written(ends)}, {said}"
    elif other:
        rule = f"its certificate must lead to one of --certificate-chain ({other})"
    else:
        return None
    return Fault(path=path, value=_name(certificate), rule=rule, example=_EXAMPLE)


def _may_sign(certificate: Any) -> bool:
    from cryptography import x509  # noqa: PLC0415

    try:
        if certificate.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature:
            return True
    except x509.ExtensionNotFound:
        pass
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return x509.oid.ExtendedKeyUsageOID.CODE_SIGNING in usage


def _name(certificate: Any) -> str:
    return printable(certificate.subject.rfc4514_string())[:200] or "a certificate without a name"


def _written(moment: datetime.datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%MZ}"
