"""Approvals to record prompts and answers: what they must say, and that no private key is shown."""

from __future__ import annotations

import copy
import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from infra.catalog import load_catalog
from infra.faults import FaultsError
from infra.kitchen.contents import approved, told
from infra.load import load_settings, read_stack_file
from infra.settings import Settings
from tests.support.readers import Reader, reader
from tools.local.workspace import REPOSITORY

PATH = "tenants.helpdesk.recordContents"
ENTRY = {
    "host": "ai.kitchen.example",
    "tls": {"issuer": "kitchen-ca"},
    "issuers": [
        {
            "name": "idp",
            "issuer": "https://idp.kitchen.example",
            "audience": "kitchen",
            "jwks": {"url": "https://idp.kitchen.example/keys"},
        }
    ],
}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reader]:
    folder = tmp_path_factory.mktemp("keys")
    kinds = {"good": (), "short": ("rsa:2048",), "curve": ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")}
    made = {name: reader(folder, name, *kind) for name, kind in kinds.items()}
    # It holds while the approvals here do, whatever day it is.
    (folder / "good.pem").write_text(another(made["good"], "2027-12-31"))
    return made


def settings(said: Any, *, entry: bool = True, other: Any = None) -> Settings:
    data = copy.deepcopy(dict(read_stack_file(REPOSITORY / "Pulumi.dev.yaml")))
    data["tenants"]["helpdesk"]["recordContents"] = said
    if other is not None:
        data["tenants"]["sales"]["recordContents"] = other
    data.pop("entry", None)
    return load_settings({**data, **({"entry": ENTRY} if entry else {})}, load_catalog(), "Pulumi.dev.yaml")


def approval(pem: str, **changed: str) -> dict[str, str]:
    said = {"reason": "review", "approvedBy": "board", "until": "2026-12-31", "certificate": pem}
    return {key: value for key, value in {**said, **changed}.items() if value != "-"}


def faults(said: Any, **how: Any) -> list[str]:
    with pytest.raises(FaultsError) as caught:
        settings(said, **how)
    return [str(fault) for fault in caught.value.faults]


def test_an_approval_is_read_and_holds_until_its_last_day(keys: dict[str, Reader]) -> None:
    made = settings(approval(keys["good"].certificate))
    day = datetime.date(2026, 12, 31)
    assert approved(made, day)["helpdesk"].certificate == keys["good"].certificate
    assert approved(made, day + datetime.timedelta(days=1)) == {}


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-12-01", "are recorded until 2026-12-31 (approved by board: review)"),
        ("2026-12-17", "are recorded until 2026-12-31, in 14 days (approved"),
        ("2026-12-31", "are recorded until 2026-12-31, today (approved"),
        (
            "2027-01-01",
            "are recorded no more: the approval ended on 2026-12-31 (kitchen:tenants.helpdesk.recordContents)",
        ),
    ],
)
def test_each_preview_tells_what_is_recorded_and_when_it_ends(keys: dict[str, Reader], day: str, words: str) -> None:
    (line,) = told(settings(approval(keys["good"].certificate)), datetime.date.fromisoformat(day))
    assert words in line


@pytest.mark.parametrize("key", ["reason", "approvedBy", "until", "certificate"])
def test_each_part_must_be_there(keys: dict[str, Reader], key: str) -> None:
    (fault,) = faults(approval(keys["good"].certificate, **{key: "-"}))
    assert fault.startswith(f"{PATH}.{key}: missing; rule: this key must be there")


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("reason", " ", "must say something"),
        ("approvedBy", "", "must say something"),
        ("until", "2026-02-30", "must be a day of the calendar"),
        ("until", "soon", "must match"),
        ("certificate", "ssh-rsa AAAA", "must be one certificate as PEM"),
        ("certificate", "-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----\n", "is no certificate"),
    ],
)
def test_each_fault_is_one_line(keys: dict[str, Reader], key: str, value: str, rule: str) -> None:
    (fault,) = faults(approval(keys["good"].certificate, **{key: value}))
    assert fault.startswith(f"{PATH}.{key}: ")
    assert f"rule: {rule}" in fault
    assert "\n" not in fault


def test_the_certificate_must_be_one_that_can_be_encrypted_to(keys: dict[str, Reader]) -> None:
    (short,) = faults(approval(keys["short"].certificate))
    assert "has a key of 2048 bits, and needs 3072 or more" in short
    (curve,) = faults(approval(keys["curve"].certificate))
    assert "must be of an RSA key" in curve
    (two,) = faults(approval(keys["good"].certificate * 2))
    assert "must be one certificate" in two


def test_a_private_key_is_refused_and_not_shown(keys: dict[str, Reader]) -> None:
    good = keys["good"]
    secret = good.private_key.splitlines()[1]
    for text in (good.private_key, good.certificate + good.private_key):
        told_ = "\n".join(faults(approval(text)))
        assert "holds a private key" in told_
        assert "(not shown)" in told_
        assert not any(secret[at : at + 12] in told_ for at in range(len(secret) - 12))
    unknown = "\n".join(faults({**approval(good.certificate), "key": good.private_key}))
    assert "unknown key" in unknown and secret[:12] not in unknown


def test_two_tenants_have_two_certificates(keys: dict[str, Reader]) -> None:
    said = approval(keys["good"].certificate)
    (fault,) = faults(said, other=said)
    assert fault.startswith("tenants.sales.recordContents.certificate: ")
    assert f"has the key of the certificate of {PATH}: a tenant reads its own calls alone" in fault


def another(of: Reader, ends: str) -> str:
    """Another certificate of the same key, which ends in the evening of a day."""
    key = serialization.load_pem_private_key(of.private_key.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "another")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(7).not_valid_before(datetime.datetime(2026, 1, 1))
    made = made.not_valid_after(datetime.datetime.fromisoformat(f"{ends}T20:00:00"))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def test_two_certificates_of_one_key_are_refused(keys: dict[str, Reader]) -> None:
    said, other = approval(keys["good"].certificate), approval(another(keys["good"], "2027-12-30"))
    (fault,) = faults(said, other=other)
    assert fault.startswith("tenants.sales.recordContents.certificate: ")
    assert f"has the key of the certificate of {PATH}" in fault


def test_a_certificate_holds_on_the_last_day(keys: dict[str, Reader]) -> None:
    until = {"until": "2026-10-31"}
    assert settings(approval(another(keys["good"], "2026-10-31"), **until)).entry is not None
    (fault,) = faults(approval(another(keys["good"], "2026-10-30"), **until))
    assert "rule: ends on 2026-10-30, before the approval's last day, 2026-10-31; example: certificate: " in fault


def test_without_an_entry_nobody_records(keys: dict[str, Reader]) -> None:
    (fault,) = faults(approval(keys["good"].certificate), entry=False)
    assert fault.startswith(f"{PATH}: ") and "nobody records: this file states no entry" in fault


def test_the_guide_s_command_makes_such_a_certificate(tmp_path: Path) -> None:
    made, until = reader(tmp_path, "helpdesk"), datetime.date.today() + datetime.timedelta(days=30)
    assert settings(approval(made.certificate, until=until.isoformat())).tenants["helpdesk"].record_contents is not None
