"""`kitchen adapter|model publish` into a real MinIO: objects with checksums, and a small diff of the catalog."""

from __future__ import annotations

import base64
import difflib
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.catalog import load_catalog
from infra.payload import verify_signature
from ops.__main__ import main
from ops.publish import _Job
from tests.support import pod_package
from tests.support.artifacts import ADAPTER, CONFIG, MODEL, WEIGHTS, catalog_folder, change_config, write, write_adapter
from tests.support.minio_server import REGION, MinioServer
from tests.support.signing import Key, new_key, sign
from tools import fixtures
from tools.local.workspace import REPOSITORY

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


def with_signers(folder: Path, *signers: dict[str, Any]) -> str:
    """The development environment without kitchens, with signers."""
    stack = yaml.safe_load(Path(SETTINGS).read_text())
    stack["config"]["kitchen:kitchens"] = {}
    stack["config"]["kitchen:signers"] = [*signers]
    path = folder / "Pulumi.dev.yaml"
    path.write_text(yaml.safe_dump(stack))
    return str(path)


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

    real = _Job._put
    sent: list[Any] = []

    def once(*arguments: Any) -> bool:
        if sent:
            raise Interrupted
        sent.append(arguments)
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(_Job, "_put", once)
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
    write(write_adapter(tmp_path / "outputs" / "checkpoint-500"), {"optimizer.pt": b"\0", "trainer_state.json": b"{}"})
    model = write(tmp_path / "tsuzumi", fixtures.base_model_files("tsuzumi-7b-instruct/v1"))
    signer = new_key(tmp_path / "signer.key", password=PASSWORD.encode())
    (tmp_path / "FILE").write_text(PASSWORD)
    believed = with_signers(tmp_path, signer.signer())
    monkeypatch.chdir(tmp_path)
    commands = documented()
    assert len(commands) == 14
    for words in commands:
        if words[:2] == ["model", "lint"]:  # the text is about another version from here on
            shutil.rmtree(model)
            write(model, fixtures.base_model_files("tsuzumi-7b-instruct/v2"))
        stated = believed if "tsuzumi-7b-instruct/v1" in words and "model" in words else SETTINGS
        replaced = {"Pulumi.dev.yaml": stated, "sha256:DIGEST": "sha256:" + "0123456789abcdef" * 4}
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
    assert (entry["parametersBillion"], entry["sizeGiB"], entry["owner"]) == (0.000123, 1, "platform")


PASSWORD = "c4n4ry-password"


@pytest.fixture
def key(tmp_path: Path) -> Key:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    return new_key(tmp_path / "key.pem", "P-384", PASSWORD.encode())


def signing(key: Key) -> list[str]:
    return ["--private-key", str(key.file), "--password-file", str(key.file.with_name("password"))]


def served(store: MinioServer, catalog: Path, folder: Path, signers: list[dict[str, str]]) -> tuple[int, set[str], str]:
    """What a pod's fetch makes of the adapter as it is in the catalog and the store."""
    entry = load_catalog(catalog).adapters[ADAPTER]
    files = [{"path": file.path, "sha256": file.sha256, "sizeBytes": file.size_bytes} for file in entry.files]
    adapters = [{"name": entry.name, "version": entry.version, "files": files}]
    manifest, target = folder / "manifest.json", folder / "served"
    manifest.write_text(json.dumps({"bucket": "dev-lora", "adapters": adapters, "signers": signers}))
    done = subprocess.run(
        [*pod_package.started("fetch_adapters"), "--manifest", manifest, "--target", target],
        cwd=pod_package.HOME,
        env={
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL": store.endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": store.access_key,
            "AWS_SECRET_ACCESS_KEY": store.secret_key,
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, {path.name for path in target.rglob("*") if path.is_file()}, done.stderr


def test_what_is_published_with_a_key_is_served_to_those_who_trust_it(
    store: MinioServer, catalog: Path, tmp_path: Path, key: Key, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_adapter(tmp_path / "menu")
    assert publish(store, catalog, folder, "--name", ADAPTER, *SAID, *signing(key)) == 0
    told = capsys.readouterr()
    assert PASSWORD not in told.out + told.err
    assert "model.sig: signed; it belongs to the adapter's files" in told.out
    assert keys(store, "dev-lora") == [f"{ADAPTER}/{name}" for name in (CONFIG, WEIGHTS, "model.sig")]
    entry = load_catalog(catalog).adapters[ADAPTER]
    assert [file.path for file in entry.files] == [CONFIG, WEIGHTS, "model.sig"]
    assert served(store, catalog, tmp_path, [key.signer()]) == (0, {CONFIG, WEIGHTS, "model.sig"}, "")
    code, files, fault = served(store, catalog, tmp_path, [new_key(tmp_path / "other").signer()])
    assert (code, files) == (1, set())
    assert "signed with another key" in fault


def test_the_signature_is_made_once_so_that_publishing_goes_on_and_is_repeated(
    store: MinioServer, catalog: Path, tmp_path: Path, key: Key, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_adapter(tmp_path / "menu")
    assert publish(store, catalog, folder, "--name", ADAPTER, *SAID, *signing(key)) == 0
    before = contents(folder), contents(catalog)
    store.client().delete_object(Bucket="dev-lora", Key=f"{ADAPTER}/{CONFIG}")
    for words in (signing(key), []):
        assert publish(store, catalog, folder, "--name", ADAPTER, *words) == 0
    assert "0 uploaded, 3 already there" in capsys.readouterr().out
    assert (contents(folder), contents(catalog)) == before


def test_a_signature_that_is_there_is_kept_and_must_be_right(
    store: MinioServer, catalog: Path, tmp_path: Path, key: Key, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_adapter(tmp_path / "menu")
    other = new_key(tmp_path / "other")
    sign(folder, other)
    before = contents(folder), contents(catalog)
    assert publish(store, catalog, folder, "--name", ADAPTER, *SAID, *signing(key)) == 2
    assert 'model.sig: "in the folder"; rule: signed with another key' in capsys.readouterr().err
    assert (contents(folder), contents(catalog), keys(store, "dev-lora")) == (*before, [])
    assert publish(store, catalog, folder, "--name", ADAPTER, *SAID, "--private-key", str(other.file)) == 0
    assert contents(folder) == before[0]


def test_a_published_version_is_not_signed_afterwards(
    store: MinioServer, catalog: Path, tmp_path: Path, key: Key, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_adapter(tmp_path / "menu")
    assert publish(store, catalog, folder, "--name", ADAPTER, *SAID) == 0
    before = contents(folder)
    assert publish(store, catalog, folder, "--name", ADAPTER, *signing(key)) == 2
    assert "an entry never changes: sign a new version" in capsys.readouterr().err
    assert contents(folder) == before


@pytest.mark.parametrize(
    "case",
    [
        (["--private-key", "{folder}/none.pem"], "No such file"),
        (["--private-key", "{folder}/key.pem"], "a key with a password needs it in --password-file"),
        (["--private-key", "{folder}/key.pem", "--password-file", "{folder}/wrong"], "must be that of the key"),
        (["--private-key", "{folder}/key.pem", "--password-file", "{folder}/none"], "must be a readable file"),
        (["--private-key", "{folder}/garbage"], "must be an EC key in PEM"),
        (["--password-file", "{folder}/password"], "the password of --private-key, which is not given"),
    ],
)
def test_a_key_that_cannot_be_used_is_told_and_nothing_of_it_is_shown(
    case: tuple[list[str], str], store: MinioServer, catalog: Path, key: Key, capsys: pytest.CaptureFixture[str]
) -> None:
    words, expected = case
    here = key.file.parent
    (here / "wrong").write_text("c4n4ry-wrong")
    (here / "garbage").write_text("-----BEGIN PRIVATE KEY-----\nc4n4ry\n-----END PRIVATE KEY-----\n")
    folder = write_adapter(here / "menu")
    before = contents(folder), contents(catalog)
    given = [word.format(folder=here) for word in words]
    assert publish(store, catalog, folder, "--name", ADAPTER, *SAID, *given) == 2
    told = capsys.readouterr()
    assert expected in told.err
    assert "c4n4ry" not in told.out + told.err
    assert (contents(folder), contents(catalog), keys(store, "dev-lora")) == (*before, [])


def test_where_signers_are_stated_publish_and_lint_ask_for_one_of_them(
    store: MinioServer, catalog: Path, tmp_path: Path, key: Key, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = with_signers(tmp_path, key.signer())
    folder = write_adapter(tmp_path / "menu")
    lint = ["adapter", "lint", str(folder), "--settings", settings, "--catalog", str(catalog)]
    words = ["adapter", "publish", str(folder), "--name", ADAPTER, *SAID, "--settings", settings]
    words += ["--endpoint", store.endpoint, "--catalog", str(catalog)]
    assert main(lint) == 1
    assert (
        "model.sig: missing; rule: one of the signers must have signed the files: model-board"
        in capsys.readouterr().out
    )
    assert main(words) == 2
    assert "model.sig: missing; rule: one of the signers must have signed" in capsys.readouterr().err
    other = new_key(tmp_path / "other")
    assert main([*words, "--private-key", str(other.file)]) == 2
    assert "signed with another key; expected one of model-board: pods would refuse" in capsys.readouterr().err
    assert not (folder / "model.sig").exists()
    assert keys(store, "dev-lora") == []
    assert main([*words, *signing(key)]) == 0
    assert main(words) == 0, "once it is signed nobody needs the key"
    assert main(lint) == 0
    capsys.readouterr()
    change_config(folder, lora_alpha=99)
    assert main(lint) == 1
    assert "by one of model-board: signed for another adapter_config.json" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"{", "is not JSON"),
        (b'{"a": "", "a": ""}', "twice in one object"),
        (b" " * (verify_signature.MAX_BYTES + 1), "at most 1048576 are read"),
        (b"", "is empty"),
    ],
)
def test_a_file_of_that_name_is_a_small_json_text(
    content: bytes, expected: str, catalog: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_adapter(tmp_path / "menu")
    (folder / "model.sig").write_bytes(content)
    assert main(["adapter", "lint", str(folder), "--catalog", str(catalog)]) == 1
    assert expected in capsys.readouterr().out
