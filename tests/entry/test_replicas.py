"""Two replicas: one that is killed harms no call to the other, and one that is replaced harms none at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.entry.rows.row import JSON, chat
from tests.entry.support.callers import Connection, once, request
from tests.entry.support.plan import CHAT
from tests.entry.support.running import Entry, end
from tests.entry.support.tokens import Providers
from tests.entry.support.upstream import Upstream

STREAMS = 100
"""At each replica."""

WORKERS = 6
SECONDS = 20


@pytest.fixture
def replicas(tmp_path: Path, providers: Providers, servers: dict[str, Upstream]) -> Iterator[list[Entry]]:
    made = [Entry(tmp_path / name, providers, servers) for name in ("one", "other")]
    try:
        for entry in made:
            entry.start()
        yield made
    finally:
        for entry in made:
            entry.stop()


def test_a_killed_replica_harms_no_call_to_the_other(replicas: list[Entry], tokens: dict[str, str]) -> None:
    begun, killed = threading.Barrier(2 * STREAMS + 1, timeout=SECONDS), threading.Event()

    def stream(entry: Entry) -> bool:
        """Whether it came to its end."""
        body = chat(stream=True, user="events=20,ms=50")
        made = Connection(entry.port)
        made.send(request("POST", CHAT, (("authorization", f"Bearer {tokens['ana']}"), *JSON), body))
        whole = made.head().status == 200 and made.line() != b""
        begun.wait()
        killed.wait(SECONDS)
        try:
            while line := made.line():
                if b"[DONE]" in line:
                    return whole
        except OSError:
            pass
        finally:
            made.close()
        return False

    with ThreadPoolExecutor(2 * STREAMS) as pool:
        ended = [pool.submit(stream, entry) for entry in replicas for _ in range(STREAMS)]
        begun.wait()
        replicas[1].envoy.kill()
        replicas[1].envoy.wait()
        killed.set()
        whole = [one.result(SECONDS) for one in ended]
    assert whole[:STREAMS] == [True] * STREAMS
    assert not any(whole[STREAMS:]), "it was killed too late to show anything"


def test_a_replica_that_is_replaced_drops_no_call(replicas: list[Entry], tokens: dict[str, str]) -> None:
    """As a Deployment does it: no new connections, then it drains, and ends when nobody is left."""
    addresses, stopped = [entry.port for entry in replicas], threading.Event()
    body = request("POST", CHAT, (("authorization", f"Bearer {tokens['ana']}"), *JSON), chat())

    def caller(number: int) -> list[tuple[int, int]]:
        """Ports and statuses of one caller that keeps its connection as long as it may."""
        found: list[tuple[int, int]] = []
        while not stopped.is_set():
            port = addresses[number % len(addresses)]
            made = Connection(port)
            close = False
            while not stopped.is_set() and not close:
                answer = made.say(body)
                found.append((port, answer.status))
                close = answer.status == 0 or answer.headers.get("connection") == "close"
                time.sleep(0.002)
            made.close()
        return found

    with ThreadPoolExecutor(WORKERS) as pool:
        callers = [pool.submit(caller, number) for number in range(WORKERS)]
        time.sleep(0.5)
        gone = replicas[1]
        addresses.remove(gone.port)
        _drain(gone)
        end(gone.envoy)
        time.sleep(0.3)
        stopped.set()
        found = [one for caller_ in callers for one in caller_.result(SECONDS)]
    assert {port for port, _ in found} == {entry.port for entry in replicas}
    assert {status for _, status in found} == {200}


def _drain(entry: Entry) -> None:
    """Tell Envoy to let its callers go, and wait until they are."""
    assert once(entry.admin, request("POST", "/drain_listeners?graceful", (), b"")).status == 200
    asked = request("GET", "/stats?filter=http.entry.downstream_cx_active", (), None)
    until = time.monotonic() + SECONDS
    while not once(entry.admin, asked, "GET").body.strip().endswith(b": 0"):
        assert time.monotonic() < until, "callers are left"
        time.sleep(0.05)
