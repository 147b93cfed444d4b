"""The whole way of artifacts over a real SeaweedFS: publish, audit, fetch of adapters, load of a base model."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from infra.catalog import Catalog, FileSum, load_catalog
from infra.stores import MIB, OF_KIND, Limits, StoreFacts
from ops.audit.bucket import Bucket
from ops.audit.verdicts import Verdict
from ops.publish import publish
from tests.support import pod_package
from tests.support.seaweed_server import SeaweedServer
from tests.support.store_server import REGION
from tools import fixtures

FAQ = "helpdesk-faq/v2026-02-01"
MODEL = "tsuzumi-7b-instruct/v1"
LARGE, CONFIG = "model-00001.safetensors", "config.json"
FACTS = StoreFacts(abilities=OF_KIND["seaweedfs"], limits=Limits(put_bytes=6 * MIB, step=5 * MIB))


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """A store that has a base model in parts and all adapters, and what they were made of."""

    store: SeaweedServer
    catalog: Catalog
    content: dict[str, bytes]
    source: Path

    def pod(
        self, module: str, manifest: dict[str, Any], folder: Path, *options: str
    ) -> subprocess.CompletedProcess[str]:
        path = folder / "manifest.json"
        path.write_text(json.dumps(manifest))
        env = {"PATH": os.environ["PATH"], "AWS_ENDPOINT_URL": self.store.endpoint, "AWS_DEFAULT_REGION": REGION}
        env |= {"AWS_ACCESS_KEY_ID": self.store.access_key, "AWS_SECRET_ACCESS_KEY": self.store.secret_key}
        return subprocess.run(
            [*pod_package.started(module), "--manifest", str(path), *options],
            cwd=pod_package.HOME,
            env={**env, "NO_PROXY": "127.0.0.1"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


def files(entries: tuple[FileSum, ...]) -> list[dict[str, Any]]:
    return [{"path": file.path, "sha256": file.sha256, "sizeBytes": file.size_bytes} for file in entries]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    source = tmp_path_factory.mktemp("artifacts")
    fixtures.write(source)
    content = {LARGE: os.urandom(13 * MIB), CONFIG: b"{}"}
    sums = tuple(
        FileSum(path=path, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
        for path, data in content.items()
    )
    for path, data in content.items():
        (source / "base" / MODEL).mkdir(parents=True, exist_ok=True)
        (source / "base" / MODEL / path).write_bytes(data)
    known = load_catalog()
    catalog = replace(known, base_models={MODEL: replace(known.base_models[MODEL], files=sums)})
    with SeaweedServer(tmp_path_factory.mktemp("store")) as store:
        for bucket in ("lora", "models"):
            store.client().create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
        made = Shelf(store=store, catalog=catalog, content=content, source=source)
        publish(store.client(), "models", catalog, [MODEL], source / "base", store=FACTS)
        publish(store.client(), "lora", catalog, list(catalog.adapters), source / "lora", store=FACTS)
        yield made


def test_publishing_again_changes_nothing(shelf: Shelf) -> None:
    client = shelf.store.client()
    for bucket, refs, folder in (("models", [MODEL], "base"), ("lora", list(shelf.catalog.adapters), "lora")):
        report = publish(client, bucket, shelf.catalog, refs, shelf.source / folder, store=FACTS)
        assert (report.uploaded, report.sent_bytes) == ((), 0)
        versions = client.list_object_versions(Bucket=bucket)["Versions"]
        assert len(versions) == len(report.already_there)


def test_a_pod_loads_the_base_model_and_goes_on_with_a_part(shelf: Shelf, tmp_path: Path) -> None:
    name, version = MODEL.split("/")
    manifest = {"name": name, "version": version, "files": files(shelf.catalog.base_models[MODEL].files)}
    folder = tmp_path / "models" / "base" / MODEL
    folder.mkdir(parents=True)
    (folder / f".{LARGE}.part").write_bytes(shelf.content[LARGE][: 7 * MIB])
    done = shelf.pod("load_base_model", manifest, tmp_path, "--models", str(tmp_path / "models"), "--bucket", "models")
    assert done.returncode == 0, done.stderr
    assert {path: (folder / path).read_bytes() for path in shelf.content} == shelf.content


def test_a_pod_fetches_adapters_and_refuses_another_file(shelf: Shelf, tmp_path: Path) -> None:
    name, version = FAQ.split("/")
    adapter = {"name": name, "version": version, "files": files(shelf.catalog.adapters[FAQ].files)}
    manifest = {"bucket": "lora", "adapters": [adapter]}
    done = shelf.pod("fetch_adapters", manifest, tmp_path, "--target", str(tmp_path / "adapters"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "adapters" / name / "adapter_config.json").exists()
    adapter["files"][0]["sha256"] = "0" * 64
    done = shelf.pod("fetch_adapters", manifest, tmp_path, "--target", str(tmp_path / "adapters"))
    assert done.returncode == 1
    assert "; expected 0000" in done.stdout + done.stderr
    assert not (tmp_path / "adapters" / name).exists()


def test_the_audit_proves_what_the_store_has_sums_of(shelf: Shelf) -> None:
    def asked(key: str, bucket: str, file: FileSum, *, full: bool = False) -> Verdict:
        return Bucket(shelf.store.client(), "", full=full, progress=print).file(bucket, key, file).verdict

    for file in shelf.catalog.adapters[FAQ].files:
        assert asked(f"{FAQ}/{file.path}", "lora", file) == Verdict.PROVEN
        assert asked(f"{FAQ}/{file.path}", "lora", replace(file, sha256="0" * 64)) == Verdict.DIFFERS
    (large,) = (file for file in shelf.catalog.base_models[MODEL].files if file.path == LARGE)
    assert asked(f"base/{MODEL}/{LARGE}", "models", large) == Verdict.NOT_PROVEN, (
        "a sum over parts proves nothing without the file"
    )
    assert asked(f"base/{MODEL}/{LARGE}", "models", large, full=True) == Verdict.PROVEN


def test_an_upload_that_was_cut_off_goes_on_without_sums_in_the_list_of_parts(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, bucket = shelf.store.client(), "again"
    client.create_bucket(Bucket=bucket)
    real, count = client.upload_part, iter(range(100))

    def dies(**said: Any) -> Any:
        if next(count) == 1:
            raise KeyboardInterrupt
        return real(**said)

    monkeypatch.setattr(client, "upload_part", dies)
    with pytest.raises(KeyboardInterrupt):
        publish(client, bucket, shelf.catalog, [MODEL], shelf.source / "base", store=FACTS)
    monkeypatch.undo()
    (upload,) = client.list_multipart_uploads(Bucket=bucket)["Uploads"]
    key = f"base/{MODEL}/{LARGE}"
    parts = client.list_parts(Bucket=bucket, Key=key, UploadId=upload["UploadId"])["Parts"]
    assert parts
    assert not any("ChecksumSHA256" in part for part in parts), "SeaweedFS tells them now: _is() need not ask for ETags"
    report = publish(client, bucket, shelf.catalog, [MODEL], shelf.source / "base", store=FACTS)
    assert report.sent_bytes == sum(map(len, shelf.content.values())) - sum(part["Size"] for part in parts)
    assert client.get_object(Bucket=bucket, Key=key)["Body"].read() == shelf.content[LARGE]
