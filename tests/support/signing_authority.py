"""Authorities and the certificates that they issue to who signs models: right ones, and each kind of wrong one."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from model_signing import signing

from tests.support.signing import CURVES, Key, new_key

SUBJECT = "CN=model-board,O=Example"
DAY = datetime.timedelta(days=1)
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
SERVERS = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])


@dataclass(frozen=True, kw_only=True)
class Certified:
    """A key with its certificate, and the files of both; `chain` are those that issued it, the nearest first."""

    key: Key
    certificate: x509.Certificate
    file: Path
    chain: tuple[Certified, ...] = ()

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    def signer(self, subject: str = SUBJECT, name: str = "model-board") -> dict[str, str]:
        """The signer as pods read it, whose authority this is."""
        return {"name": name, "authority": self.pem, "subject": subject}

    def sign(self, folder: Path, chain: Sequence[Certified] | None = None) -> bytes:
        """Sign a folder as `model_signing sign certificate` does, into its `model.sig`."""
        above = [one.file for one in (self.chain if chain is None else chain)]
        config = signing.Config()
        config.use_certificate_signer(
            private_key=self.key.file, signing_certificate=self.file, certificate_chain=above or [self.file]
        )
        config.sign(folder, folder / "model.sig")
        return (folder / "model.sig").read_bytes()


@dataclass(frozen=True, kw_only=True)
class Form:
    """What a certificate says; days are counted from today."""

    subject: str = SUBJECT
    start: int = -10
    end: int = 365
    curve: str = "P-256"
    signs: bool = True
    usage: bool = True
    purpose: x509.ExtendedKeyUsage | None = None
    more: x509.ExtensionType | None = None


ISSUING = Form(subject="CN=Issuing,O=Example", start=-1000)


def name_of(text: str) -> x509.Name:
    """A name out of `CN=...,O=...`, as RFC 4514 writes it."""
    kinds = {"CN": NameOID.COMMON_NAME, "O": NameOID.ORGANIZATION_NAME}
    parts = [part.split("=", 1) for part in reversed(text.split(","))]
    return x509.Name([x509.NameAttribute(kinds[kind], value) for kind, value in parts])


def authority(folder: Path, subject: str = "CN=Root,O=Example", start: int = -3650, end: int = 3650) -> Certified:
    """An authority that has issued its own certificate."""
    return _issued(folder, None, Form(subject=subject, start=start, end=end, curve="P-384"), path_length=None, ca=True)


def between(folder: Path, issuer: Certified, form: Form | None = None) -> Certified:
    """An authority that another one lets issue certificates to signers, and to no further authority."""
    return _issued(folder, issuer, form or ISSUING, path_length=0, ca=True)


def certified(folder: Path, issuer: Certified, form: Form | None = None) -> Certified:
    """Who signs."""
    return _issued(folder, issuer, form or Form(), path_length=None, ca=False)


def _issued(folder: Path, issuer: Certified | None, form: Form, *, path_length: int | None, ca: bool) -> Certified:
    folder.mkdir(parents=True)
    key, today = new_key(folder / "key.pem", form.curve), datetime.datetime.now(datetime.UTC)
    own = key.private.public_key()
    made = x509.CertificateBuilder().serial_number(x509.random_serial_number()).public_key(own)
    made = made.subject_name(name_of(form.subject))
    made = made.issuer_name(name_of(form.subject) if issuer is None else issuer.certificate.subject)
    made = made.not_valid_before(today + form.start * DAY).not_valid_after(today + form.end * DAY)
    made = made.add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(own), critical=False)
    if form.usage:
        made = made.add_extension(_usage(ca=ca, signs=form.signs), critical=True)
    for more in filter(None, (form.purpose, form.more)):
        made = made.add_extension(more, critical=True)
    signing_key = key if issuer is None else issuer.key
    certificate = made.sign(signing_key.private, CURVES[signing_key.curve][1])
    file = folder / "certificate.pem"
    file.write_bytes(certificate.public_bytes(Encoding.PEM))
    chain = () if issuer is None else (issuer, *issuer.chain)
    return Certified(key=key, certificate=certificate, file=file, chain=chain)


def _usage(*, ca: bool, signs: bool) -> x509.KeyUsage:
    others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    said = dict.fromkeys((*others, "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(
        **said | {"content_commitment": not ca and not signs},
        digital_signature=signs,
        key_cert_sign=ca,
        crl_sign=ca,
    )


def cross_signed(folder: Path, issuer: Certified, like: Certified) -> Certified:
    """Who signs, by the key of `like`, with a certificate of another authority."""
    folder.mkdir(parents=True)
    old = like.certificate
    made = x509.CertificateBuilder(
        issuer_name=issuer.certificate.subject,
        subject_name=old.subject,
        public_key=old.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=old.not_valid_before_utc,
        not_valid_after=old.not_valid_after_utc,
        extensions=list(old.extensions),
    )
    certificate = made.sign(issuer.key.private, hashes.SHA384() if issuer.key.curve == "P-384" else hashes.SHA256())
    file = folder / "certificate.pem"
    file.write_bytes(certificate.public_bytes(Encoding.PEM))
    return Certified(key=like.key, certificate=certificate, file=file, chain=(issuer, *issuer.chain))
