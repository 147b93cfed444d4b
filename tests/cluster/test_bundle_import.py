"""A signed archive into a real MinIO and SeaweedFS: imported, imported again, interrupted, never over other content."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.catalog import FOLDER, load_catalog
from ops.__main__ import main
from ops.audit.bucket import Bucket
from ops.audit.verdicts import Verdict
from ops.publish import publish
from tests.support import artifacts
from tests.support import bundle_tools as tools
from tests.support.minio_server import MinioServer
from tests.support.seaweed_server import SeaweedServer
from tests.support.store_server import StoreServer

NEW = "helpdesk-faq/v2026-09-01"
OLD, MODEL = tools.MODEL, "tsuzumi-7b-instruct/v2"


@pytest.fixture(scope="module", params=[MinioServer, SeaweedServer], ids=lambda kind: kind.NAME)
def store(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[StoreServer]:
    with request.param(tmp_path_factory.mktemp("store")) as server:
        yield server


@pytest.fixture
def bucket_prefix(store: StoreServer, request: pytest.FixtureRequest) -> str:
    prefix = f"b{hashlib.sha256(request.node.name.encode()).hexdigest()[:8]}-"
    for name in ("lora", "models"):
        store.client().create_bucket(Bucket=prefix + name, ObjectLockEnabledForBucket=True)
    return prefix


@pytest.fixture
def given(tmp_path: Path, store: StoreServer, bucket_prefix: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words of an import of a signed archive with a new base model, a new adapter of that, and a known one."""
    for name, value in store.environment().items():
        monkeypatch.setenv(name, value)
    source = tools.artifacts(tmp_path)
    shutil.copytree(source / "lora" / tools.FAQ, source / "lora" / NEW)
    artifacts.change_config(source / "lora" / NEW, base_model_name_or_path=MODEL)
    (source / "base" / tools.MODEL).rename(source / "base" / MODEL)
    listed = tools.bring_in(
        tmp_path,
        tools.entry("adapter", NEW, baseModel=MODEL),
        tools.entry("adapter", tools.FAQ),
        tools.entry("base-model", MODEL),
    )
    signer, archive = tools.keys(tmp_path), str(tmp_path / "bundle.tar")
    words = ["--list", str(listed), "--from", str(source), "--to", str(tmp_path / "bundle"), *signer.sign()]
    assert main(["bundle", "create", *words, "--archive", archive]) == 0
    settings = tmp_path / "Pulumi.dev.yaml"
    text = Path(tools.DEV).read_text()
    kind = f"kind: {store.NAME}\n    bucketPrefix: {bucket_prefix}"
    if store.NAME != "minio":
        kind += "\n    existingSecret: kitchen-store-reader"
    settings.write_text(text.replace("bucketPrefix: dev-", kind))
    shutil.copytree(FOLDER, tmp_path / "catalog", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    places = ["--settings", str(settings), "--endpoint", store.endpoint, "--catalog", str(tmp_path / "catalog")]
    return ["bundle", "import", archive, *signer.trust(), *places, "--owner", "platform-team", "--json"]


def imported(given: list[str], capsys: pytest.CaptureFixture[str], status: int = 0) -> dict[str, list[str]]:
    capsys.readouterr()
    assert main(given) == status
    told: dict[str, list[str]] = json.loads(capsys.readouterr().out)
    return told


def test_everything_arrives_once(
    tmp_path: Path, store: StoreServer, bucket_prefix: str, given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    told = imported(given, capsys)
    assert len(told["uploaded"]) == 2 + 2 + 5
    for artifact in json.loads((tmp_path / "bundle" / "bundle.json").read_text())["artifacts"]:
        for file in artifact["files"]:
            in_models = artifact["kind"] == "base-model"
            bucket = f"{bucket_prefix}{'models' if in_models else 'lora'}"
            key = file["path"] if in_models else file["path"].removeprefix("lora/")
            body = store.client().get_object(Bucket=bucket, Key=key)["Body"].read()
            assert hashlib.sha256(body).hexdigest() == file["sha256"]
    catalog = load_catalog(tmp_path / "catalog")
    assert catalog.adapters[NEW].state == catalog.base_models[MODEL].state == "candidate"
    assert catalog.adapters[tools.FAQ].state == "approved"
    for name in ("adapters.yaml", "base-models.yaml"):
        assert (tmp_path / "catalog" / name).read_text().startswith((FOLDER / name).read_text())
    assert not list(tmp_path.glob("*.partial*"))
    approved = [
        entry.ref for entry in catalog.adapters.values() if entry.state == "approved" and entry.base_model == OLD
    ]
    assert approved
    assert told["evaluateAgain"] == [f"evaluate again on {MODEL}: {ref}, approved on {OLD}" for ref in approved]

    seen = Bucket(store.client(), "", full=False, progress=print)
    for entry, bucket in ((catalog.adapters[NEW], "lora"), (catalog.base_models[MODEL], "models")):
        folder = "base/" if bucket == "models" else ""
        for found in entry.files:
            answer = seen.file(bucket_prefix + bucket, f"{folder}{entry.ref}/{found.path}", found)
            assert answer.verdict is Verdict.PROVEN, answer

    written = tools.tree(tmp_path / "catalog")
    again = imported(given, capsys)
    assert again["uploaded"] == []
    assert sorted(again["alreadyThere"]) == sorted(told["uploaded"])
    assert tools.tree(tmp_path / "catalog") == written
    versions = store.client().list_object_versions(Bucket=f"{bucket_prefix}lora")["Versions"]
    assert len(versions) == 4


def test_the_candidates_can_be_published_by_the_catalog_that_was_written(
    tmp_path: Path, store: StoreServer, bucket_prefix: str, given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    imported(given, capsys)
    catalog = load_catalog(tmp_path / "catalog")
    report = publish(store.client(), f"{bucket_prefix}models", catalog, [MODEL], tmp_path / "artifacts" / "base")
    assert report.uploaded == ()


def test_other_content_in_the_store_is_never_overwritten(
    tmp_path: Path, store: StoreServer, bucket_prefix: str, given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    bucket, key = f"{bucket_prefix}lora", f"{NEW}/adapter_config.json"
    store.client().put_object(Bucket=bucket, Key=key, Body=b"{}")
    before = tools.tree(tmp_path / "catalog")
    told = imported(given, capsys, status=2)
    assert f"{bucket}/{key}" in str(told["message"])
    assert store.client().get_object(Bucket=bucket, Key=key)["Body"].read() == b"{}"
    assert tools.tree(tmp_path / "catalog") == before
    assert not list(tmp_path.glob("*.partial*"))


def test_a_store_that_was_down_meanwhile(
    store: StoreServer, bucket_prefix: str, given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    del bucket_prefix
    store.kill()
    told = imported(given, capsys, status=1)
    assert "cannot be reached" in str(told["message"])
    store.start()
    assert len(imported(given, capsys)["uploaded"]) == 9


def test_an_archive_that_was_changed_sends_nothing(
    tmp_path: Path, store: StoreServer, bucket_prefix: str, given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bundle.tar"
    content = bytearray(path.read_bytes())
    content[-2000] ^= 1
    path.write_bytes(content)
    assert len(imported(given, capsys, status=1)["faults"]) == 1
    for name in ("lora", "models"):
        assert "Contents" not in store.client().list_objects_v2(Bucket=bucket_prefix + name)
