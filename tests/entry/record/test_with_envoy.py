"""What the real Envoy writes for each call, and that none is missing when Envoy and the shipper are killed."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.entry.counter.callers import call
from tests.entry.counter.upstream import PROMPT_TOKENS
from tests.entry.record.running import Running, running
from tests.entry.record.shipping import Shipper
from tests.entry.record.store import AuditStore
from tests.entry.record.test_shipping import SEED, Capture, all_calls, kitchen
from tests.support.minio_server import MinioServer
from tests.support.waiting import early_in, until

DAY_S = 24 * 3600
FLUSHED_SECONDS = 0.5
"""Envoy writes its file every tenth of a second, where its thread gets the processor."""


@pytest.fixture
def entry(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as made:
        yield made


def test_a_line_says_who_called_what_and_why_it_was_decided_so(entry: Running) -> None:
    port, token = entry.plan.ports.callers, entry.token()
    secret = "words-of-a-prompt"
    forged = {"x-request-id": "chosen-by-the-caller"}
    told = call(port, token, "free", 3, headers=forged, prompt=secret)
    call(port, token, "free", 3, stream=True)
    call(port, token, "x" * 5000)
    call(port, token, "nobody-s")
    call(port, "no.good.token", "free")
    call(port, token, "free", 99_999_999)
    for _ in range(7):
        call(port, token, "few-requests")
    lines = entry.lines(13)
    first = lines[0]
    assert first | {"time": "", "entry": "", "server": "", "durationMs": 0, "firstByteMs": 0} == {
        "adapter": "free/v2",
        "adapterSum": "a" * 64,
        "asked": "free",
        "baseModel": "base/v1",
        "bytesIn": first["bytesIn"],
        "bytesOut": first["bytesOut"],
        "caller": "ana",
        "completionTokens": 3,
        "decision": "allowed",
        "durationMs": 0,
        "entry": "",
        "environment": "dev",
        "address": "127.0.0.1",
        "firstByteMs": 0,
        "flags": "-",
        "grant": "support/free/0",
        "groups": ["callers", "x"],
        "image": None,
        "issuer": "https://idp.kitchen.example",
        "kitchen": "support",
        "method": "POST",
        "model": "free",
        "path": "/v1/completions",
        "promptTokens": PROMPT_TOKENS,
        "reason": "via_upstream",
        "requestId": told.headers["x-request-id"],
        "server": "",
        "status": 200,
        "tenant": "sales",
        "time": "",
        "totalTokens": PROMPT_TOKENS + 3,
    }
    assert told.headers["x-request-id"] != forged["x-request-id"], "two calls could pose as one"
    assert lines[1]["totalTokens"] == PROMPT_TOKENS + 3, "the last event of a stream counts"
    decided = [(line["status"], line["decision"], line["reason"].partition("{")[0]) for line in lines]
    assert decided[2:6] == [
        (400, "refused", "out_of_bounds"),
        (403, "refused", "no-grant"),
        (401, "refused", "jwt_authn_access_denied"),
        (400, "refused", "out_of_bounds"),
    ]
    assert decided[-1] == (429, "refused", "local_rate_limited")
    assert [lines[index]["adapter"] for index in (0, 3)] == ["free/v2", None]
    assert lines[2]["asked"] == "x" * 256
    assert [lines[index]["tenant"] for index in (3, 4, 5)] == [None, None, "sales"]
    call(port, token, "lawyers")
    base_model = entry.lines(14)[-1]
    assert (base_model["tenant"], base_model["adapter"], base_model["kitchen"]) == ("legal", None, "support")
    everything = (entry.folder / "calls.jsonl").read_text()
    assert secret not in everything and token not in everything


class Calling:
    """Two callers who go on whatever happens; `answered` has when they asked for which answer."""

    def __init__(self, entry: Running) -> None:
        self.answered: list[tuple[float, str]] = []
        self._entry, self._end = entry, threading.Event()
        self.threads = [threading.Thread(target=self._run) for _ in range(2)]

    def __enter__(self) -> Calling:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self.threads:
            thread.join(30)

    def _run(self) -> None:
        token = self._entry.token()
        while not self._end.is_set():
            asked = time.monotonic()
            try:
                got = call(self._entry.plan.ports.callers, token, "free", 2)
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
                continue
            self.answered.append((asked, got.headers["x-request-id"]))
            time.sleep(0.01)


class Witness:
    """Holds every file that Envoy wrote by a second name, so that its lines can be read after the shipper's delete.

    It knows what had reached the disk when Envoy died: no guess at how late a loaded machine flushes is needed.
    """

    def __init__(self, folder: Path, held: Path) -> None:
        self._folder, self._held, self._end = folder, held, threading.Event()
        self._thread = threading.Thread(target=self._run)
        held.mkdir()

    def __enter__(self) -> Witness:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(30)

    def _run(self) -> None:
        while not self._end.wait(0.005):
            for path in self._folder.glob("*.jsonl"):
                # Renamed or deleted since it was listed, or held already by the name of its inode.
                with contextlib.suppress(FileNotFoundError, FileExistsError):
                    (self._held / str(path.stat().st_ino)).hardlink_to(path)

    def text(self) -> str:
        """Each whole line that was on the disk; a torn last line is none."""
        texts = [path.read_text() for path in self._held.iterdir()]
        return "".join(text[: text.rfind("\n") + 1] for text in texts)


def kill_in_turn(entry: Running, shipper: Shipper, calling: Calling) -> list[float]:
    """Kill the shipper and Envoy at random moments, each after some answers; return when Envoy was killed."""
    chance, kills = random.Random(SEED), []  # noqa: S311 - a seed, no secret

    def go_on() -> None:
        before = len(calling.answered)
        time.sleep(chance.uniform(0.3, 1.2))
        until(lambda: len(calling.answered) >= before + 20)

    for _ in range(4):
        go_on()
        shipper.kill()
        shipper.start()
        go_on()
        entry.envoy.stop(signal.SIGKILL)
        kills.append(time.monotonic())
        entry.envoy.start()
    time.sleep(0.5)
    return kills


def test_no_call_that_was_answered_is_missing_when_envoy_and_the_shipper_are_killed(
    tmp_path: Path, entry: Running, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    early_in(DAY_S, 300)
    began = time.strftime("%Y-%m-%d", time.gmtime())
    with MinioServer(tmp_path / "minio") as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        store = AuditStore(server, tmp_path)
        shipper = Shipper(entry.folder, store, entry.plan.ports.admin)
        try:
            with Witness(entry.folder, tmp_path / "held") as witness:
                shipper.start()
                with Calling(entry) as calling:
                    kills = kill_in_turn(entry, shipper, calling)
                shipper.wait_until_up()
                time.sleep(FLUSHED_SECONDS)
                entry.envoy.stop()
            assert shipper.end() == 0
        finally:
            shipper.kill()
        calls, _ = all_calls(capsys, store, start=began, end=time.strftime("%Y-%m-%d", time.gmtime()))
        out, _ = kitchen(capsys, store, "usage", "--month", began[:7], "--by", "environment", "--json")
    found = {line["requestId"] for line in calls}
    missing = [asked for asked, request in calling.answered if request not in found]
    written = witness.text()
    on_disk = [request for _, request in calling.answered if request in written]
    assert len(on_disk) > 100
    assert [request for request in on_disk if request not in found] == [], "on the disk, and not in the bucket"
    assert all(any(asked < kill for kill in kills) for asked in missing), "no kill came after it"
    assert len(missing) < len(calling.answered) / 4, "far more than a flush holds"
    with capsys.disabled():
        print(
            f"\n{len(calling.answered)} answers, {len(kills)} kills of Envoy, {len(missing)} lines died in its memory"
        )

    # Beside the server's own counts.
    served, recorded = len(entry.upstream.seen), sum(line["decision"] == "allowed" for line in calls)
    lost = len(calling.threads) * len(kills) + len(missing)
    assert 0 <= served - recorded <= lost, "but for the calls in flight, and the lines that died"
    told = sum(line["totalTokens"] is not None for line in calls)
    assert json.loads(out)["sum"]["total"] == (PROMPT_TOKENS + 2) * told
    assert 0 <= served - told <= lost


def test_a_call_that_goes_on_has_a_line_before_it_ends(entry: Running) -> None:
    """With a second in place of the minute; the call's Envoy is killed before its answer is there."""
    entry.envoy.stop()
    path = entry.folder.parent / f"envoy-{entry.plan.ports.callers}.json"
    config = json.loads(path.read_text())
    options = config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    assert options["access_log_options"] == {"access_log_flush_interval": "60s"}
    options["access_log_options"]["access_log_flush_interval"] = "1s"
    path.write_text(json.dumps(config))
    entry.envoy.start()

    def held() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            call(entry.plan.ports.callers, entry.token(), "free", prompt="hold")

    thread = threading.Thread(target=held)
    thread.start()
    assert entry.upstream.holding.acquire(timeout=60)
    first, second = entry.lines(2)[:2]
    entry.envoy.stop(signal.SIGKILL)
    thread.join(30)
    assert (first["requestId"], first["time"]) == (second["requestId"], second["time"])
    assert (first["caller"], first["tenant"], first["decision"]) == ("ana", "sales", "allowed")
    assert first["durationMs"] < second["durationMs"]
