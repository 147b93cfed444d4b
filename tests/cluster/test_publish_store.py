"""Publishing into a real MinIO, and fetching from there what was published."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.catalog import FileSum, load_catalog
from infra.faults import FaultsError
from ops.__main__ import main
from ops.publish import publish
from ops.store import StoreError
from tests.support.minio_server import MinioServer
from tools import fixtures
from tools.local.workspace import REPOSITORY

FAQ = "helpdesk-faq/v2026-02-01"
MODEL = "tsuzumi-7b-instruct/v1"
SETTINGS = str(REPOSITORY / "Pulumi.dev.yaml")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    with MinioServer(tmp_path_factory.mktemp("minio")) as server:
        yield server


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artifacts")
    fixtures.write(folder)
    return folder


@pytest.fixture
def bucket(store: MinioServer, request: pytest.FixtureRequest) -> str:
    name = f"publish-{hashlib.sha256(request.node.name.encode()).hexdigest()[:10]}"
    store.client().create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    return name


def test_publishing_twice_changes_nothing(store: MinioServer, artifacts: Path, bucket: str) -> None:
    client, catalog = store.client(), load_catalog()
    first = publish(client, bucket, catalog, list(catalog.adapters), artifacts / "lora")
    assert len(first.uploaded) == 2 * len(catalog.adapters)
    assert first.sent_bytes == sum(file.size_bytes for entry in catalog.adapters.values() for file in entry.files)
    head = client.head_object(Bucket=bucket, Key=f"{FAQ}/adapter_model.safetensors", ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"]
    second = publish(client, bucket, catalog, list(catalog.adapters), artifacts / "lora")
    assert (second.uploaded, second.sent_bytes) == ((), 0)
    assert set(second.already_there) == set(first.uploaded)
    versions = client.list_object_versions(Bucket=bucket)["Versions"]
    assert len(versions) == len(first.uploaded)


def test_the_config_comes_last(store: MinioServer, artifacts: Path, bucket: str) -> None:
    report = publish(store.client(), bucket, load_catalog(), [FAQ], artifacts / "lora")
    assert report.uploaded == (f"{FAQ}/adapter_model.safetensors", f"{FAQ}/adapter_config.json")


def test_other_content_is_never_overwritten(store: MinioServer, artifacts: Path, bucket: str) -> None:
    client = store.client()
    client.put_object(Bucket=bucket, Key=f"{FAQ}/adapter_config.json", Body=b"{}", ChecksumAlgorithm="CRC32")
    with pytest.raises(FaultsError) as caught:
        publish(client, bucket, load_catalog(), [FAQ], artifacts / "lora")
    message = str(caught.value)
    assert f"{bucket}/{FAQ}/adapter_config.json" in message
    assert "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" in message
    expected = {file.path: file.sha256 for file in load_catalog().adapters[FAQ].files}
    assert expected["adapter_config.json"] in message
    assert [entry["Key"] for entry in client.list_objects_v2(Bucket=bucket)["Contents"]] == [
        f"{FAQ}/adapter_config.json"
    ]


def test_a_key_that_appears_meanwhile_is_not_overwritten(
    store: MinioServer, artifacts: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = store.client()
    real = client.put_object

    def slower(**arguments: Any) -> Any:
        client.put_object = real  # type: ignore[method-assign]  # the other one was faster, once
        store.client().put_object(Bucket=bucket, Key=arguments["Key"], Body=b"other")
        return real(**arguments)

    monkeypatch.setattr(client, "put_object", slower)
    with pytest.raises(FaultsError, match="never overwritten"):
        publish(client, bucket, load_catalog(), [FAQ], artifacts / "lora")
    key = f"{FAQ}/adapter_model.safetensors"
    assert client.get_object(Bucket=bucket, Key=key)["Body"].read() == b"other"


def test_a_key_that_appears_and_goes_meanwhile_is_not_called_there(
    store: MinioServer, artifacts: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What S3 answers a conditional write beside which the object was deleted."""
    client = store.client()

    def conflict(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": "ConditionalRequestConflict", "Message": "try again"}}, "PutObject")

    monkeypatch.setattr(client, "put_object", conflict)
    with pytest.raises(StoreError, match="another write came in between, and nothing is there; run it again"):
        publish(client, bucket, load_catalog(), [FAQ], artifacts / "lora")
    assert "Contents" not in client.list_objects_v2(Bucket=bucket)


def test_a_file_that_changes_meanwhile_is_refused_by_the_store(
    store: MinioServer, artifacts: Path, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its sum was right when it was checked; the store computes its own."""
    client, source = store.client(), shutil.copytree(artifacts / "lora", tmp_path / "lora")
    real, weights = client.put_object, source / FAQ / "adapter_model.safetensors"

    def after_a_change(**arguments: Any) -> Any:
        weights.write_bytes(weights.read_bytes()[:-1] + b"x")
        return real(**arguments)

    monkeypatch.setattr(client, "put_object", after_a_change)
    with pytest.raises(StoreError, match="whose sum is not the one that was checked: it changes"):
        publish(client, bucket, load_catalog(), [FAQ], source)
    assert "Contents" not in client.list_objects_v2(Bucket=bucket)


def test_of_two_publishers_at_once_one_wins_every_file(store: MinioServer, tmp_path: Path, bucket: str) -> None:
    """Two contents under one version: the loser is told, and what is there is the winner's, whole."""
    catalogs = {}
    for name in ("one", "two"):
        files = {file: f"{name} {file}".encode() for file in ("adapter_config.json", "adapter_model.safetensors")}
        folder = tmp_path / name / FAQ
        folder.mkdir(parents=True)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        sums = tuple(
            FileSum(path=file, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))
            for file, content in files.items()
        )
        known = load_catalog()
        entry = replace(known.adapters[FAQ], files=sums)
        catalogs[name] = replace(known, adapters={FAQ: entry})
    start = threading.Barrier(2)

    def ended(name: str) -> bool:
        client = store.client()
        start.wait()
        try:
            publish(client, bucket, catalogs[name], [FAQ], tmp_path / name)
        except FaultsError as error:
            assert "an object is never overwritten" in str(error)
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        winners = [name for name, won in zip(catalogs, pool.map(ended, catalogs), strict=True) if won]
    assert len(winners) == 1
    client = store.client()
    for file in ("adapter_config.json", "adapter_model.safetensors"):
        found = client.get_object(Bucket=bucket, Key=f"{FAQ}/{file}")["Body"].read()
        assert found == f"{winners[0]} {file}".encode()


def test_the_command(
    store: MinioServer, artifacts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in store.environment().items():
        monkeypatch.setenv(name, value)
    options = ["--settings", SETTINGS, "--endpoint", store.endpoint, "--from", str(artifacts)]
    arguments = ["publish", *options, "--all", "--model", MODEL]
    assert main(arguments) == 1
    told = capsys.readouterr().err
    assert "bucket dev-lora" in told
    assert "pulumi up has made the bucket" in told

    for name in ("dev-lora", "dev-models"):
        store.client().create_bucket(Bucket=name)
    assert main(arguments) == 0
    told = capsys.readouterr().out
    assert "dev-lora: 6 uploaded" in told
    assert "dev-models: " in told
    store.client().head_object(Bucket="dev-models", Key=f"base/{MODEL}/model.safetensors")

    monkeypatch.setenv("KITCHEN_OBJECT_STORE_SECRET_KEY", "canary-secret")
    assert main(arguments) == 1
    told = "".join(capsys.readouterr())
    assert "check: KITCHEN_OBJECT_STORE_ACCESS_KEY" in told
    assert "canary-secret" not in told


def test_a_store_out_of_reach_is_told(
    tmp_path: Path, artifacts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with MinioServer(tmp_path / "gone") as gone:
        for name, value in gone.environment().items():
            monkeypatch.setenv(name, value)
    options = ["--settings", SETTINGS, "--endpoint", gone.endpoint, "--from", str(artifacts)]
    assert main(["publish", *options, "--adapter", FAQ]) == 1
    told = capsys.readouterr().err
    assert f"object store {gone.endpoint} cannot be reached" in told
    assert "Traceback" not in told
