"""Two replicas: one that is killed harms no call to the other, and its callers see a cut and nothing else."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.entry.support.callers import Connection
from tests.entry.support.running import Entry
from tests.entry.support.streaming import CUT, NOTHING, WHOLE, Stream, Streaming, asked, door
from tests.entry.support.tokens import Providers
from tests.entry.support.upstream import Upstream, wait_for

STREAMS = 100
"""At each replica."""

EVENTS = 20
SECONDS = 120
TRIES = 10


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


def kill_one(replicas: list[Entry], server: Upstream, ports: list[int], token: str) -> list[Stream]:
    """A stream to each of the ports; the second replica is killed when all have begun, and before any has ended."""
    begun, killed = threading.Barrier(len(ports) + 1, timeout=SECONDS), threading.Event()
    raw = asked(token, user=f"events={EVENTS},ms=50,hold")

    def stream(port: int) -> Stream:
        made = Streaming(port, raw)
        begun.wait()
        killed.wait(SECONDS)
        return made.follow()

    with ThreadPoolExecutor(len(ports)) as pool:
        streams = [pool.submit(stream, port) for port in ports]
        begun.wait()
        replicas[1].envoy.kill()
        replicas[1].envoy.wait()
        killed.set()
        server.let_go.set()
        return [one.result(SECONDS) for one in streams]


def nothing_but_a_cut(stream: Stream) -> bool:
    return (stream.status, stream.how, stream.odd) == (200, CUT, ()) and stream.events < EVENTS


def test_a_killed_replica_harms_no_call_to_the_other(
    replicas: list[Entry], servers: dict[str, Upstream], tokens: dict[str, str]
) -> None:
    one, other = (entry.port for entry in replicas)
    streams = kill_one(replicas, servers["support"], [one] * STREAMS + [other] * STREAMS, tokens["ana"])
    assert set(streams[:STREAMS]) == {Stream(200, EVENTS, WHOLE, ())}
    assert [stream for stream in streams[STREAMS:] if not nothing_but_a_cut(stream)] == []
    # The server has ended the answers that nobody reads any more.
    wait_for(servers["support"].ended, 2 * STREAMS)
    assert Counter(servers["support"].ended) == {"whole": STREAMS, "cut": STREAMS}

    with pytest.raises(ConnectionRefusedError):
        Connection(other)
    with ThreadPoolExecutor(STREAMS) as pool:
        again = pool.map(lambda raw: Streaming(one, raw).follow(), [asked(tokens["ana"])] * STREAMS)
        assert {(stream.status, stream.how) for stream in again} == {(200, WHOLE)}


@pytest.mark.parametrize("kind", ["http", "tcp"])
def test_a_caller_at_a_door_sees_a_cut_and_on_retry_the_other_replica(
    kind: str, tmp_path: Path, replicas: list[Entry], servers: dict[str, Upstream], tokens: dict[str, str]
) -> None:
    """The door does not know yet that one is gone. What it leads there is closed before there is an answer, or tried
    at the other one; a second answer, or half of one, is nobody's.
    """
    with door(tmp_path, kind, [entry.port for entry in replicas]) as port:
        streams = kill_one(replicas, servers["support"], [port] * STREAMS, tokens["ana"])
        cut = [stream for stream in streams if stream.how != WHOLE]
        assert len(cut) == STREAMS // 2
        assert [stream for stream in cut if not nothing_but_a_cut(stream)] == []

        seen = len(servers["support"].seen)
        tries: Counter[str] = Counter()
        for _ in cut:
            for _ in range(TRIES):
                stream = Streaming(port, asked(tokens["ana"])).follow()
                tries[stream.how] += 1
                if stream.how == WHOLE:
                    break
                assert (stream.status, stream.how, stream.events) == (0, NOTHING, 0)
    assert tries[WHOLE] == len(cut) == len(servers["support"].seen) - seen
    assert (tries[NOTHING] > 0) == (kind == "tcp")
