"""Certificates that do not hold today, and those that may not sign: told with the clock that they are measured by."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
from model_signing import signing

from ops.__main__ import main
from ops.bundle.certificates import chain_fault
from ops.bundle.names import MANIFEST, SIGNATURE
from tests.support import bundle_tools as tools


def signed_with(paths: dict[str, Path], folder: Path) -> bytes:
    """A signature as the library makes it, which does not look at the days."""
    (folder / MANIFEST).write_text("{}")
    config = signing.Config()
    config.use_certificate_signer(
        private_key=paths["signer.key"], signing_certificate=paths["signer.crt"], certificate_chain=[paths["root.crt"]]
    )
    config.sign(folder / MANIFEST, folder / SIGNATURE)
    return (folder / SIGNATURE).read_bytes()


@pytest.mark.parametrize(("days", "told"), [((-30, -1), "this one ended on "), ((1, 30), "this one begins on ")])
def test_a_certificate_holds_today(
    days: tuple[int, int], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = tools.certificates(tmp_path, days)
    began = datetime.datetime.now(datetime.UTC)
    fault = chain_fault(signed_with(paths, tmp_path), [paths["root.crt"]])
    assert fault is not None
    clock = (began, datetime.datetime.now(datetime.UTC))  # midnight may lie between them
    assert any(f"this machine's clock says {day:%Y-%m-%dT}" in str(fault) for day in clock)
    assert f'{SIGNATURE}: "CN=signer"; rule: a certificate that holds today: {told}' in str(fault)
    words = ["--private-key", str(paths["signer.key"]), "--certificate", str(paths["signer.crt"])]
    asked = tools.bring_in(tmp_path, tools.entry("adapter", tools.FAQ))
    source = str(tools.artifacts(tmp_path))
    bundle = tmp_path / "bundle"
    create = ["bundle", "create", "--list", str(asked), "--from", source, "--to", str(bundle), *words]
    assert main([*create, "--certificate-chain", str(paths["root.crt"])]) == 2
    said = capsys.readouterr().err
    assert f'--certificate: "CN=signer"; rule: a certificate that holds today: {told}' in said
    assert not bundle.exists()


def test_it_is_today_that_counts(tmp_path: Path) -> None:
    paths = tools.certificates(tmp_path)
    signature = signed_with(paths, tmp_path)
    roots = [paths["root.crt"]]
    now = datetime.datetime.now(datetime.UTC)
    assert chain_fault(signature, roots) is None
    assert chain_fault(signature, roots, now + datetime.timedelta(days=29)) is None
    for days, told in ((31, "ended"), (-2, "begins"), (2000, "ended")):
        fault = chain_fault(signature, roots, now + datetime.timedelta(days=days))
        assert fault is not None
        assert told in str(fault)


def test_a_certificate_for_something_else_signs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = tools.certificates(tmp_path, signs=False)
    asked = tools.bring_in(tmp_path, tools.entry("adapter", tools.FAQ))
    words = ["--private-key", str(paths["signer.key"]), "--certificate", str(paths["signer.crt"])]
    to = ["--from", str(tools.artifacts(tmp_path)), "--to", str(tmp_path / "bundle")]
    assert main(["bundle", "create", "--list", str(asked), *to, *words]) == 2
    assert "must be for signatures: key usage digitalSignature" in capsys.readouterr().err


@pytest.mark.parametrize(
    "material", [None, {}, {"certificates": []}, {"certificates": [{"rawBytes": "AAAA"}]}, {"certificates": [1]}]
)
def test_a_signature_without_certificates(material: object, tmp_path: Path) -> None:
    paths = tools.certificates(tmp_path)
    content = json.dumps({"verificationMaterial": {"x509CertificateChain": material}}).encode()
    fault = chain_fault(content, [paths["root.crt"]])
    assert fault is not None
    assert "must hold the certificates of who signed" in str(fault)
