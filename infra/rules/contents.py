"""Rules about approvals to record prompts and answers; none of them shows what stands in a certificate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infra.catalog import Catalog
from infra.days import day, day_rule
from infra.entry_settings import RecordContents
from infra.faults import HIDDEN, Fault
from infra.payload.seal_contents import SealError, fingerprint, read_certificate
from infra.people import EXAMPLE, name_rule
from infra.settings import Settings

_EXAMPLE = (
    "certificate: |, then the lines of FILE.pem: "
    "openssl req -x509 -newkey rsa:3072 -days 400 -keyout FILE.key -out FILE.pem"
)


def contents_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """Each approval says why, who and until when, and has a certificate of a key of its own that can be encrypted to.

    It is valid on the approval's last day: by that one and not by today's, so that a review sees what holds later.

    One that has ended is no fault: nothing is recorded any more, and previews say so.
    """
    first: dict[bytes, str] = {}
    for name, tenant in settings.tenants.items():
        said = tenant.record_contents
        if said is None:
            continue
        path = f"tenants.{name}.recordContents"
        if settings.entry is None:
            rule = "nobody records: this file states no entry"
            yield Fault(path=path, value=said.reason, rule=rule, example="entry: {host: ai.kitchen.example, ...}")
        yield from _words(path, said)
        try:
            certificate = read_certificate(said.certificate)
        except SealError as error:
            shown = HIDDEN if "PRIVATE" in said.certificate else f"({len(said.certificate)} characters)"
            yield Fault(path=f"{path}.certificate", value=shown, rule=str(error), example=_EXAMPLE)
            continue
        key, shown = _key_of(certificate), f"sha256 {fingerprint(certificate)[:16]}"
        if first.setdefault(key, path) != path:
            rule = f"has the key of the certificate of {first[key]}: a tenant reads its own calls alone"
            yield Fault(path=f"{path}.certificate", value=shown, rule=rule, example=_EXAMPLE)
        begins = certificate.not_valid_before_utc.date().isoformat()
        if day(said.until) is not None and begins > said.until:
            rule = f"begins on {begins}, after the approval's last day, {said.until}"
            yield Fault(path=f"{path}.certificate", value=shown, rule=rule, example=_EXAMPLE)
        ends = certificate.not_valid_after_utc.date().isoformat()
        if ends < said.until:  # both are of the form YYYY-MM-DD
            rule = f"ends on {ends}, before the approval's last day, {said.until}"
            yield Fault(path=f"{path}.certificate", value=shown, rule=rule, example=_EXAMPLE)


def _key_of(certificate: Any) -> bytes:
    """The public key of a certificate: two certificates of one key are read by one holder."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415 - few need it

    return bytes(certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _words(path: str, said: RecordContents) -> Iterator[Fault]:
    for key, text in (("reason", said.reason), ("approvedBy", said.approved_by)):
        if not (text.strip() and text.isprintable()):
            example = "data-protection-board" if key == "approvedBy" else "review of wrong answers"
            yield Fault(path=f"{path}.{key}", value=text, rule="must say something, on one line", example=example)
        elif key == "approvedBy" and (broken := name_rule(text)):
            yield Fault(path=f"{path}.{key}", value=text, rule=broken, example=EXAMPLE)
    if broken := day_rule(said.until):
        yield Fault(path=f"{path}.until", value=said.until, rule=broken, example="'2026-12-31'")
