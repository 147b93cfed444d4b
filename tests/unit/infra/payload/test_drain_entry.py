"""A pod of the entry ends when its calls have ended, or when it has waited long enough."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace
from typing import Any

import pytest

from infra.payload import drain_entry
from infra.payload.drain_entry import drain
from tests.support.ports import free_ports
from tests.support.quiet_server import QuietServer

Looks = list[tuple[int, int, int]]
"""At each look: calls, connections, and all calls that there ever were."""

Start = Callable[[Looks], int]

NAMES = ("rq_active", "cx_active", "rq_total")


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def admin(asked: list[str]) -> Iterator[Start]:
    """Starts something that answers as Envoy's administration: what is left, one look a question."""
    servers: list[QuietServer] = []

    def start(left: Looks) -> int:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self._answer("OK\n")

            def do_GET(self) -> None:
                values = zip(NAMES, left.pop(0) if len(left) > 1 else left[0], strict=True)
                stats = [{"name": f"http.entry.downstream_{name}", "value": value} for name, value in values]
                self._answer(json.dumps({"stats": stats}))

            def _answer(self, text: str) -> None:
                asked.append(f"{self.command} {self.path}")
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        server = QuietServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return int(server.server_address[1])

    yield start
    for server in servers:
        server.shutdown()


def test_it_waits_until_no_caller_is_left(admin: Start, asked: list[str]) -> None:
    left = [(3, 4, 9), (1, 4, 9), (0, 2, 9), (0, 0, 9)]
    assert drain(admin(left), 60, settle=0, pause=0.01, quiet=60) == 0
    assert asked[:2] == ["POST /healthcheck/fail", "POST /drain_listeners?graceful&skip_exit"]
    assert len(asked) == 6


def test_connections_that_say_nothing_do_not_hold_it(admin: Start) -> None:
    began = time.monotonic()
    assert drain(admin([(0, 2, 9)]), math.inf, settle=0, pause=0.01, quiet=0.3) == 0
    assert time.monotonic() - began >= 0.3


def test_a_call_between_two_looks_is_seen(admin: Start, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Its clock stands still while it works: only what it waits counts for the quiet."""
    waited: list[float] = []
    monkeypatch.setattr(drain_entry, "time", SimpleNamespace(monotonic=lambda: sum(waited), sleep=waited.append))
    calls: Looks = [(0, 2, 9 + number) for number in range(60)]
    assert drain(admin(calls), 60, settle=0, pause=0.01, quiet=0.3) == 0
    assert len(asked) > 2 + 60, "it has waited for the last of them, and then for quiet"


def test_it_does_not_wait_for_ever(admin: Start) -> None:
    assert drain(admin([(2, 2, 2)]), 0.2, settle=0, pause=0.05) == 2


def test_without_envoy_there_is_nothing_to_wait_for() -> None:
    assert drain(*free_ports(1), 60, settle=0) == -1
