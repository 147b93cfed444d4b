"""Answers of ten minutes are not cut: streamed and whole, over HTTP/1 and HTTP/2, by a pod that stays or one that ends.

All of them go on at once. A stream has a minute of silence before its first event, as a long prompt makes, and another
one in its middle; a whole answer says nothing for ten minutes. The pod that ends is told so when the calls have begun:
its check lets Envoy drain, and ends after them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from h2.events import ConnectionTerminated, DataReceived, ResponseReceived, StreamEnded, StreamReset

from components.entry.pods import DRAIN_SECONDS
from tests.entry.rows.row import JSON, chat
from tests.entry.support.callers import Connection, Connection2, request
from tests.entry.support.plan import CHAT
from tests.entry.support.running import Entry
from tests.entry.support.tokens import Providers
from tests.entry.support.upstream import Upstream

pytestmark = pytest.mark.long

MINUTES = float(os.environ.get("KITCHEN_LONG_MINUTES", "10"))
SECONDS = 60 * MINUTES + 5
EVENTS = 100
SILENT = SECONDS / 10
PACE = f"events={EVENTS},ms={int((SECONDS - 2 * SILENT) * 1000 / EVENTS)},silent={SILENT:.0f}"
PATIENCE = SECONDS + 60


@dataclass
class Got:
    """What a caller got, and when: seconds since the call."""

    status: int = 0
    text: bytes = b""
    ended: str = ""
    seconds: float = 0.0
    at: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)


def over_http1(entry: Entry, token: str, **more: Any) -> Got:
    began, made = time.monotonic(), Connection(entry.port, PATIENCE)
    made.send(request("POST", CHAT, (("authorization", f"Bearer {token}"), *JSON), chat(**more)))
    answer = made.read()
    made.close()
    now = time.monotonic()
    return Got(answer.status, answer.body, "end" if answer.body else "cut", now - began, now, answer.headers)


def over_http2(entry: Entry, token: str, **more: Any) -> Got:
    began, made, got = time.monotonic(), Connection2(entry.port, PATIENCE), Got()
    about = [(":method", "POST"), (":path", CHAT), (":scheme", "http"), (":authority", "entry.kitchen.example")]
    made.send([*about, ("authorization", f"Bearer {token}"), *JSON], chat(**more))
    while not got.ended:
        try:
            events = made.events()
        except (EOFError, OSError):
            got.ended = "cut"
            break
        for event in events:
            if isinstance(event, ResponseReceived):
                got.headers = {str(name): str(value) for name, value in event.headers or ()}
                got.status = int(got.headers[":status"])
            elif isinstance(event, DataReceived):
                got.text += event.data or b""
            elif isinstance(event, StreamEnded):
                got.ended = "end"
            elif isinstance(event, StreamReset | ConnectionTerminated):
                got.ended = "cut"
    made.close()
    got.at = time.monotonic()
    got.seconds = got.at - began
    return got


CALLERS: dict[str, tuple[Callable[..., Got], dict[str, Any]]] = {
    "stream, HTTP/1": (over_http1, {"stream": True, "user": PACE}),
    "stream, HTTP/2": (over_http2, {"stream": True, "user": PACE}),
    "whole, HTTP/1": (over_http1, {"user": f"silent={SECONDS:.0f}"}),
    "whole, HTTP/2": (over_http2, {"user": f"silent={SECONDS:.0f}"}),
}


@dataclass(frozen=True)
class Run:
    """Answers by pod (stays, ends) and caller; when the check of the pod that ends had ended, and its status."""

    got: dict[tuple[str, str], Got]
    check_ended: float
    check_status: int
    records: dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Every call at once: ten minutes in all."""
    providers, server = Providers(), Upstream("support")
    server.start()
    pods = {
        name: Entry(tmp_path_factory.mktemp(name), providers, {"support": server, "legal": server})
        for name in ("stays", "ends")
    }
    token = providers.of_idp(groups=["helpdesk"])
    try:
        for pod in pods.values():
            pod.drain_seconds = DRAIN_SECONDS
            pod.start()
        with ThreadPoolExecutor(2 * len(CALLERS) + 1) as pool:
            calls = {
                (name, caller): pool.submit(way, pod, token, **more)
                for name, pod in pods.items()
                for caller, (way, more) in CALLERS.items()
            }
            while len(server.seen) < len(calls):
                time.sleep(0.1)
            pods["ends"].check.terminate()

            def wait() -> tuple[float, int]:
                status = pods["ends"].check.wait(PATIENCE)
                pods["ends"].envoy.terminate()
                pods["ends"].envoy.wait(10)
                return time.monotonic(), status

            ended = pool.submit(wait)
            got = {who: call.result(PATIENCE) for who, call in calls.items()}
            at, status = ended.result(PATIENCE)
        records = {name: pod.records(len(CALLERS)) for name, pod in pods.items()}
        yield Run(got, at, status, records)
    finally:
        for pod in pods.values():
            pod.stop()
        server.stop()


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("pod", ["stays", "ends"])
def test_it_comes_to_its_end(pod: str, caller: str, run: Run) -> None:
    got = run.got[pod, caller]
    print(f"\n{pod}, {caller}: status {got.status}, {got.ended} after {got.seconds:.0f} s, {len(got.text)} bytes")
    assert (got.status, got.ended) == (200, "end")
    assert got.seconds > 60 * MINUTES
    if caller.startswith("stream"):
        assert got.text.count(b"data: ") == EVENTS + 1
        assert got.text.rstrip().endswith(b"data: [DONE]")


def test_the_pod_that_ends_does_so_after_its_calls(run: Run) -> None:
    assert run.check_status == 0
    assert run.check_ended >= max(got.at for (pod, _), got in run.got.items() if pod == "ends")


@pytest.mark.parametrize("pod", ["stays", "ends"])
def test_each_call_has_a_last_line_with_all_of_its_tokens(pod: str, run: Run) -> None:
    last: dict[str, dict[str, Any]] = {}
    for line in run.records[pod]:
        if line["durationMs"] >= last.get(line["requestId"], line)["durationMs"]:
            last[line["requestId"]] = line
    assert len(last) == len(CALLERS)
    assert len(run.records[pod]) > len(last), "a long call has a line each minute"
    assert sorted(line["completionTokens"] for line in last.values()) == [4, 4, EVENTS, EVENTS]
    assert all(line["durationMs"] > 60_000 * MINUTES for line in last.values())
