"""A registry's door that answers some requests itself: what a registry of another kind, or a wrong one, would say."""

from __future__ import annotations

import http.client
import http.server
import threading
from collections.abc import Callable, Mapping

from tests.support.quiet_server import QuietServer

Answer = tuple[int, bytes, Mapping[str, str]]
Hook = Callable[[str, str, Mapping[str, str], bytes], Answer | None]
"""Method, path, headers and body of a request; None lets it through."""


class RegistryProxy:
    """Plain HTTP on 127.0.0.1 before a registry of plain HTTP; use it as a context manager."""

    def __init__(self, target: str, hook: Hook, changed: Callable[[str, str, bytes], bytes] | None = None) -> None:
        self.asked: list[tuple[str, str]] = []
        proxy = self

        class Handler(_Handler):
            door = proxy

        self._server = QuietServer(("127.0.0.1", 0), Handler)
        self.target, self.hook, self.changed = target, hook, changed
        self.host = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> RegistryProxy:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    door: RegistryProxy

    def log_message(self, *_: object) -> None:
        pass

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.door.asked.append((self.command, self.path))
        headers = dict(self.headers.items())
        status, content, more = self.door.hook(self.command, self.path, headers, body) or self._forward(headers, body)
        if self.door.changed is not None:
            content = self.door.changed(self.command, self.path, content)
        self.send_response(status)
        for name, value in more.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                self.send_header(name, value)
        length = more.get("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = _pass  # noqa: N815

    def _forward(self, headers: Mapping[str, str], body: bytes) -> Answer:
        connection = http.client.HTTPConnection(self.door.target, timeout=60)
        try:
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), dict(answer.headers.items())
        finally:
            connection.close()
