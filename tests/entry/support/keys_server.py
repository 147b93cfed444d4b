"""An issuer's address of keys, which can be away, slow, broken, or say something else from now on."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.entry.support.tokens import Key
from tests.support.ports import free_ports
from tests.support.quiet_server import QuietServer


class KeysServer:
    """Its port is its own from the beginning; it answers between `start` and `stop`, as `status`, `body` and so on say.

    `asked` are the moments of the questions.
    """

    def __init__(self, *keys: Key) -> None:
        (self.port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}/keys"
        self.asked: list[float] = []
        self._server: _Server | None = None
        self.say(*keys)

    def say(self, *keys: Key) -> None:
        """Publish these keys from now on, at once and with status 200."""
        self.answer(json.dumps({"keys": [key.public for key in keys]}).encode())

    def answer(
        self,
        body: bytes,
        status: int = 200,
        *,
        seconds: float = 0.0,
        cut: bool = False,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Answer so from now on: after some seconds, or with half of the body (`cut`)."""
        self.body, self.status, self.seconds, self.cut, self.headers = body, status, seconds, cut, headers or {}

    def start(self) -> None:
        self._server = _Server(("127.0.0.1", self.port), _handler(self))
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Be away: connections are refused."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class _Server(QuietServer):
    allow_reuse_address = True

    def handle_error(self, *_: Any) -> None:
        """Envoy goes away when it has waited for too long."""


def _handler(server: KeysServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append(time.monotonic())
            body, cut = server.body, server.cut
            time.sleep(server.seconds)
            self.send_response(server.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            for name, value in server.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if cut else body)

        def log_message(self, *_: Any) -> None:
            """What was asked is in `asked`."""

    return Handler
