"""What the real Envoy writes for each call, and that none is missing when Envoy and the shipper are killed."""

from __future__ import annotations

import json
import random
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from components.entry.envoy.records import OPTIONS
from components.entry.plan import EntryPlan
from infra.payload.call_files import BEGINS
from tests.entry.counter import parts
from tests.entry.counter.callers import LocalIssuer, call
from tests.entry.counter.conftest import plan_of
from tests.entry.counter.upstream import PROMPT_TOKENS, Upstream
from tests.entry.record.shipping import Shipper
from tests.entry.record.store import AuditStore
from tests.entry.record.test_shipping import SEED, Capture, all_calls
from tests.support.minio_server import MinioServer

FLUSHED_SECONDS = 0.5
"""Envoy writes its file every tenth of a second at the latest; a loaded machine may need more."""


@dataclass
class Running:
    plan: EntryPlan
    envoy: parts.Part
    upstream: Upstream
    issuers: list[LocalIssuer]
    folder: Path

    def token(self, **claims: Any) -> str:
        return self.issuers[0].token(**{"sub": "ana", "groups": ["callers", "x"], **claims})

    def lines(self, count: int) -> list[dict[str, Any]]:
        """The first lines of the file, as soon as there are so many."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            found = (self.folder / "calls.jsonl").read_text().splitlines()
            if len(found) >= count:
                assert all(text.startswith(BEGINS) for text in found)
                return [json.loads(text) for text in found]
            time.sleep(0.05)
        raise AssertionError(f"{len(found)} lines")


@pytest.fixture
def entry(tmp_path: Path) -> Iterator[Running]:
    folder = tmp_path / "entry-0"
    folder.mkdir()
    issuers = [LocalIssuer("idp"), LocalIssuer("other")]
    with Upstream() as upstream:
        made = plan_of(tmp_path, upstream.port, [issuer.issuer() for issuer in issuers], counter="local")
        plan = replace(made, record_path=str(folder / "calls.jsonl"))
        with parts.check(tmp_path, plan), parts.envoy(tmp_path, plan, OPTIONS) as envoy:
            yield Running(plan, envoy, upstream, issuers, folder)


def test_a_line_says_who_called_what_and_why_it_was_decided_so(entry: Running) -> None:
    port, token = entry.plan.ports.callers, entry.token()
    secret = "words-of-a-prompt"
    forged = {"x-request-id": "chosen-by-the-caller"}
    told = call(port, token, "free", 3, headers=forged, prompt=secret)
    call(port, token, "free", 3, stream=True)
    call(port, token, "x" * 5000)
    call(port, "no.good.token", "free")
    call(port, token, "free", 99_999_999)
    for _ in range(7):
        call(port, token, "few-requests")
    lines = entry.lines(12)
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
    assert decided[2:5] == [
        (403, "refused", "no-grant"),
        (401, "refused", "jwt_authn_access_denied"),
        (400, "refused", "out_of_bounds"),
    ]
    assert decided[-1] == (429, "refused", "local_rate_limited")
    assert lines[2]["asked"] == "x" * 256
    assert [lines[index]["tenant"] for index in (2, 3, 4)] == [None, None, "sales"]
    everything = (entry.folder / "calls.jsonl").read_text()
    assert secret not in everything and token not in everything


def test_no_call_that_was_answered_is_missing_when_envoy_and_the_shipper_are_killed(
    tmp_path: Path, entry: Running, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered: list[tuple[float, str]] = []
    began = time.strftime("%Y-%m-%d", time.gmtime())
    end = threading.Event()

    def calling() -> None:
        token = entry.token()
        while not end.is_set():
            try:
                got = call(entry.plan.ports.callers, token, "free", 2)
            except OSError:
                time.sleep(0.05)
                continue
            answered.append((time.monotonic(), got.headers["x-request-id"]))
            time.sleep(0.01)

    with MinioServer(tmp_path / "minio") as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        store = AuditStore(server, tmp_path)
        shipper = Shipper(entry.folder, store, entry.plan.ports.admin)
        chance, kills = random.Random(SEED), []  # noqa: S311 - a seed, no secret
        threads = [threading.Thread(target=calling) for _ in range(2)]
        try:
            shipper.start()
            for thread in threads:
                thread.start()
            for _ in range(4):
                time.sleep(chance.uniform(0.3, 1.2))
                shipper.kill()
                shipper.start()
                time.sleep(chance.uniform(0.3, 1.2))
                kills.append(time.monotonic())
                entry.envoy.stop(signal.SIGKILL)
                entry.envoy.start()
            time.sleep(0.5)
            end.set()
            for thread in threads:
                thread.join(30)
            shipper.wait_until_up()
            time.sleep(FLUSHED_SECONDS)
            entry.envoy.stop()
            assert shipper.end() == 0
        finally:
            end.set()
            shipper.kill()
        calls, _ = all_calls(capsys, store, start=began, end=time.strftime("%Y-%m-%d", time.gmtime()))
    found = {line["requestId"] for line in calls}
    missing = [when for when, request in answered if request not in found]
    in_memory = [when for when in missing if any(0 <= kill - when < FLUSHED_SECONDS for kill in kills)]
    assert len(answered) > 100
    assert missing == in_memory, "a line was in the file, and is not in the bucket"
    with capsys.disabled():
        print(f"\n{len(answered)} calls answered, {len(kills)} kills of Envoy, {len(missing)} lines died in its memory")
