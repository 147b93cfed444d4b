"""Forms of OpenSSF's format that the library writes or reads and pods do not, each refused with its reason."""

from __future__ import annotations

import base64
import json
import unicodedata
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from model_signing import hashing, signing

from infra.payload import signer_keys
from infra.payload import verify_signature as verify
from tests.support.signing import Key, new_key, sign, sign_again, statement

FILES = {"config.json": b"{}", "model.safetensors": b"weights"}
SUMS = {name: sha256(content).hexdigest() for name, content in FILES.items()}
Serialized = Callable[[hashing.Config], Any]


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return new_key(tmp_path / "key.pem")


def model(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return folder


def refused(content: bytes, key: Key, sums: dict[str, str] = SUMS) -> str:
    with pytest.raises(signer_keys.SignatureError) as caught:
        verify.check(content, sums, [key.signer()])
    assert str(caught.value).isprintable()
    assert str(caught.value).isascii()
    return str(caught.value)


@pytest.mark.parametrize(
    ("serialized", "says"),
    [
        (lambda config: config.use_file_serialization(hashing_algorithm="blake2"), "'files' by 'blake2b'"),
        (lambda config: config.use_file_serialization(hashing_algorithm="blake3"), "'files' by 'blake3'"),
        (lambda config: config.use_shard_serialization(), "holds a number, which no signature over whole files does"),
        (lambda config: config.use_shard_serialization(hashing_algorithm="blake2", shard_size=100), "holds a number"),
        (lambda config: config.use_shard_serialization(hashing_algorithm="blake3"), "'files' by 'blake3'"),
    ],
    ids=["blake2", "blake3", "shards", "shards of blake2", "shards of blake3"],
)
def test_other_sums_than_sha256_of_whole_files_are_refused(
    serialized: Serialized, says: str, key: Key, tmp_path: Path
) -> None:
    """Real ones of the library: the catalog has no such sums, so nothing could be compared with them."""
    config = signing.Config().use_elliptic_key_signer(private_key=key.file)
    config.set_hashing_config(serialized(hashing.Config()))
    config.sign(model(tmp_path / "model"), tmp_path / "model.sig")
    assert says in refused((tmp_path / "model.sig").read_bytes(), key)


def test_the_signature_of_a_single_file_is_none_of_a_model(key: Key, tmp_path: Path) -> None:
    config = signing.Config().use_elliptic_key_signer(private_key=key.file)
    config.sign(model(tmp_path / "model") / "config.json", tmp_path / "model.sig")
    assert "does not cover config.json" in refused((tmp_path / "model.sig").read_bytes(), key)


def test_an_old_version_of_the_model_has_another_signature(key: Key, tmp_path: Path) -> None:
    signature = sign(model(tmp_path / "model"), key)
    now = {**SUMS, "config.json": sha256(b"{} ").hexdigest()}
    assert "signed for another config.json" in refused(signature, key, now)


def test_what_stands_outside_of_what_is_signed_says_nothing(key: Key, tmp_path: Path) -> None:
    """A statement beside the signed one, in the bundle, in its envelope, or in place of it."""
    signature = sign(model(tmp_path / "model"), key)
    said = statement(signature)
    for place, says in (
        ([], "bundle: must be an object of"),
        (["dsseEnvelope"], "dsseEnvelope: must be an object of"),
        (["dsseEnvelope", "signatures", 0], "signatures[0]: must be an object of sig, keyid"),
        (["verificationMaterial"], "verificationMaterial: must be an object of publicKey, tlogEntries"),
    ):
        for name in ("predicate", "payload2", "messageSignature"):
            bundle: Any = json.loads(signature)
            inner = bundle
            for step in place:
                inner = inner[step]
            inner[name] = said["predicate"]
            assert says in refused(json.dumps(bundle).encode(), key)
    bundle = json.loads(signature)
    other = {**said, "predicate": {**said["predicate"], "resources": said["predicate"]["resources"][:1]}}
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(other).encode()).decode()
    assert "one of them was changed" in refused(json.dumps(bundle).encode(), key)


def test_the_statement_of_version_0_2_is_refused(key: Key, tmp_path: Path) -> None:
    """The library believes its subjects, and checks no file that they leave out."""
    signature = sign(model(tmp_path / "model"), key)
    old = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in SUMS.items()],
        "predicateType": "https://model_signing/Digests/v0.1",
        "predicate": {"unused": "Unused, just passed due to API requirements"},
    }
    assert "predicateType: " in refused(sign_again(signature, json.dumps(old).encode(), key), key)


@pytest.mark.parametrize("subject", [[], [{}], {}, None, "missing"])
def test_no_subject_is_no_signature(subject: object, key: Key, tmp_path: Path) -> None:
    signature = sign(model(tmp_path / "model"), key)
    said = statement(signature)
    said.pop("subject")
    if subject != "missing":
        said["subject"] = subject
    assert "subject: must be one" in refused(sign_again(signature, json.dumps(said).encode(), key), key)


@pytest.mark.parametrize(
    "name",
    [
        "c\u043enfig.json",
        unicodedata.normalize("NFD", "config\u00e9.json"),
        "config.json\u200b",
        "\u202econfig.json",
        "CONFIG.JSON",
        "config.json/",
        "./config.json",
        "\uff43onfig.json",
    ],
)
def test_a_name_that_only_looks_alike_is_another_file(name: str, key: Key, tmp_path: Path) -> None:
    """In place of the file, and beside it; a message shows what no eye can tell apart."""
    signature = sign(model(tmp_path / "model"), key)
    said = statement(signature)
    said["predicate"]["resources"][0]["name"] = name
    assert "does not cover config.json" in refused(sign_again(signature, json.dumps(said).encode(), key), key)
    said = statement(signature)
    said["predicate"]["resources"].append({"name": name, "algorithm": "sha256", "digest": "0" * 64})
    told = refused(sign_again(signature, json.dumps(said).encode(), key), key)
    assert told == f"covers {name!a}, which is not among the files"


@pytest.mark.parametrize(
    ("ignored", "right"),
    [
        (["model.sig", ".git", ".gitattributes", ".github", ".gitignore"], True),
        (["notes/old.md", ".cache/huggingface"], True),
        (["my notes/old draft (2).md", "メモ.md", "...", "..a/.b"], True),
        (["config.json"], False),
        (["config.json/"], False),
        (["./config.json"], False),
        (["a/./b"], False),
        (["a/.."], False),
        (["a\\config.json"], False),
        (["config.json\0"], False),
        (["a\nb"], False),
        (["*"], False),
        (["config.*"], False),
        (["../model"], False),
        (["/"], False),
        ([""], False),
        (["a//b"], False),
        (["a/../config.json"], False),
    ],
)
def test_paths_to_ignore_name_none_of_the_files(ignored: list[str], right: bool, key: Key, tmp_path: Path) -> None:
    signature = sign(model(tmp_path / "model"), key)
    said = statement(signature)
    said["predicate"]["serialization"]["ignore_paths"] = ignored
    made = sign_again(signature, json.dumps(said).encode(), key)
    if right:
        assert verify.check(made, SUMS, [key.signer()]) == "model-board"
    else:
        assert refused(made, key) == "ignore_paths: must be plain names, and none of the files"


def test_a_folder_to_ignore_holds_none_of_the_files(key: Key, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "config.json").write_bytes(b"{}")
    signature = sign(folder, key)
    sums = {"sub/config.json": SUMS["config.json"]}
    assert verify.check(signature, sums, [key.signer()]) == "model-board"
    said = statement(signature)
    said["predicate"]["serialization"]["ignore_paths"] = ["sub"]
    assert "ignore_paths" in refused(sign_again(signature, json.dumps(said).encode(), key), key, sums)
