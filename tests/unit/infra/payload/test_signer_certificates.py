"""Signers that are certificates of a stated authority: what is taken, what nobody should believe, and the library."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from model_signing import verifying

from infra.payload import signer_keys
from infra.payload import verify_signature as verify
from tests.support.signing import new_key, sign_again, statement
from tests.support.signing_authority import (
    SERVERS,
    SUBJECT,
    UNKNOWN,
    Certified,
    Form,
    authority,
    between,
    certified,
    cross_signed,
)

FILES = {"config.json": b"{}", "model.safetensors": b"weights"}
SUMS = {name: sha256(content).hexdigest() for name, content in FILES.items()}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    return authority(tmp_path_factory.mktemp("root") / "root")


@pytest.fixture(scope="module")
def issuing(root: Certified, tmp_path_factory: pytest.TempPathFactory) -> Certified:
    return between(tmp_path_factory.mktemp("issuing") / "issuing", root)


@pytest.fixture(scope="module")
def board(issuing: Certified, tmp_path_factory: pytest.TempPathFactory) -> Certified:
    return certified(tmp_path_factory.mktemp("board") / "board", issuing)


def model(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return folder


def library_takes(signature: bytes, root: Certified, folder: Path) -> bool:
    (folder / "model.sig").write_bytes(signature)
    try:
        config = verifying.Config().use_certificate_verifier(certificate_chain=[root.file])
        config.verify(model(folder / "taken"), folder / "model.sig")
    except Exception:  # noqa: BLE001 - the library raises whatever its parts raise
        return False
    return True


def refused(content: bytes, *signers: dict[str, str], fresh: bool = False) -> str:
    with pytest.raises(signer_keys.SignatureError) as caught:
        verify.check(content, SUMS, signers, fresh=fresh)
    assert str(caught.value).isprintable()
    return str(caught.value)


@pytest.mark.parametrize("curve", ["P-256", "P-384", "P-521"])
def test_a_certificate_of_the_authority_is_taken_on_every_curve(
    curve: str, root: Certified, issuing: Certified, tmp_path: Path
) -> None:
    made = certified(tmp_path / "board", issuing, Form(curve=curve)).sign(model(tmp_path / "model"))
    assert verify.check(made, SUMS, [new_key(tmp_path / "k").signer("other"), root.signer()], fresh=True)
    assert verify.check(made, SUMS, [issuing.signer()], fresh=True) == "model-board"
    assert library_takes(made, root, tmp_path)
    assert signer_keys.signers_faults([root.signer(), issuing.signer(name="by-issuing")]) == []


def test_an_authority_that_openssl_makes_without_key_usage_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "root"
    folder.mkdir()
    key = new_key(folder / "key.pem", "P-384")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Plain")])
    like = authority(tmp_path / "like").certificate
    made = x509.CertificateBuilder(
        name, name, key.private.public_key(), 1, like.not_valid_before_utc, like.not_valid_after_utc
    ).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate = made.sign(key.private, algorithm=like.signature_hash_algorithm)
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    plain = Certified(key=key, certificate=certificate, file=folder / "certificate.pem")
    signature = certified(tmp_path / "board", plain).sign(model(tmp_path / "model"))
    assert verify.check(signature, SUMS, [plain.signer()]) == "model-board"


WRONG: list[tuple[str, Form, str]] = [
    ("of another subject", Form(subject="CN=web,O=Example"), "signed with a certificate of 'CN=web,O=Example'"),
    (
        "of a subject that looks alike",
        Form(subject="CN=model-bo\u0430rd,O=Example"),
        "certificate of 'CN=model-bo\\u0430rd",
    ),
    ("of a longer subject", Form(subject="CN=model-board,CN=x,O=Example"), "signed with a certificate of"),
    ("not valid yet", Form(start=2), "is not valid before"),
    ("that may not sign", Form(signs=False), "is none of model-board: it must allow digital signatures"),
    ("that says no use", Form(usage=False), "Certificate is missing required extension"),
    ("of a server", Form(purpose=SERVERS), "it is for something else than signing code"),
    ("with a critical word that is not known", Form(more=UNKNOWN), "unaccounted-for critical extensions"),
    ("of before its issuer", Form(start=-2000), "cert is not valid at validation time"),
]


@pytest.mark.parametrize(("form", "says"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_certificate_that_is_wrong_is_refused(
    form: Form, says: str, root: Certified, issuing: Certified, tmp_path: Path
) -> None:
    made = certified(tmp_path / "board", issuing, form).sign(model(tmp_path / "model"))
    assert says in refused(made, root.signer())


def test_one_that_has_ended_is_refused_where_it_comes_in_and_stops_no_server(
    root: Certified, issuing: Certified, tmp_path: Path
) -> None:
    made = certified(tmp_path / "board", issuing, Form(start=-100, end=-1)).sign(model(tmp_path / "model"))
    assert "was valid until" in refused(made, root.signer(), fresh=True)
    assert verify.check(made, SUMS, [root.signer()]) == "model-board"


def test_a_chain_to_another_root_is_refused(root: Certified, board: Certified, tmp_path: Path) -> None:
    """Also where the other root has the same name, and where the very key is certified by both."""
    twin = authority(tmp_path / "twin")
    made = certified(tmp_path / "board", twin).sign(model(tmp_path / "model"))
    assert "is none of model-board: " in refused(made, root.signer())
    assert not library_takes(made, root, tmp_path)
    theirs = cross_signed(tmp_path / "cross", twin, board).sign(model(tmp_path / "other"))
    assert "candidates exhausted" in refused(theirs, root.signer())
    both = [*board.chain, twin]
    assert verify.check(board.sign(model(tmp_path / "third"), both), SUMS, [root.signer()]) == "model-board"


def test_who_has_a_certificate_issues_none(root: Certified, board: Certified, tmp_path: Path) -> None:
    forged = certified(tmp_path / "forged", board).sign(model(tmp_path / "model"))
    assert "is none of model-board" in refused(forged, root.signer())
    deeper = between(tmp_path / "deeper", board.chain[0], Form(subject="CN=Deeper,O=Example", start=-900))
    made = certified(tmp_path / "below", deeper).sign(model(tmp_path / "other"))
    assert "path length constraint violated" in refused(made, root.signer())


LIMITED = x509.NameConstraints(permitted_subtrees=[x509.DNSName("example.com")], excluded_subtrees=None)


@pytest.mark.parametrize(
    ("form", "says"),
    [
        (Form(subject="CN=Issuing,O=Example", start=-1000, more=LIMITED), "extension"),
        (Form(subject="CN=Issuing,O=Example", start=-1000, more=UNKNOWN), "unaccounted-for critical extensions"),
        (Form(subject="CN=Issuing,O=Example", start=-1000, end=-500), "cert is not valid at validation time"),
        (Form(subject="CN=Issuing,O=Example", start=1), "cert is not valid at validation time"),
    ],
)
def test_an_issuer_that_may_not_issue_this_is_refused(form: Form, says: str, root: Certified, tmp_path: Path) -> None:
    made = certified(tmp_path / "board", between(tmp_path / "between", root, form)).sign(model(tmp_path / "model"))
    assert says in refused(made, root.signer())


def test_a_chain_with_a_gap_is_refused(root: Certified, board: Certified, tmp_path: Path) -> None:
    made = board.sign(model(tmp_path / "model"), [root])
    assert "candidates exhausted" in refused(made, root.signer())


def test_a_certificate_and_a_key_are_not_taken_for_each_other(
    root: Certified, board: Certified, tmp_path: Path
) -> None:
    made = board.sign(model(tmp_path / "model"))
    assert "signed with a certificate of" in refused(made, board.key.signer())
    bundle = json.loads(made)
    bundle["verificationMaterial"] = {"publicKey": {"hint": signer_keys.fingerprint(board.key.private.public_key())}}
    assert "signed with another key" in refused(json.dumps(bundle).encode(), root.signer())


def test_a_signature_says_in_one_way_alone_who_signed(root: Certified, board: Certified, tmp_path: Path) -> None:
    bundle = json.loads(board.sign(model(tmp_path / "model")))
    hint = signer_keys.fingerprint(board.key.private.public_key())
    bundle["verificationMaterial"]["publicKey"] = {"hint": hint}
    both = [root.signer(), board.key.signer("by-key")]
    assert "verificationMaterial: must be an object of" in refused(json.dumps(bundle).encode(), *both)


def test_a_signature_of_another_key_below_a_right_certificate_is_refused(
    root: Certified, board: Certified, tmp_path: Path
) -> None:
    made = board.sign(model(tmp_path / "model"))
    forged = sign_again(made, json.dumps(statement(made)).encode(), new_key(tmp_path / "k"))
    assert "one of them was changed" in refused(forged, root.signer())


def test_another_model_s_signature_is_refused(root: Certified, board: Certified, tmp_path: Path) -> None:
    folder = model(tmp_path / "model")
    (folder / "config.json").write_bytes(b"{ }")
    assert "signed for another config.json" in refused(board.sign(folder), root.signer())


Chain = Callable[[list[dict[str, str]]], Any]
FORMS: list[tuple[Chain, str]] = [
    (lambda _: [], "certificates: must be 1 to 8"),
    (lambda chain: chain * 3, "certificates: must be 1 to 8"),
    (lambda _: None, "certificates: must be 1 to 8"),
    (lambda chain: [{"rawBytes": "?"}, *chain], "rawBytes: is not base64"),
    (lambda chain: [{"rawBytes": "AAAA"}, *chain], "certificates: one of them is damaged"),
    (lambda chain: [*chain, {"rawBytes": base64.b64encode(b"0" * 400).decode()}], "one of them is damaged"),
    (lambda chain: [{**chain[0], "more": ""}], "certificates: must be an object of rawBytes"),
    (lambda chain: chain[::-1], "signed with a certificate of 'CN=Root,O=Example'"),
]


@pytest.mark.parametrize(("change", "says"), FORMS)
def test_a_chain_of_another_form_is_refused(
    change: Chain, says: str, root: Certified, board: Certified, tmp_path: Path
) -> None:
    bundle = json.loads(board.sign(model(tmp_path / "model")))
    found = bundle["verificationMaterial"]["x509CertificateChain"]
    found["certificates"] = change(found["certificates"])
    assert says in refused(json.dumps(bundle).encode(), root.signer())


def test_wrong_signers_are_told(root: Certified, board: Certified) -> None:
    right = root.signer()
    for wrong, says in (
        ({**right, "publicKey": "x"}, "must have a name and a publicKey, or a name, an authority and a subject"),
        ({"name": "x", "authority": root.pem}, "must have a name and a publicKey"),
        ({**right, "subject": 7}, "must have a name and a publicKey"),
        ({**right, "authority": root.pem * 2}, "must be one certificate as PEM"),
        ({**right, "authority": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}, "is damaged"),
        ({**right, "authority": "-----BEGIN EC PRIVATE KEY-----\ncanary\n"}, "holds a private key"),
        ({**right, "authority": board.pem}, "must be a certificate that issues others"),
    ):
        (fault,) = signer_keys.signers_faults([wrong])
        assert says in fault
        assert "canary" not in fault


FORM = st.builds(
    Form,
    start=st.integers(-1200, 3),
    end=st.integers(4, 400),
    curve=st.sampled_from(["P-256", "P-384", "P-521"]),
    signs=st.booleans(),
    usage=st.booleans(),
    purpose=st.sampled_from([None, SERVERS]),
    more=st.sampled_from([None, UNKNOWN, x509.InhibitAnyPolicy(0)]),
)


@settings(max_examples=60, deadline=None)
@given(drawn=st.tuples(FORM, st.integers(0, 2), st.booleans()))
def test_no_certificate_is_taken_that_the_library_refuses(
    drawn: tuple[Form, int, bool], root: Certified, issuing: Certified, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (form, cut, directly), folder = drawn, tmp_path_factory.mktemp("form")
    made = certified(folder / "board", root if directly else issuing, form)
    signature = made.sign(model(folder / "model"), made.chain[: cut or None])
    try:
        verify.check(signature, SUMS, [root.signer(SUBJECT)])
    except signer_keys.SignatureError:
        return
    assert library_takes(signature, root, folder)


def test_a_leaf_on_another_curve_is_refused(root: Certified, tmp_path: Path) -> None:
    """The library cannot sign with one, so its certificate stands above a right signature of another key."""
    key = ec.generate_private_key(ec.SECP256K1())
    like = certified(tmp_path / "board", root)
    made = x509.CertificateBuilder(
        issuer_name=root.certificate.subject,
        subject_name=like.certificate.subject,
        public_key=key.public_key(),
        serial_number=7,
        not_valid_before=like.certificate.not_valid_before_utc,
        not_valid_after=like.certificate.not_valid_after_utc,
        extensions=list(like.certificate.extensions),
    ).sign(root.key.private, algorithm=root.certificate.signature_hash_algorithm)
    bundle = json.loads(like.sign(model(tmp_path / "model")))
    chain = bundle["verificationMaterial"]["x509CertificateChain"]["certificates"]
    chain[0]["rawBytes"] = base64.b64encode(made.public_bytes(Encoding.DER)).decode()
    assert "must be an EC key on P-256, P-384 or P-521" in refused(json.dumps(bundle).encode(), root.signer())
