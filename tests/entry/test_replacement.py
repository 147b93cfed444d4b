"""Another configuration comes in as a Deployment does it, under load: new pods first, and old ones end after their
calls. No call is dropped, whatever its caller does with its connection.
"""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from h2.events import ResponseReceived, StreamEnded

from components.entry.pods import DRAIN_SECONDS
from infra.payload.drain_entry import _SETTLE_SECONDS
from tests.entry.rows.row import JSON, chat
from tests.entry.support.callers import Connection, Connection2, once, request
from tests.entry.support.plan import BODY_KIB, CHAT
from tests.entry.support.running import Entry, end
from tests.entry.support.streaming import WHOLE, Stream, Streaming, asked
from tests.entry.support.tokens import Providers
from tests.entry.support.upstream import Upstream

STREAMS = 200
EVENTS, APART_MS = 20, 400
"""Of each stream: it goes on for longer than a pod that ends waits for callers who do not know it yet."""

SECONDS = 180
LATE_SECONDS = 1.0
"""After which nobody is led to a pod any more that was told to end."""


class Service:
    """Addresses of pods, and callers who take one of them for each connection."""

    def __init__(self, token: str) -> None:
        self.ports: list[int] = []
        self.ended = threading.Event()
        self.found: Counter[int] = Counter()
        self.called = 0
        self._lock = threading.Lock()
        self._who = ("authorization", f"Bearer {token}")
        self._raw = request("POST", CHAT, (self._who, *JSON), chat())

    def pick(self) -> int:
        return random.choice(self.ports)  # noqa: S311 - as a Service does

    def told(self, status: int) -> None:
        with self._lock:
            self.found[status] += 1
            self.called += 1

    def keeping(self, least: float, most: float) -> None:
        """A caller over HTTP/1 that keeps its connection as long as it may, and pauses between calls."""
        while not self.ended.is_set():
            made, close = Connection(self.pick()), False
            while not close and not self.ended.is_set():
                answer = made.say(self._raw)
                self.told(answer.status)
                close = answer.status != 200 or answer.headers.get("connection") == "close"
                self.ended.wait(random.uniform(least, most))  # noqa: S311 - no secret
            made.close()

    def over_http2(self) -> None:
        """The same over HTTP/2, until the pod says that it goes."""
        about = [(":method", "POST"), (":path", CHAT), (":scheme", "http"), (":authority", "entry.kitchen.example")]
        while not self.ended.is_set():
            made = Connection2(self.pick())
            while not made.told_to_go and not self.ended.is_set():
                made.send([*about, self._who, *JSON], chat())
                self.told(_status(made))
                self.ended.wait(0.05)
            made.close()

    def anew(self) -> None:
        """A caller with a connection for each call."""
        while not self.ended.is_set():
            self.told(once(self.pick(), self._raw).status)
            self.ended.wait(0.02)


def _status(made: Connection2) -> int:
    """Status of the one answer that is awaited; 0 without an end."""
    status = 0
    try:
        while True:
            for event in made.events():
                if isinstance(event, ResponseReceived):
                    status = int(dict(event.headers or ())[":status"])
                elif isinstance(event, StreamEnded):
                    return status
    except (OSError, EOFError):
        return 0


@pytest.fixture
def pods(tmp_path: Path, providers: Providers, servers: dict[str, Upstream]) -> Iterator[list[Entry]]:
    """Two with the old configuration, and two with the new one, which takes smaller bodies; none has started."""
    changes = ({}, {}, {"body_kib": BODY_KIB // 2}, {"body_kib": BODY_KIB // 2})
    made = [Entry(tmp_path / f"pod-{number}", providers, servers, **more) for number, more in enumerate(changes)]
    for pod in made:
        pod.drain_seconds = DRAIN_SECONDS
    try:
        yield made
    finally:
        for pod in made:
            pod.stop()


def terminate(pod: Entry, service: Service) -> None:
    """End a pod as the kubelet does, while its address goes away a moment later."""
    pod.check.terminate()
    time.sleep(LATE_SECONDS)
    service.ports.remove(pod.port)
    assert pod.check.wait(SECONDS) == 0
    end(pod.envoy)


def roll(old: list[Entry], new: list[Entry], service: Service, pool: ThreadPoolExecutor) -> list[Future[None]]:
    """One new pod more, and one old pod less as soon as that one is ready, in turn."""
    ending = []
    for pod, gone in zip(new, old, strict=True):
        pod.start()
        service.ports.append(pod.port)
        ending.append(pool.submit(terminate, gone, service))
    return ending


def test_another_configuration_drops_no_call(pods: list[Entry], tokens: dict[str, str]) -> None:
    old, new = pods[:2], pods[2:]
    service = Service(tokens["ana"])
    large = request("POST", CHAT, (("authorization", f"Bearer {tokens['ana']}"), *JSON), chat() + b" " * 40960)
    for pod in old:
        pod.start()
        service.ports.append(pod.port)
        assert once(pod.port, large).status == 200
    callers: list[Callable[[], None]] = [
        *[lambda: service.keeping(0.01, 0.05)] * 4,
        *[lambda: service.keeping(1.0, 4.0)] * 30,
        *[service.over_http2] * 3,
        *[service.anew] * 2,
    ]
    begun, raw = (
        threading.Barrier(STREAMS + 1, timeout=SECONDS),
        asked(tokens["ana"], user=f"events={EVENTS},ms={APART_MS}"),
    )

    def stream(port: int) -> Stream:
        made = Streaming(port, raw)
        begun.wait()
        return made.follow()

    with ThreadPoolExecutor(STREAMS + len(callers) + len(old)) as pool:
        streams = [pool.submit(stream, old[number % 2].port) for number in range(STREAMS)]
        begun.wait()
        short = [pool.submit(caller) for caller in callers]
        try:
            for one in roll(old, new, service, pool):
                one.result(SECONDS)
            ended = [each.result(SECONDS) for each in streams]
            time.sleep(0.5)
        finally:
            service.ended.set()
        for one in short:
            one.result(SECONDS)
    assert set(ended) == {Stream(200, EVENTS, WHOLE, ())}
    assert set(service.found) == {200}, f"of {service.called} calls"
    assert service.called > 500
    assert {once(pod.port, large).status for pod in new} == {413}
    lines = [line for pod in pods for line in pod.records(1)]
    assert Counter(line["status"] for line in lines) == {200: service.called + STREAMS + len(old), 413: len(new)}
    assert all(any(line["status"] == 200 for line in pod.records(1)) for pod in new), "they were called too"
    print(f"\n{service.called} short calls beside {STREAMS} streams, none dropped")


def test_a_caller_that_has_paused_is_answered_before_the_pod_ends(pods: list[Entry], tokens: dict[str, str]) -> None:
    """Its connection is open and without a call when the pod is told to end; it calls when no other call is there."""
    pod, raw = pods[0], request("POST", CHAT, (("authorization", f"Bearer {tokens['ana']}"), *JSON), chat())
    pod.start()
    made = Connection(pod.port)
    assert made.say(raw).headers.get("connection") is None
    pod.check.terminate()
    with pytest.raises(subprocess.TimeoutExpired):
        pod.check.wait(_SETTLE_SECONDS + 2)
    answer = made.say(raw)
    assert (answer.status, answer.headers.get("connection")) == (200, "close")
    made.close()
    assert pod.check.wait(SECONDS) == 0
