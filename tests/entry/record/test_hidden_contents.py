"""Contents under a delete marker, on a real MinIO: they are told of, as they are written where they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from components.entry.shipper import CONTENTS
from ops.calls.reading import Period, Record
from tests.entry.record.store import BUCKET, AuditStore
from tests.support.minio_server import MinioServer

NOVEMBER = Period(start="2026-11-01T00:00:00.000Z", end="2026-12-01T00:00:00.000Z")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AuditStore]:
    with MinioServer(tmp_path / "store") as server:
        yield AuditStore(server, tmp_path)


def test_contents_under_a_delete_marker_are_told_of(store: AuditStore) -> None:
    record = Record(store.client, BUCKET)
    assert record.has_contents(NOVEMBER) == []
    place = {"Bucket": BUCKET, "Key": f"{CONTENTS}/sales/2026/11/29/entry-0.jsonl.gz"}
    # A marker over nothing is no contents.
    store.client.delete_object(Bucket=BUCKET, Key=f"{CONTENTS}/legal/2026/11/29/entry-0.jsonl.gz")
    store.client.put_object(**place, Body=b"sealed")
    store.client.delete_object(**place)
    assert not [key for key in store.objects() if key.startswith(CONTENTS)]
    assert record.has_contents(NOVEMBER) == ["sales"]
    assert record.has_contents(NOVEMBER, "sales") == ["sales"]
    assert record.has_contents(NOVEMBER, "legal") == []
