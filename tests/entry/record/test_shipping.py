"""The record reaches a locked bucket of a real MinIO whatever is killed, and is read there, each call once."""

from __future__ import annotations

import gzip
import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.__main__ import main
from tests.entry.record.shipping import Shipper, Writer
from tests.entry.record.store import BUCKET, AuditStore
from tests.support.minio_server import MinioServer
from tests.support.waiting import until
from tools.local.workspace import REPOSITORY

LINES = int(os.environ.get("KITCHEN_RECORD_LINES", "4000"))
SEED = int(os.environ.get("KITCHEN_RECORD_SEED", "1"))
SETTINGS = ["--settings", str(REPOSITORY / "Pulumi.dev.yaml")]
TENANTS = ("sales", "legal", None)
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AuditStore]:
    with MinioServer(tmp_path / "minio") as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        yield AuditStore(server, tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "entry-0"
    made.mkdir()
    return made


def call(number: int) -> dict[str, Any]:
    tenant = TENANTS[number % 3]
    told = {"promptTokens": number % 7, "completionTokens": number % 11, "totalTokens": number % 7 + number % 11}
    return {
        "adapter": "helpdesk-faq/v2" if tenant else None,
        "asked": "helpdesk-faq",
        "caller": f"caller-{number % 5}",
        "decision": "allowed" if tenant else "refused",
        "durationMs": number % 900,
        "environment": "dev",
        "issuer": "https://idp.kitchen.example",
        "kitchen": "support" if tenant else None,
        "model": "helpdesk-faq" if tenant else None,
        "requestId": f"{number:08d}",
        "status": 200 if tenant else 403,
        "tenant": tenant,
        "time": f"2026-11-{27 + number % 3}T10:{number % 60:02d}:00.000Z",
        **(told if tenant else dict.fromkeys(told)),
    }


def kitchen(capsys: Capture, store: AuditStore, *words: str, status: int = 0) -> tuple[str, str]:
    capsys.readouterr()
    place = ["--endpoint", store.server.endpoint, "--bucket", BUCKET]
    assert main([words[0], *SETTINGS, *place, *words[1:]]) == status
    said = capsys.readouterr()
    return said.out, said.err


def all_calls(
    capsys: Capture,
    store: AuditStore,
    *more: str,
    status: int = 0,
    start: str = "2026-11-01",
    end: str = "2026-11-30",
) -> tuple[list[dict[str, Any]], str]:
    out, err = kitchen(capsys, store, "calls", "--from", start, "--to", end, "--json", *more, status=status)
    return json.loads(out), err


def ship(folder: Path, store: AuditStore, lines: list[dict[str, Any]]) -> None:
    """Write and ship without trouble."""
    writer, shipper = Writer(folder), None
    try:
        shipper = Shipper(folder, store, writer.port)
        writer.write(lines)
        shipper.start()
        shipper.wait_until_up()
        writer.close_administration()
        assert shipper.end() == 0
    finally:
        writer.close_administration()
        if shipper is not None:
            shipper.kill()


class Trouble:
    """Kills the shipper, the store or the writer at random moments, by a seed, and starts them again."""

    def __init__(self, shipper: Shipper, store: AuditStore, writer: Writer) -> None:
        self.counts: Counter[str] = Counter()
        self._parts, self._random, self._end = (shipper, store, writer), random.Random(SEED), threading.Event()  # noqa: S311 - a seed, no secret
        self._thread = threading.Thread(target=self._run)
        self.fault: BaseException | None = None

    def __enter__(self) -> Trouble:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        shipper, store, writer = self._parts
        try:
            while not self._end.wait(self._random.uniform(0.02, 1.0)):
                what = self._random.choice(("shipper", "shipper", "store", "writer"))
                self.counts[what] += 1
                if what == "shipper":
                    shipper.kill()
                    shipper.start()
                elif what == "store":
                    store.server.kill()
                    self._end.wait(self._random.uniform(0.0, 1.5))
                    store.server.start()
                else:
                    lost = json.dumps(call(99_999_999), separators=(",", ":")).encode()
                    writer.restart(lost[: self._random.randrange(len(lost))])
        except BaseException as error:  # noqa: BLE001 - a thread's fault is the test's
            self.fault = error


def test_every_line_arrives_and_is_read_once_whatever_is_killed(
    tmp_path: Path, folder: Path, store: AuditStore, capsys: Capture
) -> None:
    writer = Writer(folder)
    shipper = Shipper(folder, store, writer.port)
    shipper.start()
    pace = random.Random(SEED)  # noqa: S311 - a seed, no secret
    try:
        with Trouble(shipper, store, writer) as trouble:
            written = 0
            while written < LINES:
                block = min(pace.randrange(1, max(2, LINES // 100)), LINES - written)
                writer.write([call(number) for number in range(written, written + block)])
                written += block
                time.sleep(pace.uniform(0.0, 0.2))
        assert trouble.fault is None
        shipper.kill()
        shipper.start()
        shipper.wait_until_up()
        writer.close_administration()
        assert shipper.end() == 0, shipper.log.read_text()[-2000:]
    finally:
        writer.close_administration()
        shipper.kill()
    assert shipper.waiting() == []

    arrived: Counter[str] = Counter()
    for key in store.objects():
        body = store.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        arrived.update(json.loads(text).get("requestId") for text in gzip.decompress(body).splitlines())
    expected = {f"{number:08d}" for number in range(LINES)}
    assert expected - set(arrived) == set()
    with capsys.disabled():
        print(f"\nseed {SEED}: {LINES} lines, killed {dict(trouble.counts)}, {sum(1 for _ in store.objects())} objects")
    assert min(trouble.counts[part] for part in ("shipper", "store")) > 0, "nothing was killed: more lines"

    calls, _ = all_calls(capsys, store)
    assert Counter(entry["requestId"] for entry in calls) == Counter(expected)
    assert [entry["time"][:10] for entry in calls] == sorted(entry["time"][:10] for entry in calls)
    out, _ = kitchen(capsys, store, "usage", "--month", "2026-11", "--by", "tenant,caller,model", "--json")
    said = {(row["tenant"], row["caller"]): row for row in json.loads(out)["rows"]}
    wanted: dict[tuple[Any, Any], Counter[str]] = {}
    for number in range(LINES):
        line = call(number)
        sums = wanted.setdefault((line["tenant"], line["caller"]), Counter())
        sums.update(calls=1, total=line["totalTokens"] or 0, refused=int(line["tenant"] is None))
    assert {key: {name: row[name] for name in ("calls", "total", "refused")} for key, row in said.items()} == {
        key: {name: sums[name] for name in ("calls", "total", "refused")} for key, sums in wanted.items()
    }


def test_what_is_shipped_cannot_be_deleted_hidden_or_changed_unseen(
    folder: Path, store: AuditStore, capsys: Capture
) -> None:
    ship(folder, store, [call(number) for number in range(60)])
    key = next(iter(store.objects()))
    (version,) = store.client.list_object_versions(Bucket=BUCKET, Prefix=key)["Versions"]
    place = {"Bucket": BUCKET, "Key": key}
    with pytest.raises(ClientError, match=r"WORM|AccessDenied|locked"):
        store.client.delete_object(**place, VersionId=version["VersionId"], BypassGovernanceRetention=True)
    writer = store.server.client(*(path.read_text() for path in sorted(store.key.iterdir())))
    for refused in (
        lambda: writer.get_object(**place),
        lambda: writer.delete_object(**place),
        lambda: writer.list_objects_v2(Bucket=BUCKET),
        lambda: writer.put_object(Bucket=BUCKET, Key="other/place", Body=b"x"),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            refused()

    # Whoever may delete can lay a marker over an object: what lies below is read all the same, and told.
    store.client.delete_object(**place)
    calls, told = all_calls(capsys, store)
    assert len(calls) == 60
    assert "1 objects lie under delete markers" in told
    # And whoever may write can put another version: it is not what its key says, and left out.
    store.client.put_object(**place, Body=gzip.compress(json.dumps(call(1)).encode() + b"\n"))
    calls, told = all_calls(capsys, store, status=1)
    assert len(calls) == 60
    assert "1 objects are not what their keys say" in told


def test_calls_are_found_by_time_tenant_caller_and_model(folder: Path, store: AuditStore, capsys: Capture) -> None:
    lines = [call(number) for number in range(90)]
    lines[7]["asked"] = "other"
    # A call that went on for minutes has a line for each; the longest is the call.
    lines += [{**lines[0], "durationMs": 61_000, "totalTokens": 500}, {**lines[0], "durationMs": 60_000}]
    ship(folder, store, lines)
    calls, _ = all_calls(capsys, store)
    assert len(calls) == 90
    (long,) = [entry for entry in calls if entry["requestId"] == "00000000"]
    assert (long["durationMs"], long["totalTokens"]) == (61_000, 500)

    def ids(*more: str) -> set[int]:
        return {int(entry["requestId"]) for entry in all_calls(capsys, store, *more)[0]}

    assert ids("--tenant", "sales") == set(range(0, 90, 3))
    assert ids("--caller", "caller-2") == set(range(2, 90, 5))
    assert ids("--model", "other") == {7}
    out, _ = kitchen(
        capsys, store, "calls", "--from", "2026-11-28T10:10", "--to", "2026-11-28T10:20", "--tenant", "legal"
    )
    rows = out.splitlines()
    assert rows[0].split()[:3] == ["TIME", "TENANT", "CALLER"]
    assert [row.split()[-1] for row in rows[1:]] == [
        f"{number:08d}" for number in sorted(range(1, 90, 3), key=lambda n: n % 60) if 10 <= number % 60 < 20
    ]
    assert all_calls(capsys, store, "--tenant", "nobody")[0] == []


def test_while_too_much_waits_the_pod_is_not_ready(folder: Path, store: AuditStore) -> None:
    writer = Writer(folder)
    shipper = Shipper(folder, store, writer.port, ["--most-waiting-mib=0.05", "--every=0.05", "--seconds=0.1"])
    store.server.stop()
    try:
        shipper.start()
        shipper.wait_until_up()
        assert _answers(shipper, "/ready", 200)
        writer.write([call(number) for number in range(300)])
        assert _answers(shipper, "/ready", 503)
        store.server.start()
        assert _answers(shipper, "/ready", 200, seconds=60)
        until(shipper.has_shipped_all, lambda: "it is ready with less than too much, and ships the rest")
    finally:
        writer.close_administration()
        shipper.kill()


def _answers(shipper: Shipper, path: str, status: int, seconds: float = 60) -> bool:
    import http.client

    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", shipper.port, timeout=30)
        connection.request("GET", path)
        if connection.getresponse().status == status:
            return True
        time.sleep(0.05)
    return False
