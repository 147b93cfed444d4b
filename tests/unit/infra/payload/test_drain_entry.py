"""A pod of the entry ends when its calls have ended, or when it has waited long enough."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from infra.payload.drain_entry import drain

Start = Callable[[list[int]], int]


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def admin(asked: list[str]) -> Iterator[Start]:
    """Starts something that answers as Envoy's administration: calls that are left, one number a question."""
    servers: list[ThreadingHTTPServer] = []

    def start(left: list[int]) -> int:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self._answer("OK\n")

            def do_GET(self) -> None:
                value = left.pop(0) if len(left) > 1 else left[0]
                self._answer(json.dumps({"stats": [{"name": "http.entry.downstream_rq_active", "value": value}]}))

            def _answer(self, text: str) -> None:
                asked.append(f"{self.command} {self.path}")
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return int(server.server_address[1])

    yield start
    for server in servers:
        server.shutdown()


def test_it_waits_until_no_call_is_left(admin: Start, asked: list[str]) -> None:
    assert drain(admin([3, 2, 1, 0]), 60, settle=0, pause=0.01) == 0
    assert asked[:2] == ["POST /healthcheck/fail", "POST /drain_listeners?graceful&skip_exit"]
    assert len(asked) == 6


def test_it_does_not_wait_for_ever(admin: Start) -> None:
    assert drain(admin([2]), 0.2, settle=0, pause=0.05) == 2


def test_without_envoy_there_is_nothing_to_wait_for() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        port = int(server.server_address[1])
    assert drain(port, 60, settle=0) == -1
