"""A bundle is made, verified and signed; everything a person can say wrongly is told."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from infra.catalog import FOLDER
from ops.__main__ import main
from ops.bundle import create as ops_create
from ops.bundle.bring_in import from_settings
from ops.bundle.entry import Entry
from ops.bundle.errors import ToolError
from ops.bundle.wanted import IMAGE
from tests.support import bundle_tools as tools
from tests.unit.support.entry import with_entry
from tools.local.workspace import REPOSITORY


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, tools.Keys]:
    """A signed bundle of an adapter, a base model and an image, as folder and archive."""
    source = tools.artifacts(tmp_path)
    digest = tools.image_layout(source / "images" / "tool")
    listed = tools.bring_in(
        tmp_path, tools.entry("adapter", tools.FAQ), tools.entry("base-model", tools.MODEL), tools.image_entry(digest)
    )
    signer = tools.keys(tmp_path)
    words = ["--list", str(listed), "--from", str(source), "--to", str(tmp_path / "bundle")]
    assert main(["bundle", "create", *words, "--archive", str(tmp_path / "bundle.tar"), *signer.sign()]) == 0
    return tmp_path, signer


@pytest.mark.parametrize("name", ["bundle", "bundle.tar"])
def test_what_is_made_is_verified(made: tuple[Path, tools.Keys], name: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder, signer = made
    capsys.readouterr()
    assert main(["bundle", "verify", str(folder / name), *signer.trust(), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"]
    assert told["signed"]
    assert [entry["kind"] for entry in told["artifacts"]] == ["base-model", "image", "adapter"]
    assert told["files"] == len(tools.tree(folder / "bundle")) - 2


def test_the_manifest_says_what_is_there(made: tuple[Path, tools.Keys]) -> None:
    bundle = made[0] / "bundle"
    manifest = json.loads((bundle / "bundle.json").read_text())
    stated = {file["path"]: file for artifact in manifest["artifacts"] for file in artifact["files"]}
    found = tools.tree(bundle)
    assert set(stated) | {"bundle.json", "bundle.sig"} == set(found)
    for path, file in stated.items():
        assert file["size"] == len(found[path])
        assert file["sha256"] == hashlib.sha256(found[path]).hexdigest()
    assert sorted(path.name for path in made[0].iterdir() if path.name.startswith("bundle.")) == [
        "bundle.key",
        "bundle.pub",
        "bundle.tar",
    ]


def test_the_same_input_makes_the_same_bytes(made: tuple[Path, tools.Keys]) -> None:
    folder, _ = made
    words = ["--list", str(folder / "bring-in.yaml"), "--from", str(folder / "artifacts"), "--unsigned"]
    for name in ("one", "two"):
        archive = str(folder / f"{name}.tar")
        assert main(["bundle", "create", *words, "--to", str(folder / name), "--archive", archive]) == 0
    assert tools.tree(folder / "one") == tools.tree(folder / "two")
    assert (folder / "one.tar").read_bytes() == (folder / "two.tar").read_bytes()
    assert (folder / "one" / "bundle.json").read_bytes() == (folder / "bundle" / "bundle.json").read_bytes()


def test_an_environment_brings_what_it_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The images of the catalog cannot be made here: their layouts hold others, which is told."""
    source = tools.artifacts(tmp_path)
    for name in ("vllm", "storage-initializer", "envoy"):
        tools.image_layout(source / "images" / name)
    words = ["--settings", tools.PROD, "--from", str(source), "--to", str(tmp_path / "bundle"), "--unsigned"]
    assert main(["bundle", "create", *words, "--on", "2026-02-03"]) == 2
    told = capsys.readouterr().err
    assert "3 faults" in told
    assert "images/envoy/index.json" in told
    assert "images/vllm/index.json" in told
    assert "sha256:0a51ea5b4ae2dc5d81890e5173f54203d2a3ae0cfffe51b8fd2afd4391bfd967" in told
    assert not (tmp_path / "bundle").exists()
    assert main(["bundle", "create", *words]) == 2
    assert "--on: missing" in capsys.readouterr().err


@pytest.mark.parametrize(("counter", "own"), [("local", set()), ("shared", {"ratelimit", "valkey"})])
def test_the_images_of_the_entry_and_of_its_counter_come_along(tmp_path: Path, counter: str, own: set[str]) -> None:
    settings = tmp_path / "Pulumi.x.yaml"
    told = with_entry(counter=counter)
    settings.write_text(yaml.safe_dump({"config": {f"kitchen:{key}": value for key, value in told.items()}}))
    asked = from_settings(settings, "2026-02-03", FOLDER)
    found = {entry.name for entry in asked.wanted if entry.kind == IMAGE}
    assert found == {"vllm", "storage-initializer", "envoy"} | own


@pytest.mark.parametrize("holds", [None, [], ["docker", "artifacts"]])
def test_what_the_settings_state_of_the_registry_is_known(tmp_path: Path, holds: list[str] | None) -> None:
    settings = tmp_path / "Pulumi.x.yaml"
    told = with_entry(counter="local") | ({} if holds is None else {"registryHolds": holds})
    settings.write_text(yaml.safe_dump({"config": {f"kitchen:{key}": value for key, value in told.items()}}))
    asked = from_settings(settings, "2026-02-03", FOLDER)
    assert asked.registry_holds == (None if holds is None else set(holds))


def test_files_that_are_not_the_catalog_s_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tools.artifacts(tmp_path)
    folder = source / "lora" / tools.FAQ
    (folder / "adapter_config.json").write_text("{}")
    (folder / "extra.json").write_text("{}")
    (folder / "adapter_model.safetensors").unlink()
    (folder / "link.json").symlink_to("/etc/hostname")
    for name in ("vllm", "storage-initializer", "envoy"):
        tools.image_layout(source / "images" / name)
    words = ["--settings", tools.PROD, "--on", "2026-02-03", "--from", str(source), "--to", str(tmp_path / "bundle")]
    assert main(["bundle", "create", *words, "--unsigned"]) == 2
    told = capsys.readouterr().err
    assert "4 faults" in told
    for expected in ("the catalog's size", "extra file", "adapter_model.safetensors: missing", "no regular file"):
        assert expected in told


def test_a_list_is_checked_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tools.entry("adapter", "helpdesk-faq/v1", licence=7)
    listed = tools.bring_in(tmp_path, wrong | {"colour": "red"}, {"kind": "adapter"})
    words = ["--from", str(tmp_path), "--to", str(tmp_path / "bundle"), "--unsigned"]
    assert main(["bundle", "create", "--list", str(listed), *words]) == 2
    told = capsys.readouterr().err
    for expected in ("artifacts.0.licence", "artifacts.0.colour", "artifacts.1.origin: missing"):
        assert expected in told
    listed = tools.bring_in(tmp_path, tools.entry("adapter", "helpdesk-faq/v1"), tools.entry("image", "tool/1"))
    assert main(["bundle", "create", "--list", str(listed), *words]) == 2
    told = capsys.readouterr().err
    assert "artifacts.0" in told
    assert "artifacts.1.image: missing" in told


def test_without_a_key_nothing_is_believed(made: tuple[Path, tools.Keys], capsys: pytest.CaptureFixture[str]) -> None:
    folder, signer = made
    bundle = str(folder / "bundle")
    assert main(["bundle", "verify", bundle]) == 2
    assert "say --unsigned" in capsys.readouterr().err
    assert main(["bundle", "verify", bundle, *signer.trust(), "--unsigned"]) == 2
    assert "with a key there is no --unsigned" in capsys.readouterr().err
    for more in ([], ["--json"]):
        assert main(["bundle", "verify", bundle, "--unsigned", *more]) == 0
        assert "NOT SIGNED" in capsys.readouterr().err


def test_another_key_is_refused(made: tuple[Path, tools.Keys], capsys: pytest.CaptureFixture[str]) -> None:
    folder, _ = made
    other = tools.keys(folder, "other")
    assert main(["bundle", "verify", str(folder / "bundle.tar"), *other.trust()]) == 1
    told = capsys.readouterr().err
    assert "1 fault" in told
    assert 'bundle.sig: "another key"' in told


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("absent.pub", "must be a readable file (No such file or directory)"),
        ("bundle.key", "holds a private key: whoever has read it can sign"),
        ("rsa.pub", "must be an EC key on P-256, P-384 or P-521"),
        ("bring-in.yaml", "must be one public key as PEM"),
    ],
)
def test_a_key_that_is_none_is_told_before_the_bundle_is_read(
    name: str, rule: str, made: tuple[Path, tools.Keys], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made[0]
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    (folder / "rsa.pub").write_bytes(key.public_bytes(*form))
    assert main(["bundle", "verify", str(folder / "bundle"), "--public-key", str(folder / name)]) == 2
    told = capsys.readouterr().err
    assert '--public-key: "/' in told
    assert f'/{name}"; rule: {rule}' in told


def test_a_password_comes_from_environment_or_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tools.artifacts(tmp_path)
    listed = tools.bring_in(tmp_path, tools.entry("adapter", tools.FAQ))
    signer = tools.keys(tmp_path, password=b"canary-password")
    words = ["bundle", "create", "--list", str(listed), "--from", str(source), *signer.sign()]
    monkeypatch.delenv("KITCHEN_BUNDLE_KEY_PASSWORD", raising=False)
    assert main([*words, "--to", str(tmp_path / "none")]) == 2
    assert "KITCHEN_BUNDLE_KEY_PASSWORD or --password-file" in capsys.readouterr().err
    monkeypatch.setenv("KITCHEN_BUNDLE_KEY_PASSWORD", "canary-wrong")
    assert main([*words, "--to", str(tmp_path / "wrong")]) == 2
    told = "".join(capsys.readouterr())
    assert "must be that of the key" in told
    assert "canary" not in told
    monkeypatch.setenv("KITCHEN_BUNDLE_KEY_PASSWORD", "canary-password")
    assert main([*words, "--to", str(tmp_path / "environment")]) == 0
    monkeypatch.delenv("KITCHEN_BUNDLE_KEY_PASSWORD")
    (tmp_path / "password").write_text("canary-password\n")
    assert main([*words, "--to", str(tmp_path / "file"), "--password-file", str(tmp_path / "password")]) == 0
    for name in ("environment", "file"):
        assert main(["bundle", "verify", str(tmp_path / name), *signer.trust()]) == 0
    assert "canary" not in "".join(capsys.readouterr())


def test_a_certificate_s_signature(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tools.artifacts(tmp_path)
    listed = tools.bring_in(tmp_path, tools.entry("adapter", tools.FAQ))
    paths = tools.certificates(tmp_path)
    words = ["--private-key", str(paths["signer.key"]), "--certificate", str(paths["signer.crt"])]
    bundle = str(tmp_path / "bundle")
    assert main(["bundle", "create", "--list", str(listed), "--from", str(source), "--to", bundle, *words]) == 0
    assert main(["bundle", "verify", bundle, "--certificate-chain", str(paths["root.crt"])]) == 0
    (tmp_path / "other").mkdir()
    other = tools.certificates(tmp_path / "other")
    capsys.readouterr()
    assert main(["bundle", "verify", bundle, "--certificate-chain", str(other["root.crt"])]) == 1
    assert "bundle.sig" in capsys.readouterr().err
    assert main(["bundle", "verify", bundle, *tools.keys(tmp_path).trust()]) == 1


def test_verifying_needs_no_network(made: tuple[Path, tools.Keys]) -> None:
    """In the process that verifies, looking up a name or reaching out ends it."""
    folder, signer = made
    program = (
        "import sys\n"
        "def hook(event, _):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.sendto', 'socket.gethostbyname'):\n"
        "        raise SystemExit(f'{event} was called')\n"
        "sys.addaudithook(hook)\n"
        "from ops.__main__ import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    words = ["bundle", "verify", str(folder / "bundle.tar"), *signer.trust()]
    done = subprocess.run(
        [sys.executable, "-c", program, *words], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_bundle_is_never_changed(made: tuple[Path, tools.Keys], capsys: pytest.CaptureFixture[str]) -> None:
    folder, signer = made
    before = tools.tree(folder)
    words = ["--list", str(folder / "bring-in.yaml"), "--from", str(folder / "absent"), "--to", str(folder / "bundle")]
    assert main(["bundle", "create", *words, "--archive", str(folder / "bundle.tar"), *signer.sign()]) == 2
    told = capsys.readouterr().err
    assert "3 faults" in told
    assert tools.tree(folder) == before


@pytest.mark.parametrize(("size", "status"), [(5 * 1024**3, 0), (5 * 1024**3 + 1, 0), (5 * 1024**4 + 1, 2)])
def test_files_that_one_request_cannot_hold_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, size: int, status: int
) -> None:
    source = tools.artifacts(tmp_path)
    weights = source / "base" / tools.MODEL / "model.safetensors"
    listed = tools.bring_in(tmp_path, tools.entry("base-model", tools.MODEL))
    real = ops_create.gather

    def larger(*given: Any) -> list[Entry]:
        return [replace(entry, size=size) if entry.path == weights else entry for entry in real(*given)]

    monkeypatch.setattr(ops_create, "gather", larger)
    monkeypatch.setattr(ops_create, "_refuse_full_disk", lambda *_: (_ for _ in ()).throw(ToolError("so far")))
    words = ["--list", str(listed), "--from", str(source), "--to", str(tmp_path / "bundle"), "--unsigned"]
    assert main(["bundle", "create", *words]) == (status or 1)
    told = capsys.readouterr().err
    assert ("needs a store with uploads in parts" in told) is (5 * 1024**3 < size < 5 * 1024**4)
    assert (f"{weights}: {size}; rule: a store takes {5 * 1024**4} bytes at most" in told) is (status == 2)
