"""Signatures of the real command `model_signing` are taken, and it takes ours: base models and adapters, both ways."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.__main__ import main
from ops.catalog import publishing
from ops.publish import PublishReport
from tests.support.artifacts import MODEL, catalog_folder, write, write_adapter
from tests.support.signing import Key, new_key
from tests.support.signing_authority import SUBJECT, Certified, Form, authority, between, certified
from tools.fixtures import base_model_files
from tools.local.workspace import REPOSITORY

CLI = Path(sys.executable).with_name("model_signing")


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return catalog_folder(tmp_path_factory.mktemp("catalog") / "catalog")


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return new_key(tmp_path / "key.pem")


@pytest.fixture
def root(tmp_path: Path) -> Certified:
    return authority(tmp_path / "root")


@pytest.fixture
def board(tmp_path: Path, root: Certified) -> Certified:
    return certified(tmp_path / "board", between(tmp_path / "between", root))


def model(folder: Path) -> Path:
    return write(folder, base_model_files(MODEL))


MADE: dict[str, Callable[[Path], Path]] = {"model": model, "adapter": write_adapter}


def cli(*words: str | Path, where: Path | None = None, status: int = 0) -> str:
    done = subprocess.run([CLI, *words], cwd=where, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def settings(folder: Path, *signers: dict[str, Any]) -> str:
    """The development environment without adapters; what it holds unsigned is let through."""
    data = yaml.safe_load((REPOSITORY / "Pulumi.dev.yaml").read_text())
    config = data["config"]
    for kitchen in config["kitchen:kitchens"].values():
        kitchen.pop("adapters", None)
        kitchen.pop("loraMode", None)
    config["kitchen:signers"] = [*signers]
    said = {"rule": "models-signed", "reason": "old", "approver": "model-board", "expires": "2027-01-31"}
    config["kitchen:exemptions"] = [
        {**said, "object": f"BaseModel {ref}"} for ref in ("tsuzumi-7b-instruct/v1", "qwen3-embedding-0.6b/v1")
    ]
    path = folder / "Pulumi.dev.yaml"
    path.write_text(yaml.safe_dump(data))
    return str(path)


def lint(word: str, folder: Path, catalog: Path, stated: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What lint says of an artifact's signature; empty where it is right."""
    status = main([word, "lint", str(folder), "--catalog", str(catalog), "--settings", stated])
    told = capsys.readouterr().out
    assert (status == 0) is told.startswith(f"{folder}: fine"), told
    return "" if status == 0 else told


@pytest.mark.parametrize("word", ["model", "adapter"])
def test_what_downloads_leave_beside_the_files_is_not_signed(
    word: str, key: Key, catalog: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = MADE[word](tmp_path / "artifact")
    left = ("__MACOSX/a", ".cache/huggingface/download/a.lock", ".DS_Store", ".gitattributes", ".git/HEAD")
    for name in left:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("left")
    assert main([word, "sign", str(folder), "--catalog", str(catalog), "--private-key", str(key.file)]) == 0
    for name in left:
        shutil.rmtree(folder / Path(name).parts[0]) if "/" in name else (folder / name).unlink()
    capsys.readouterr()
    assert not lint(word, folder, catalog, settings(tmp_path, key.signer()), capsys)


@pytest.mark.parametrize("word", ["model", "adapter"])
def test_what_the_command_signs_with_a_key_is_taken(
    word: str, key: Key, catalog: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it does by default: the signature where it was called, without the paths of Git."""
    folder = MADE[word](tmp_path / "artifact")
    cli("sign", "key", "artifact", "--private_key", key.file, where=tmp_path)
    shutil.move(tmp_path / "model.sig", folder)
    assert lint(word, folder, catalog, settings(tmp_path, key.signer()), capsys) == ""
    assert "signed with another key" in lint(
        word, folder, catalog, settings(tmp_path, new_key(tmp_path / "other").signer()), capsys
    )


def test_options_of_the_command_that_leave_no_file_out_change_nothing(
    key: Key, catalog: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = model(tmp_path / "artifact")
    words = ["--allow_symlinks", "--no-ignore-git-paths", "--ignore-paths", "artifact/not/there", "--ignore-paths", "x"]
    cli("sign", "key", "artifact", "--private_key", key.file, *words, where=tmp_path)
    shutil.move(tmp_path / "model.sig", folder)
    assert lint("model", folder, catalog, settings(tmp_path, key.signer()), capsys) == ""


@pytest.mark.parametrize("word", ["model", "adapter"])
def test_what_the_command_signs_with_a_certificate_is_taken(
    word: str, board: Certified, root: Certified, tmp_path: Path
) -> None:
    folder = MADE[word](tmp_path / "artifact")
    chain = [word for one in board.chain for word in ("--certificate_chain", str(one.file))]
    words = ["--private_key", board.key.file, "--signing_certificate", board.file, *chain]
    cli("sign", "certificate", folder, "--signature", folder / "model.sig", *words)
    catalog = catalog_folder(tmp_path / "catalog")
    stated = settings(tmp_path, root.signer())
    assert main([word, "lint", str(folder), "--catalog", str(catalog), "--settings", stated]) == 0
    other = settings(tmp_path, root.signer("CN=training,O=Example"))
    assert main([word, "lint", str(folder), "--catalog", str(catalog), "--settings", other]) == 1


@pytest.mark.parametrize("word", ["model", "adapter"])
def test_the_command_takes_what_is_signed_here_with_a_key(word: str, key: Key, catalog: Path, tmp_path: Path) -> None:
    folder, public = MADE[word](tmp_path / "artifact"), tmp_path / "public.pem"
    public.write_text(key.public)
    assert main([word, "sign", str(folder), "--private-key", str(key.file), "--catalog", str(catalog)]) == 0
    words = ["verify", "key", folder, "--signature", folder / "model.sig", "--public_key", public]
    assert "Verification succeeded" in cli(*words)
    (folder / "README.md").write_text("beside")
    cli(*words, status=1)


def test_the_command_takes_what_is_signed_here_with_a_certificate(
    board: Certified, root: Certified, catalog: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = model(tmp_path / "artifact")
    chain = [word for one in board.chain for word in ("--certificate-chain", str(one.file))]
    words = ["--private-key", str(board.key.file), "--certificate", str(board.file), *chain]
    stated = settings(tmp_path, root.signer(name="vendor"))
    assert main(["model", "sign", str(folder), *words, "--catalog", str(catalog), "--settings", stated]) == 0
    assert "model.sig: signed by vendor" in capsys.readouterr().out
    verify = ["verify", "certificate", folder, "--signature", folder / "model.sig", "--certificate_chain", root.file]
    assert "Verification succeeded" in cli(*verify)
    stranger = authority(tmp_path / "stranger")
    cli(*verify[:-1], stranger.file, status=1)


def test_files_that_the_command_leaves_out_are_refused_here(
    key: Key, catalog: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it was told to ignore, what is added later, what Git keeps, and links: it takes all of these."""
    folder, public = model(tmp_path / "artifact"), tmp_path / "public.pem"
    public.write_text(key.public)
    stated, signature = settings(tmp_path, key.signer()), folder / "model.sig"
    left_out = ["--ignore-paths", folder / "tokenizer_config.json"]
    cli("sign", "key", folder, "--private_key", key.file, "--signature", signature, *left_out)
    verify = ["verify", "key", folder, "--signature", signature, "--public_key", public]
    assert "Verification succeeded" in cli(*verify, *left_out)
    assert "ignore_paths: must be plain names, and none of the files" in lint("model", folder, catalog, stated, capsys)
    signature.unlink()
    cli("sign", "key", folder, "--private_key", key.file, "--signature", signature)
    (folder / "README.md").write_text("added")
    assert "Verification succeeded" in cli(*verify, "--ignore_unsigned_files")
    assert "does not cover README.md" in lint("model", folder, catalog, stated, capsys)
    (folder / "README.md").unlink()
    (folder / ".gitattributes").write_text("* filter=lfs")
    assert "Verification succeeded" in cli(*verify)
    assert lint("model", folder, catalog, stated, capsys) == "", "it is left behind, and in no pod"
    (folder / ".gitattributes").unlink()
    (folder / ".github").mkdir()
    (folder / ".github" / "README.md").write_text("added")
    assert "Verification succeeded" in cli(*verify)
    assert ".github" in lint("model", folder, catalog, stated, capsys)
    shutil.rmtree(folder / ".github")
    shutil.move(folder / "config.json", tmp_path / "config.json")
    (folder / "config.json").symlink_to(tmp_path / "config.json")
    assert "Verification succeeded" in cli(*verify, "--allow_symlinks")
    assert "must be a regular file" in lint("model", folder, catalog, stated, capsys)


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Path]]:
    """What is sent to a store that takes everything."""
    sent: list[dict[str, Path]] = []

    def publish(*words: Any, **_: Any) -> PublishReport:
        sent.append(words[4])
        return PublishReport(bucket="dev-models", uploaded=(), already_there=(), sent_bytes=0)

    monkeypatch.setattr(publishing, "publish", publish)
    monkeypatch.setattr(publishing, "client", lambda *_: None)
    return sent


def test_an_entry_of_before_gets_its_signature_and_nothing_else(
    publish: list[dict[str, Path]], key: Key, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog, folder = catalog_folder(tmp_path / "catalog"), model(tmp_path / "artifact")
    file, stated = catalog / "base-models.yaml", settings(tmp_path, key.signer())
    before = yaml.safe_load(file.read_text())
    words = ["model", "publish", str(folder), "--name", MODEL, "--settings", stated, "--catalog", str(catalog)]
    assert main(words) == 2
    assert "model.sig: missing; rule: one of the signers must have signed the files" in capsys.readouterr().err
    assert main([*words, "--private-key", str(new_key(tmp_path / "other").file)]) == 2
    assert "pods would refuse what this key signs" in capsys.readouterr().err
    assert not (folder / "model.sig").exists()
    assert publish == []
    assert main([*words, "--private-key", str(key.file)]) == 0
    assert "has its signature now: every load and every start asks for it" in capsys.readouterr().out
    after = yaml.safe_load(file.read_text())
    signature = after["baseModels"][MODEL]["files"].pop("model.sig")
    assert signature["sizeBytes"] == (folder / "model.sig").stat().st_size
    assert list(after["baseModels"][MODEL].pop("templates")) == ["tokenizer_config.json: chat_template"]
    assert after == before
    written = file.read_bytes()
    assert main(words) == 0
    assert file.read_bytes() == written
    (folder / "model.sig").unlink()
    assert main([*words, "--private-key", str(key.file)]) == 2
    assert "model.sig: missing; rule: every file of the catalog's entry must be there" in capsys.readouterr().err


def test_a_stranger_s_signature_does_not_enter_the_catalog(
    publish: list[dict[str, Path]], key: Key, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Entries never change: one that nobody can check would stay for good."""
    catalog, folder = catalog_folder(tmp_path / "catalog"), model(tmp_path / "artifact")
    before = (catalog / "base-models.yaml").read_bytes()
    cli("sign", "key", folder, "--private_key", key.file, "--signature", folder / "model.sig")
    words = ["model", "publish", str(folder), "--name", MODEL, "--catalog", str(catalog), "--settings"]
    assert main([*words, str(REPOSITORY / "Pulumi.dev.yaml")]) == 2
    assert "no signer of --settings signs base models: nobody knows whose it is" in capsys.readouterr().err
    adapters_only = settings(tmp_path, {**key.signer(), "signs": ["adapters"]})
    assert main([*words, adapters_only]) == 2
    assert (catalog / "base-models.yaml").read_bytes() == before
    assert publish == []


def test_a_certificate_that_has_ended_signs_nothing_new(
    publish: list[dict[str, Path]], root: Certified, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog, folder = catalog_folder(tmp_path / "catalog"), model(tmp_path / "artifact")
    ended = certified(tmp_path / "ended", root, Form(start=-30, end=-1))
    words = ["--private-key", str(ended.key.file), "--certificate", str(ended.file)]
    words += ["--certificate-chain", str(root.file), "--catalog", str(catalog)]
    assert main(["model", "sign", str(folder), *words]) == 2
    assert "sign with a new one: pods would refuse what this key signs" in capsys.readouterr().err
    ended.sign(folder)
    stated = ["--settings", settings(tmp_path, root.signer(SUBJECT))]
    assert main(["model", "lint", str(folder), "--catalog", str(catalog), *stated]) == 1
    assert "was valid until" in capsys.readouterr().out
    publishing_it = ["model", "publish", str(folder), "--name", MODEL, "--catalog", str(catalog), *stated]
    assert main(publishing_it) == 2
    assert publish == []


LACKING = [
    (["--certificate", "board.crt"], "--certificate-chain: missing; rule: the certificates from that of"),
    (["--certificate-chain", "root.crt"], '--certificate-chain: "root.crt"; rule: goes with --certificate'),
    (["--certificate", "none.crt", "--certificate-chain", "root.crt"], "No such file"),
    (["--settings", str(REPOSITORY / "Pulumi.dev.yaml")], "states no signer of baseModels"),
]


def test_who_signs_is_told_what_lacks(
    key: Key, catalog: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = model(tmp_path / "artifact")
    said = ["model", "sign", str(folder), "--private-key", str(key.file), "--catalog", str(catalog)]
    for words, says in LACKING:
        assert main([*said, *words]) == 2
        assert says in capsys.readouterr().err
        assert not (folder / "model.sig").exists()


def test_what_is_wrong_is_not_signed(
    key: Key, catalog: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = model(tmp_path / "artifact")
    (folder / "modeling_tiny.py").write_text("import os")
    assert main(["model", "sign", str(folder), "--private-key", str(key.file), "--catalog", str(catalog)]) == 2
    assert "code is refused" in capsys.readouterr().err
    assert not (folder / "model.sig").exists()
