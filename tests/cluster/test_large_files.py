"""Files that one request cannot hold, into a real MinIO and a real SeaweedFS: small limits, so that files are small."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra.catalog import Catalog, FileSum, load_catalog
from infra.faults import FaultsError
from infra.stores import ALL, CHECKSUMS, MIB, Limits, StoreFacts
from ops.publish import PublishReport, publish
from ops.store import StoreError
from tests.support.minio_server import MinioServer
from tests.support.seaweed_server import SeaweedServer
from tests.support.store_server import StoreServer

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

MODEL = "tsuzumi-7b-instruct/v1"
LARGE, CONFIG = "model-00001.safetensors", "config.json"
KEY = f"base/{MODEL}/{LARGE}"
SMALL_LIMITS = Limits(put_bytes=6 * MIB, step=5 * MIB)
STORE = StoreFacts(limits=SMALL_LIMITS)
SIZE = 23 * MIB + 7


@pytest.fixture(scope="module", params=[MinioServer, SeaweedServer], ids=lambda kind: kind.NAME)
def store(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[StoreServer]:
    with request.param(tmp_path_factory.mktemp("store")) as server:
        yield server


@pytest.fixture(scope="module")
def content() -> dict[str, bytes]:
    return {LARGE: os.urandom(SIZE), CONFIG: b"{}"}


def with_files(content: dict[str, bytes]) -> Catalog:
    """The catalog, its base model of these files."""
    sums = tuple(
        FileSum(path=path, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
        for path, data in content.items()
    )
    known = load_catalog()
    return replace(known, base_models={MODEL: replace(known.base_models[MODEL], files=sums)})


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """A bucket, and a folder of what is to be published into it."""

    store: StoreServer
    bucket: str
    catalog: Catalog
    source: Path

    def client(self) -> S3Client:
        return self.store.client()

    def publish(self, client: S3Client, facts: StoreFacts = STORE) -> PublishReport:
        return publish(client, self.bucket, self.catalog, [MODEL], self.source, store=facts)

    def uploads(self) -> list[str]:
        """Uploads of the large file that nobody has ended."""
        found = self.client().list_multipart_uploads(Bucket=self.bucket, Prefix=KEY)
        return [entry["UploadId"] for entry in found.get("Uploads", [])]

    def objects(self) -> set[str]:
        return {entry["Key"] for entry in self.client().list_objects_v2(Bucket=self.bucket).get("Contents", [])}


@pytest.fixture
def shelf(store: StoreServer, request: pytest.FixtureRequest, tmp_path: Path, content: dict[str, bytes]) -> Shelf:
    name = f"large-{hashlib.sha256(request.node.name.encode()).hexdigest()[:10]}"
    store.client().create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    (tmp_path / MODEL).mkdir(parents=True)
    for path, data in content.items():
        (tmp_path / MODEL / path).write_bytes(data)
    return Shelf(store=store, bucket=name, catalog=with_files(content), source=tmp_path)


def test_a_file_beyond_one_request_goes_in_parts_and_is_not_downloaded_to_be_compared(
    shelf: Shelf, content: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = shelf.client()
    first = shelf.publish(client)
    assert (first.uploaded[-1], first.sent_bytes) == (f"base/{MODEL}/{CONFIG}", SIZE + 2)
    assert client.head_object(Bucket=shelf.bucket, Key=KEY, ChecksumMode="ENABLED")["ChecksumSHA256"].endswith("-5")
    assert client.get_object(Bucket=shelf.bucket, Key=KEY)["Body"].read() == content[LARGE]
    assert shelf.uploads() == []

    def no_download(**_: Any) -> Any:
        raise AssertionError("an object was downloaded")

    monkeypatch.setattr(client, "get_object", no_download)
    second = shelf.publish(client)
    assert (second.uploaded, second.sent_bytes) == ((), 0)
    assert len(client.list_object_versions(Bucket=shelf.bucket)["Versions"]) == 2


def test_an_object_of_other_parts_or_without_sums_is_read_back(shelf: Shelf, content: dict[str, bytes]) -> None:
    shelf.client().put_object(Bucket=shelf.bucket, Key=KEY, Body=content[LARGE], ChecksumAlgorithm="CRC32")
    assert shelf.publish(shelf.client()).uploaded == (f"base/{MODEL}/{CONFIG}",)


@pytest.mark.parametrize("change", [b"", b"x"])
def test_a_wrong_file_never_becomes_an_object_and_leaves_no_parts(
    shelf: Shelf, content: dict[str, bytes], change: bytes
) -> None:
    wrong = bytearray(content[LARGE])
    wrong[-1] ^= 1
    (shelf.source / MODEL / LARGE).write_bytes(bytes(wrong) + change)
    with pytest.raises(FaultsError) as caught:
        shelf.publish(shelf.client())
    assert str(shelf.source / MODEL / LARGE) in str(caught.value)
    assert ("the catalog's size" if change else "the catalog's sha256 sum") in str(caught.value)
    assert (shelf.objects(), shelf.uploads()) == (set(), [])


def test_an_object_that_appears_meanwhile_is_not_overwritten(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    client = shelf.client()
    real = client.complete_multipart_upload

    def slower(**arguments: Any) -> Any:
        shelf.client().put_object(Bucket=shelf.bucket, Key=KEY, Body=b"other")
        return real(**arguments)

    monkeypatch.setattr(client, "complete_multipart_upload", slower)
    with pytest.raises(FaultsError, match="never overwritten"):
        shelf.publish(client)
    assert shelf.client().get_object(Bucket=shelf.bucket, Key=KEY)["Body"].read() == b"other"
    assert shelf.uploads() == []


def test_an_answer_that_is_lost_on_the_way_is_no_fault(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """The object is made, the client does not hear of it and asks again."""
    client = shelf.client()
    real = client.complete_multipart_upload

    def twice(**arguments: Any) -> Any:
        real(**arguments)
        return real(**arguments)

    monkeypatch.setattr(client, "complete_multipart_upload", twice)
    assert KEY in shelf.publish(client).uploaded


@pytest.mark.parametrize("sums", [True, False])
def test_a_part_that_is_changed_on_the_way_is_noticed(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, sums: bool
) -> None:
    """By the store's sum, and where a store has none by reading the object back."""
    client = shelf.client()
    real = client.upload_part

    def changed(**arguments: Any) -> Any:
        piece = bytearray(arguments["Body"])
        piece[0] ^= arguments["PartNumber"] == 2
        return real(**{**arguments, "Body": bytes(piece)})

    monkeypatch.setattr(client, "upload_part", changed)
    abilities = [name for name in ALL if sums or name != CHECKSUMS]
    said = "whose sum is not the one that was checked" if sums else "the store holds"
    with pytest.raises(StoreError, match=said):
        shelf.publish(client, StoreFacts(abilities=abilities, limits=SMALL_LIMITS))
    assert f"base/{MODEL}/{CONFIG}" not in shelf.objects()


def test_a_store_without_sums_takes_large_files_too(shelf: Shelf, content: dict[str, bytes]) -> None:
    facts = StoreFacts(abilities=[name for name in ALL if name != CHECKSUMS], limits=SMALL_LIMITS)
    assert KEY in shelf.publish(shelf.client(), facts).uploaded
    assert "ChecksumSHA256" not in shelf.client().head_object(Bucket=shelf.bucket, Key=KEY, ChecksumMode="ENABLED")
    assert shelf.client().get_object(Bucket=shelf.bucket, Key=KEY)["Body"].read() == content[LARGE]
    assert shelf.publish(shelf.client(), facts).uploaded == ()


def test_what_a_killed_upload_has_sent_is_not_sent_again(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    client = shelf.client()
    real, count = client.upload_part, iter(range(100))

    def dies(**arguments: Any) -> Any:
        if next(count) == 3:
            raise KeyboardInterrupt
        return real(**arguments)

    monkeypatch.setattr(client, "upload_part", dies)
    with pytest.raises(KeyboardInterrupt):
        shelf.publish(client)
    monkeypatch.undo()
    assert shelf.objects() == set()
    (upload,) = shelf.uploads()
    parts = shelf.client().list_parts(Bucket=shelf.bucket, Key=KEY, UploadId=upload)["Parts"]
    assert parts
    report = shelf.publish(shelf.client())
    assert report.sent_bytes == SIZE + 2 - sum(part["Size"] for part in parts)
    assert shelf.uploads() == []


def test_parts_of_other_content_are_not_taken(shelf: Shelf, content: dict[str, bytes]) -> None:
    client = shelf.client()
    for _ in range(2):
        upload = client.create_multipart_upload(Bucket=shelf.bucket, Key=KEY, ChecksumAlgorithm="SHA256")["UploadId"]
        piece = {"Body": b"x" * 5 * MIB, "ChecksumAlgorithm": "SHA256"}
        client.upload_part(Bucket=shelf.bucket, Key=KEY, UploadId=upload, PartNumber=1, **piece)  # type: ignore[arg-type]
    assert shelf.publish(client).sent_bytes == SIZE + 2
    assert client.get_object(Bucket=shelf.bucket, Key=KEY)["Body"].read() == content[LARGE]
    assert shelf.uploads() == []


@pytest.mark.parametrize("kind", ["CRC32", "SHA1", ""])
def test_what_another_tool_has_begun_with_other_sums_is_in_nobodys_way(
    shelf: Shelf, content: dict[str, bytes], kind: str
) -> None:
    client, more = shelf.client(), {"ChecksumAlgorithm": kind} if kind else {}
    upload = client.create_multipart_upload(Bucket=shelf.bucket, Key=KEY, **more)["UploadId"]  # type: ignore[arg-type]
    said: dict[str, Any] = {"Bucket": shelf.bucket, "Key": KEY, "UploadId": upload, "PartNumber": 1, **more}
    client.upload_part(**said, Body=content[LARGE][: 5 * MIB])
    assert KEY in shelf.publish(client).uploaded
    assert client.get_object(Bucket=shelf.bucket, Key=KEY)["Body"].read() == content[LARGE]
    assert shelf.uploads() == []


@pytest.mark.parametrize(("call", "lost"), [("create_multipart_upload", "UploadId"), ("upload_part", "ETag")])
def test_an_answer_without_what_it_must_hold_is_told(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, call: str, lost: str
) -> None:
    client = shelf.client()
    real = getattr(client, call)
    monkeypatch.setattr(client, call, lambda **said: {**real(**said), lost: ""})
    with pytest.raises(StoreError, match=f"the store answers without {lost}"):
        shelf.publish(client)
    monkeypatch.undo()
    assert KEY in shelf.publish(client).uploaded


def test_an_end_that_makes_nothing_is_told_and_the_next_run_goes_on(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a proxy answers in place of the store."""
    client = shelf.client()
    monkeypatch.setattr(client, "complete_multipart_upload", lambda **_: {})
    with pytest.raises(StoreError, match="said that it has made the object, and has none"):
        shelf.publish(client)
    monkeypatch.undo()
    report = shelf.publish(client)
    assert (KEY in report.uploaded, report.sent_bytes) == (True, 2)


def test_an_upload_whose_parts_are_others_meanwhile_is_begun_anew(
    shelf: Shelf, content: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each further run would take what is listed and end in the same way."""
    client = shelf.client()
    real = client.complete_multipart_upload

    def other(**said: Any) -> Any:
        said["MultipartUpload"]["Parts"][1]["ETag"] = '"0123456789abcdef0123456789abcdef"'
        return real(**said)

    monkeypatch.setattr(client, "complete_multipart_upload", other)
    with pytest.raises(StoreError, match="InvalidPart; another upload of the same object is at work"):
        shelf.publish(client)
    monkeypatch.undo()
    assert (shelf.uploads(), shelf.objects()) == ([], set())
    assert KEY in shelf.publish(client).uploaded
    assert client.get_object(Bucket=shelf.bucket, Key=KEY)["Body"].read() == content[LARGE]


def test_two_publishers_of_one_file_make_one_object(shelf: Shelf) -> None:
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda _: shelf.publish(shelf.client()), range(2)))
    assert sum(len(report.uploaded) for report in reports) >= 2
    assert len(shelf.client().list_object_versions(Bucket=shelf.bucket, Prefix=KEY)["Versions"]) == 1
    assert shelf.uploads() == []
