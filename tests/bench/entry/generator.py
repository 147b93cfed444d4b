"""An open-loop generator of calls: each one begins when it is due, whatever became of those before it.

Calls of several ways go on beside each other in one process, each way at random moments (a Poisson process) of the same
rate. How late the generator itself was is told beside what it has measured.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

_EVENT, _END = b"data: ", b"0\r\n\r\n"
_PATIENCE_SECONDS = 20.0


@dataclass
class Measured:
    """Of one way, in milliseconds: from the request's last byte to the first byte of its first event, and lateness."""

    first: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    most_connections: int = 0


class _Caller(asyncio.Protocol):
    """A connection that is kept: one call after the other."""

    def __init__(self, way: _Way) -> None:
        self._way, self._read, self._began, self._told = way, b"", 0.0, True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def call(self, body: bytes) -> None:
        self._read, self._told = b"", False
        self._transport.write(body)
        self._began = time.perf_counter()

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self._read += data
        if not self._told and _EVENT in self._read:
            self._told = True
            self._way.measured.first.append((now - self._began) * 1000)
        if self._read.endswith(_END):
            self._way.done(self, self._read)

    def connection_lost(self, _error: Exception | None) -> None:
        self._way.lost(self)


class _Way:
    """Calls to one port. Connections are made before they are needed: their making is not measured."""

    def __init__(self, port: int, body: bytes) -> None:
        self._port, self._body = port, body
        self._free: list[_Caller] = []
        self._busy: set[_Caller] = set()
        self.measured = Measured()

    async def ready(self, connections: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(connections):
            self._free.append((await loop.create_connection(lambda: _Caller(self), "127.0.0.1", self._port))[1])

    def begin(self, due: float) -> None:
        self.measured.late.append((time.perf_counter() - due) * 1000)
        if not self._free:
            self.measured.failed.append("no connection was free")
            return
        caller = self._free.pop()
        self._busy.add(caller)
        self.measured.most_connections = max(self.measured.most_connections, len(self._busy))
        caller.call(self._body)

    def done(self, caller: _Caller, read: bytes) -> None:
        self._busy.discard(caller)
        self._free.append(caller)
        if not read.startswith(b"HTTP/1.1 200") or b"[DONE]" not in read:
            self.measured.failed.append(read[:200].decode("latin-1"))

    def lost(self, caller: _Caller) -> None:
        if caller in self._busy:
            self._busy.discard(caller)
            self.measured.failed.append("the connection was closed")

    @property
    def is_idle(self) -> bool:
        return not self._busy


async def measure(
    ports: Mapping[str, int], request: bytes, *, rate: float, seconds: float, seed: int, connections: int
) -> dict[str, Measured]:
    """Call every way `rate` times a second on the average, for some seconds; the same seed is the same moments."""
    ways = {name: _Way(port, request) for name, port in ports.items()}
    for way in ways.values():
        await way.ready(connections)
    began = time.perf_counter() + 0.2
    for due, name in moments(list(ways), rate, seconds, seed):
        pause = began + due - time.perf_counter()
        if pause > 0:
            await asyncio.sleep(pause)
        ways[name].begin(began + due)
    until = time.perf_counter() + _PATIENCE_SECONDS
    while not all(way.is_idle for way in ways.values()) and time.perf_counter() < until:
        await asyncio.sleep(0.02)
    for way in ways.values():
        way.measured.failed += [] if way.is_idle else ["without an end"]
    return {name: way.measured for name, way in ways.items()}


def moments(names: Sequence[str], rate: float, seconds: float, seed: int) -> list[tuple[float, str]]:
    """When calls of each way are due, in seconds, and of which way each is."""
    chance, found = random.Random(seed), []  # noqa: S311 - a seed, no secret
    for name in names:
        at = chance.expovariate(rate)
        while at < seconds:
            found.append((at, name))
            at += chance.expovariate(rate)
    return sorted(found)


def main() -> None:
    """Read what to do from standard input, as JSON, and write what was measured and the CPU seconds it took."""
    before, asked = time.process_time(), json.load(sys.stdin)
    request = asked.pop("request").encode()
    found = asyncio.run(measure(asked.pop("ports"), request, **asked))
    said = {name: asdict(each) for name, each in found.items()}
    json.dump({"measured": said, "cpuSeconds": time.process_time() - before}, sys.stdout)
