"""The pods' check of signatures against the library that makes them, and against what nobody should believe."""

from __future__ import annotations

import ast
import base64
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from model_signing import verifying

from infra.payload import signer_keys
from infra.payload import verify_signature as verify
from tests.support import pod_package
from tests.support.signing import CURVES, Key, new_key, sign_again, signed, statement

FILES = {"adapter_config.json": b"{}", "adapter_model.safetensors": b"weights"}
SUMS = {name: sha256(content).hexdigest() for name, content in FILES.items()}
Change = Callable[[Any], Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("menu")


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return new_key(tmp_path_factory.mktemp("key") / "key.pem")


@pytest.fixture(scope="module")
def signature(folder: Path, key: Key) -> bytes:
    return signed(FILES, folder, key)


def refused(content: bytes, key: Key, sums: Mapping[str, str] = SUMS) -> str:
    with pytest.raises(signer_keys.SignatureError) as caught:
        verify.check(content, sums, [key.signer()])
    return str(caught.value)


def changed(signature: bytes, key: Key, change: Change) -> bytes:
    """The signature over a statement that `change` has worked on, valid for the key."""
    said = statement(signature)
    made = change(said)
    return sign_again(signature, made if isinstance(made, bytes) else json.dumps(said).encode(), key)


def library_takes(signature: bytes, key: Key, folder: Path) -> bool:
    files, public, file = folder / "menu", folder / "public.pem", folder / "model.sig"
    files.mkdir()
    for name, content in FILES.items():
        (files / name).write_bytes(content)
    public.write_text(key.public)
    file.write_bytes(signature)
    try:
        verifying.Config().use_elliptic_key_verifier(public_key=public).verify(files, file)
    except Exception:  # noqa: BLE001 - the library raises whatever its parts raise
        return False
    return True


@pytest.mark.parametrize("curve", CURVES)
def test_what_the_library_signs_is_taken_with_the_name_of_its_signer(curve: str, tmp_path: Path) -> None:
    mine, other = new_key(tmp_path / "mine", curve), new_key(tmp_path / "other")
    made = signed(FILES, tmp_path / "menu", mine)
    signers = [other.signer("training"), mine.signer("model-board")]
    assert verify.check(made, SUMS | {"model.sig": "f" * 64}, signers) == "model-board"
    files = [{"path": path, "sha256": digest} for path, digest in (SUMS | {"model.sig": "f" * 64}).items()]
    assert verify.refusal(tmp_path / "menu", files, signers) is None


def put(path: str, value: object) -> Change:
    def change(said: Any) -> None:
        *parents, last = path.split(".")
        for part in parents:
            said = said[int(part) if part.isdigit() else part]
        said[int(last) if last.isdigit() else last] = value

    return change


def resources(said: Any) -> list[dict[str, str]]:
    found: list[dict[str, str]] = said["predicate"]["resources"]
    return found


SIGNED_BUT_WRONG: list[tuple[Change, str]] = [
    (put("predicate.resources", []), "covers no file at all"),
    (lambda said: resources(said).pop(), "does not cover adapter_model.safetensors"),
    (lambda said: resources(said).append({**resources(said)[0], "name": "more"}), "covers 'more', which is not among"),
    (lambda said: resources(said).append(resources(said)[0]), "covers 'adapter_config.json' twice"),
    (put("predicate.resources.0.digest", "0" * 64), "signed for another adapter_config.json: sha256 '000"),
    (put("predicate.resources.0.algorithm", "sha512"), "algorithm of 'adapter_config.json': 'sha512'; expected sha256"),
    (put("predicate.resources.0.algorithm", "blake3"), "expected sha256"),
    (put("predicate.resources.0.digest", 7), "holds a number"),
    (put("predicate.resources.0.name", None), "each must have name, algorithm and digest"),
    (put("predicate.resources.0.name", "./adapter_config.json"), "does not cover adapter_config.json"),
    (put("predicate.resources.0", "file"), "each must have name"),
    (put("predicate.resources", {}), "covers no file at all"),
    (put("predicate", []), "predicate: must be an object"),
    (put("predicateType", "https://model_signing/Digests/v0.1"), "predicateType: 'https://model_signing/Digests/v0.1'"),
    (put("_type", "https://in-toto.io/Statement/v0.1"), "_type: 'https://in-toto.io/Statement/v0.1'"),
    (put("predicate.serialization.method", "shards"), "serialization: must be of whole files"),
    (put("predicate.serialization.hash_type", "blake3"), "serialization: must be of whole files by sha256"),
    (put("predicate.serialization", None), "serialization"),
    (put("predicate.serialization.ignore_paths", ["adapter_config.json"]), "ignore_paths: must be plain names, and"),
    (put("predicate.serialization.ignore_paths", ["."]), "ignore_paths"),
    (put("predicate.serialization.ignore_paths", ["../menu"]), "ignore_paths"),
    (put("predicate.serialization.ignore_paths", ".git"), "ignore_paths"),
    (put("predicate.serialization.allow_symlinks", "no"), "allow_symlinks"),
    (put("subject", []), "subject: must be one"),
    (put("subject.0.digest", {"sha256": "0" * 64}), "subject: must be one, with the sum"),
    (put("subject.0.name", None), "subject"),
    (lambda said: json.dumps([said]).encode(), "payload: must be a statement"),
    (
        lambda said: json.dumps(said).replace('"_type"', '"_type": "x", "_type"', 1).encode(),
        "payload: a key stands twice",
    ),
    (lambda said: json.dumps(said)[:-1].encode(), "payload: is not JSON"),
    (lambda said: b"\xff" + json.dumps(said).encode(), "payload: is not JSON"),
    (lambda _: b"[" * 100_000, "payload: is not JSON"),
    (lambda _: b"NaN", "payload: holds a number"),
]


@pytest.mark.parametrize(("change", "expected"), SIGNED_BUT_WRONG)
def test_a_valid_signature_over_something_else_is_refused(
    change: Change, expected: str, signature: bytes, key: Key
) -> None:
    assert expected in refused(changed(signature, key, change), key)


def text(path: str, value: object) -> Change:
    def change(bundle: Any) -> bytes:
        put(path, value)(bundle)
        return json.dumps(bundle).encode()

    return change


def without(path: str) -> Change:
    def change(bundle: Any) -> bytes:
        del bundle[path]
        return json.dumps(bundle).encode()

    return change


BROKEN: list[tuple[Change, str]] = [
    (text("mediaType", "application/vnd.dev.sigstore.bundle+json;version=0.2"), "mediaType: 'application/vnd.dev"),
    (text("dsseEnvelope.payloadType", "application/json"), "payloadType: 'application/json'; expected"),
    (text("dsseEnvelope.payload", "?"), "payload: is not base64"),
    (text("dsseEnvelope.payload", "\u00e4"), "payload: is not base64"),
    (text("dsseEnvelope.payload", None), "payload: is not base64"),
    (text("dsseEnvelope.payload", base64.b64encode(b"{}").decode()), "one of them was changed"),
    (text("dsseEnvelope.signatures.0.sig", base64.b64encode(b"0" * 70).decode()), "one of them was changed"),
    (text("dsseEnvelope.signatures.0.sig", ""), "one of them was changed"),
    (text("dsseEnvelope.signatures", []), "signatures: must be one signature"),
    (text("dsseEnvelope.signatures.0.other", ""), "signatures[0]: must be an object of sig, keyid"),
    (text("dsseEnvelope.signatures.0.keyid", None), "hint and keyid: must be texts"),
    (text("dsseEnvelope.more", ""), "dsseEnvelope: must be an object of"),
    (text("verificationMaterial.publicKey.hint", "0" * 64), "signed with another key; expected one of model-board"),
    (text("verificationMaterial.publicKey.hint", None), "hint and keyid: must be texts"),
    (text("verificationMaterial.publicKey", {}), "publicKey: must be an object of hint"),
    (
        text("verificationMaterial", {"x509CertificateChain": {}}),
        "x509CertificateChain: must be an object of certificates",
    ),
    (text("verificationMaterial.tlogEntries", [{}]), "tlogEntries: must be empty"),
    (without("dsseEnvelope"), "bundle: must be an object of"),
    (lambda _: b"", "model.sig: is not JSON"),
    (lambda _: b"null", "bundle: must be an object of"),
    (lambda bundle: json.dumps(bundle).encode()[:-40], "model.sig: is not JSON"),
    (
        lambda bundle: json.dumps(bundle).replace("{", '{"mediaType": "x", ', 1).encode(),
        "model.sig: a key stands twice",
    ),
    (lambda bundle: json.dumps(bundle).encode() + b" " * verify.MAX_BYTES, "has more than 1048576 bytes"),
    (lambda _: b"[" * 500_000, "model.sig: is not JSON"),
]


@pytest.mark.parametrize(("change", "expected"), BROKEN)
def test_a_bundle_of_another_form_is_refused(change: Change, expected: str, signature: bytes, key: Key) -> None:
    assert expected in refused(change(json.loads(signature)), key)


def test_another_payload_type_is_refused_though_it_is_signed(signature: bytes, key: Key) -> None:
    payload = json.dumps(statement(signature)).encode()
    assert "payloadType: 'application/json'" in refused(sign_again(signature, payload, key, "application/json"), key)


def test_another_key_and_other_files_are_refused(signature: bytes, key: Key, tmp_path: Path) -> None:
    assert "signed with another key; expected one of model-board" in refused(signature, new_key(tmp_path / "other"))
    other = {**SUMS, "adapter_config.json": "a" * 64}
    assert f"signed for another adapter_config.json: sha256 '{SUMS['adapter_config.json']}'" in refused(
        signature, key, other
    )
    assert "does not cover README.md" in refused(signature, key, {**SUMS, "README.md": "a" * 64})


def test_a_hint_of_a_stated_key_does_not_help_another_key(signature: bytes, key: Key, tmp_path: Path) -> None:
    forged = sign_again(signature, json.dumps(statement(signature)).encode(), new_key(tmp_path / "other"))
    assert "one of them was changed" in refused(forged, key)


def rsa_public() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def other_curve() -> str:
    key = ec.generate_private_key(ec.SECP256K1()).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (rsa_public, "must be an EC key on P-256, P-384 or P-521"),
        (other_curve, "must be an EC key on P-256, P-384 or P-521"),
        (lambda: "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "is damaged"),
        (lambda: rsa_public() * 2, "must be one public key as PEM"),
        (lambda: "model-board", "must be one public key as PEM"),
        (lambda: "-----BEGIN EC PRIVATE KEY-----\ncanary\n", "holds a private key"),
        (lambda: None, "must be a public key as PEM text"),
    ],
)
def test_keys_that_are_none_are_refused_and_not_shown(made: Callable[[], object], expected: str) -> None:
    (fault,) = signer_keys.signers_faults([{"name": "model-board", "publicKey": made()}])
    assert fault.startswith(f"signers[0].publicKey: {expected}")
    assert "canary" not in fault


@pytest.mark.parametrize("signers", [[], None, {}, "x", [7], [{"publicKey": "x"}]])
def test_signers_that_are_none_are_refused(signers: object) -> None:
    assert signer_keys.signers_faults(signers)


def test_a_link_or_a_missing_file_is_no_signature(signature: bytes, key: Key, folder: Path, tmp_path: Path) -> None:
    files = [{"path": path, "sha256": digest} for path, digest in (SUMS | {"model.sig": "f" * 64}).items()]
    assert "model.sig: cannot be read: No such file" in str(verify.refusal(tmp_path, files, [key.signer()]))
    (tmp_path / "model.sig").symlink_to(folder / "model.sig")
    assert "model.sig: cannot be read" in str(verify.refusal(tmp_path, files, [key.signer()]))
    assert "not among its files; expected a signature by model-board" in str(
        verify.refusal(folder, files[:2], [key.signer()])
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=8) | st.sampled_from(["files", "sha256", *SUMS, *SUMS.values()]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
PLACES = st.sampled_from(
    [
        *("_type", "subject", "subject.0.name", "subject.0.digest", "predicateType", "predicate", "more"),
        *("predicate.resources", "predicate.resources.0", "predicate.resources.1.name", "predicate.more"),
        *("predicate.resources.0.digest", "predicate.resources.0.algorithm", "predicate.resources.0.more"),
        *("predicate.serialization", "predicate.serialization.ignore_paths", "predicate.serialization.more"),
        *("predicate.serialization.method", "predicate.serialization.allow_symlinks"),
    ]
)
OUTER = st.sampled_from(
    [
        *("mediaType", "more", "verificationMaterial", "verificationMaterial.tlogEntries", "dsseEnvelope"),
        *("verificationMaterial.publicKey", "verificationMaterial.publicKey.hint", "dsseEnvelope.signatures.0.keyid"),
        *("dsseEnvelope.payloadType", "dsseEnvelope.signatures.0.sig", "verificationMaterial.more"),
    ]
)


@st.composite
def changes(draw: st.DrawFn) -> tuple[bool, Change]:
    """A value somewhere in the signed statement (then it is signed anew) or in the bundle around it."""
    inside = draw(st.booleans())
    return inside, (put if inside else text)(draw(PLACES if inside else OUTER), draw(JSON))


@settings(max_examples=300, deadline=None)
@given(made=changes())
def test_nothing_is_taken_that_the_library_refuses(
    made: tuple[bool, Change], signature: bytes, key: Key, tmp_path_factory: pytest.TempPathFactory
) -> None:
    inside, change = made
    content = changed(signature, key, change) if inside else change(json.loads(signature))
    try:
        verify.check(content, SUMS, [key.signer()])
    except signer_keys.SignatureError as error:
        assert str(error).isprintable()
        return
    assert library_takes(content, key, tmp_path_factory.mktemp("taken")), content


def test_the_library_believes_an_empty_signature_over_nothing_that_it_ignores(
    signature: bytes, key: Key, tmp_path: Path
) -> None:
    """Why the resources are held against the files here, and not the files against the resources."""

    def empty(said: Any) -> None:
        said["predicate"] |= {"resources": []}
        said["predicate"]["serialization"]["ignore_paths"] = list(FILES)
        said["subject"][0]["digest"]["sha256"] = sha256(b"").hexdigest()

    content = changed(signature, key, empty)
    assert library_takes(content, key, tmp_path)
    assert "ignore_paths: must be plain names, and none of the files" in refused(content, key)


def test_without_the_package_every_signature_is_refused_in_one_line(key: Key) -> None:
    script = (
        "import sys; sys.modules['cryptography'] = None; import json; from payload import signer_keys as v; "
        "print(v.signers_faults(json.load(sys.stdin)))"
    )
    signers = json.dumps([key.signer(), key.signer("second")])
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=pod_package.HOME, input=signers, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['signers: no signature can be checked: this Python lacks the package cryptography']"


@pytest.mark.parametrize("module", [verify, signer_keys])
def test_the_scripts_are_python_3_9_and_need_nothing_until_signers_are_stated(module: Any) -> None:
    source = Path(module.__file__).read_text()
    tree = ast.parse(source, feature_version=(3, 9))
    modules = {node.module for node in tree.body if isinstance(node, ast.ImportFrom) and not node.level}
    modules |= {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    assert {str(name).split(".")[0] for name in modules} <= set(sys.stdlib_module_names)
