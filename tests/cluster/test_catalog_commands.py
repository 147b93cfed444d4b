"""`kitchen adapter|model publish` into a real MinIO: objects with checksums, and a small diff of the catalog."""

from __future__ import annotations

import base64
import difflib
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.catalog import load_catalog
from ops.__main__ import main
from tests.artifacts import ADAPTER, CONFIG, MODEL, WEIGHTS, catalog_folder, change_config, write, write_adapter
from tests.minio_server import MinioServer
from tools import fixtures

REPOSITORY = Path(__file__).resolve().parents[2]
SETTINGS = str(REPOSITORY / "Pulumi.dev.yaml")
SAID = ("--licence", "LicenseRef-internal", "--origin", "https://models.example.com/menu", "--owner", "support-team")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    with MinioServer(tmp_path_factory.mktemp("minio")) as server:
        yield server


@pytest.fixture
def store(running: MinioServer, monkeypatch: pytest.MonkeyPatch) -> MinioServer:
    """The store with its two buckets empty, and its key in the environment."""
    for name, value in running.environment().items():
        monkeypatch.setenv(name, value)
    client = running.client()
    there = {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}
    for bucket in ("dev-lora", "dev-models"):
        if bucket not in there:
            client.create_bucket(Bucket=bucket)
        for key in keys(running, bucket):
            client.delete_object(Bucket=bucket, Key=key)
    return running


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    return catalog_folder(tmp_path / "catalog")


def keys(store: MinioServer, bucket: str) -> list[str]:
    return [entry["Key"] for entry in store.client().list_objects_v2(Bucket=bucket).get("Contents", [])]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def publish(store: MinioServer, catalog: Path, folder: Path, *words: str, kind: str = "adapter") -> int:
    options = ["--settings", SETTINGS, "--endpoint", store.endpoint, "--catalog", str(catalog)]
    return main([kind, "publish", str(folder), *words, *options])


def test_a_new_adapter_is_objects_with_checksums_and_one_entry(
    store: MinioServer, catalog: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_adapter(tmp_path / "menu")
    before = contents(catalog)
    assert publish(store, catalog, folder, "--name", ADAPTER, *SAID) == 0
    assert keys(store, "dev-lora") == [f"{ADAPTER}/{CONFIG}", f"{ADAPTER}/{WEIGHTS}"]
    after = contents(catalog)
    assert [name for name in after if after[name] != before.get(name)] == ["adapters.yaml"]
    old, new = (text["adapters.yaml"].decode().splitlines() for text in (before, after))
    changes = [line for line in difflib.unified_diff(old, new, n=0) if line[:3] not in ("---", "+++")][1:]
    assert len(changes) == 17
    assert all(line.startswith("+") for line in changes)
    entry = load_catalog(catalog).adapters[ADAPTER]
    assert (entry.state, entry.base_model, entry.rank) == ("candidate", MODEL, 8)
    assert entry.target_modules == ("q_proj", "v_proj")
    for file in entry.files:
        head = store.client().head_object(Bucket="dev-lora", Key=f"{ADAPTER}/{file.path}", ChecksumMode="ENABLED")
        assert base64.b64decode(head["ChecksumSHA256"]).hex() == file.sha256
    assert "added as a candidate" in capsys.readouterr().out


def test_publishing_twice_changes_nothing(
    store: MinioServer, catalog: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_adapter(tmp_path / "menu")
    assert publish(store, catalog, folder, "--name", ADAPTER, *SAID) == 0
    before, versions = contents(catalog), keys(store, "dev-lora")
    assert publish(store, catalog, folder, "--name", ADAPTER, *SAID) == 0
    assert "0 uploaded, 2 already there" in capsys.readouterr().out
    assert (contents(catalog), keys(store, "dev-lora")) == (before, versions)
    assert publish(store, catalog, folder, "--name", ADAPTER, "--licence", "MIT") == 2
    assert "the entry has LicenseRef-internal" in capsys.readouterr().err
    assert contents(catalog) == before


def test_other_content_under_the_same_version_is_refused(
    store: MinioServer, catalog: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish(store, catalog, write_adapter(tmp_path / "menu"), "--name", ADAPTER, *SAID) == 0
    before = contents(catalog)
    other = write_adapter(tmp_path / "other", ref="other/v2026-06-01")
    assert publish(store, catalog, other, "--name", ADAPTER, *SAID) == 2
    assert "other content is a new version" in capsys.readouterr().err
    assert contents(catalog) == before

    shutil.copytree(catalog_folder(tmp_path / "fresh"), catalog, dirs_exist_ok=True)
    before = contents(catalog)
    assert publish(store, catalog, other, "--name", ADAPTER, *SAID) == 2
    assert "an object is never overwritten" in capsys.readouterr().err
    assert contents(catalog) == before


def test_a_faulty_adapter_and_missing_words_are_told_together_and_nothing_is_done(
    store: MinioServer, catalog: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_adapter(tmp_path / "menu")
    change_config(folder, modules_to_save=["lm_head"])
    before = contents(catalog)
    assert publish(store, catalog, folder, "--name", ADAPTER, "--origin", "https://models.example.com/menu") == 2
    told = capsys.readouterr().err
    for part in ("3 faults, nothing was changed", "modules_to_save", "--licence: missing", "--owner: missing"):
        assert part in told
    change_config(folder, modules_to_save=None)
    assert publish(store, catalog, folder, "--name", ADAPTER, "--licence", "AGPL-3.0-only", *SAID[2:]) == 2
    assert "must be a licence of infra/catalog/licences.yaml" in capsys.readouterr().err
    assert publish(store, catalog, folder, "--name", "Menu/1", *SAID) == 2
    assert "must match" in capsys.readouterr().err
    assert (keys(store, "dev-lora"), contents(catalog)) == ([], before)


def test_an_interrupted_upload_leaves_the_catalog_and_goes_on_later(
    store: MinioServer, catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_adapter(tmp_path / "menu")
    before = contents(catalog)

    class Interrupted(BaseException):
        """Like Ctrl-C: nothing may catch it."""

    from ops import publish as module

    real = module._upload
    sent: list[Any] = []

    def once(*arguments: Any) -> bool:
        if sent:
            raise Interrupted
        sent.append(arguments)
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(module, "_upload", once)
        with pytest.raises(Interrupted):
            publish(store, catalog, folder, "--name", ADAPTER, *SAID)
    assert keys(store, "dev-lora") == [f"{ADAPTER}/{WEIGHTS}"]
    assert contents(catalog) == before
    assert publish(store, catalog, folder, "--name", ADAPTER, *SAID) == 0
    assert load_catalog(catalog).adapters[ADAPTER].state == "candidate"
    assert len(keys(store, "dev-lora")) == 2


def documented() -> list[list[str]]:
    """The words of every `kitchen` command in docs/catalog.md, in order."""
    blocks = re.findall(r"```sh\n(.*?)```", (REPOSITORY / "docs" / "catalog.md").read_text(), re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith(".venv/bin/kitchen ")]


def test_the_commands_of_the_docs_work_in_their_order(
    store: MinioServer,
    catalog: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_adapter(tmp_path / "menu")
    write(tmp_path / "tsuzumi", fixtures.base_model_files("tsuzumi-7b-instruct/v2"))
    monkeypatch.chdir(tmp_path)
    commands = documented()
    assert len(commands) == 11
    for words in commands:
        replaced = {"Pulumi.dev.yaml": SETTINGS, "sha256:DIGEST": "sha256:" + "0123456789abcdef" * 4}
        shop = ["--endpoint", store.endpoint] if "publish" in words else []
        given = [replaced.get(word, word) for word in words]
        assert main([*given, *shop, "--catalog", str(catalog)]) == 0, capsys.readouterr().err
    after = load_catalog(catalog)
    assert after.adapters[ADAPTER].state == "retired"
    assert after.images["vllm-next"].state == "approved"
    assert "on tsuzumi-7b-instruct/v2" in capsys.readouterr().out


def test_a_store_that_is_gone_leaves_the_catalog(
    catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_adapter(tmp_path / "menu")
    before = contents(catalog)
    with MinioServer(tmp_path / "gone") as gone:
        for name, value in gone.environment().items():
            monkeypatch.setenv(name, value)
    assert publish(gone, catalog, folder, "--name", ADAPTER, *SAID) == 1
    assert "cannot be reached" in capsys.readouterr().err
    assert contents(catalog) == before


def test_a_new_version_of_a_base_model_names_the_adapters_to_evaluate_again(
    store: MinioServer, catalog: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish(store, catalog, write_adapter(tmp_path / "menu"), "--name", ADAPTER, *SAID) == 0
    evaluated = ("--evaluation", "evaluations/menu/1", "--approver", "model-board", "--date", "2026-06-12")
    assert main(["adapter", "promote", ADAPTER, *evaluated, "--catalog", str(catalog)]) == 0
    folder = write(tmp_path / "model", fixtures.base_model_files("tiny/v2"))
    said = ("--licence", "Apache-2.0", "--origin", "https://models.example.com/tiny", "--owner", "platform")
    assert publish(store, catalog, folder, "--name", "tiny/v2", *said, kind="model") == 0
    assert f"evaluate again on tiny/v2: {ADAPTER}, approved on {MODEL}" in capsys.readouterr().out
    assert f"base/tiny/v2/{CONFIG}" not in keys(store, "dev-models")
    assert "base/tiny/v2/config.json" in keys(store, "dev-models")
    new, old = (load_catalog(catalog).base_models[ref] for ref in ("tiny/v2", MODEL))
    assert (new.shape, new.dtype, new.state) == (old.shape, old.dtype, "candidate")
    entry = yaml.safe_load((catalog / "base-models.yaml").read_text())["baseModels"]["tiny/v2"]
    assert (entry["parametersBillion"], entry["sizeGiB"], entry["owner"]) == (0.0, 1, "platform")
