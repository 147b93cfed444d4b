"""From a call through the real Envoy into a locked bucket of a real MinIO, and by `kitchen calls` to the tenant."""

from __future__ import annotations

import base64
import gzip
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.entry.contents.conftest import Running, Start, reader
from tests.entry.contents.test_with_envoy import PROMPT, ask
from tests.entry.record.shipping import QUICK, Shipper
from tests.entry.record.store import BUCKET, AuditStore
from tests.entry.record.test_shipping import Capture, kitchen
from tests.support.minio_server import MinioServer

WORDS = (PROMPT.encode(), b"text_completion", b'"prompt": "')


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AuditStore]:
    with MinioServer(tmp_path / "minio") as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        yield AuditStore(server, tmp_path)


def shipped(entry: Running, store: AuditStore) -> None:
    """All that is there, by a shipper that is killed once and ended as the kubelet ends it."""
    shipper = Shipper(entry.folder, store, entry.plan.ports.admin, [*QUICK, "--contents"])
    try:
        shipper.start()
        shipper.wait_until_up()
        time.sleep(0.5)
        shipper.kill()
        shipper.start()
        shipper.wait_until_up()
        entry.envoy.stop()
        entry.contents.stop()
        assert shipper.end() == 0
    finally:
        shipper.kill()
    assert shipper.waiting() == []


def test_the_tenant_alone_reads_what_is_in_the_bucket(
    tmp_path: Path, start: Start, store: AuditStore, capsys: Capture
) -> None:
    entry = start()
    began = time.strftime("%Y-%m-%d", time.gmtime())
    answers = {told.headers["x-request-id"]: told.body for told in (ask(entry), ask(entry, tokens=30, stream=True))}
    assert ask(entry, "lawyers").status == 200
    entry.pieces(4)
    shipped(entry, store)

    place = ("--from", began, "--to", time.strftime("%Y-%m-%d", time.gmtime()))
    _, told = kitchen(capsys, store, "calls", *place)
    assert "encrypted prompts and answers are there of sales: see --contents FOLDER" in told
    folder = tmp_path / "reading"
    _, told = kitchen(capsys, store, "calls", *place, "--contents", str(folder))
    assert "contents of 2 calls: " in told
    assert "openssl cms -decrypt -inform DER -inkey TENANT.key -in FILE" in told
    for request, body in answers.items():
        pieces = sorted(folder.glob(f"{request}.answer-*.cms"))
        assert b"".join(entry.sales.decrypt(path.read_bytes()) for path in pieces) == body
        (prompt,) = folder.glob(f"{request}.prompt-*.cms")
        assert PROMPT.encode() in entry.sales.decrypt(prompt.read_bytes())
    other = reader(tmp_path, "other")
    with pytest.raises(Exception, match="returned non-zero exit status"):
        other.decrypt(prompt.read_bytes())
    _, told = kitchen(capsys, store, "calls", *place, "--contents", str(folder), status=2)
    assert "--contents: " in told and "nothing is written over" in told

    # The store's drives, its bucket, the pod's disk, and every log: not one word in the clear.
    keys = [version["Key"] for version in store.client.list_object_versions(Bucket=BUCKET)["Versions"]]
    assert any(key.startswith("contents/sales/") for key in keys)
    assert not any(key.startswith("contents/legal") for key in keys)
    for key in keys:
        body = gzip.decompress(store.client.get_object(Bucket=BUCKET, Key=key)["Body"].read())
        assert not any(word in body or base64.b64encode(word)[:-4] in body for word in WORDS)
    held = [path for path in tmp_path.rglob("*") if path.is_file() and not path.name.startswith("sales.")]
    assert len(held) > 20
    assert [path for path in held for word in WORDS if word in path.read_bytes()] == []
