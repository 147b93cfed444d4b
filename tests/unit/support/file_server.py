"""A server of files on loopback that can be slow, cut answers off, know no ranges or be missing; and a proxy."""

from __future__ import annotations

import http.server
import re
import select
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from tests.support.quiet_server import QuietServer

ASK = "bytes=0-0"
"""What is asked for to see that a host answers; such an answer is never cut."""

_CHUNK = 64 * 1024


@dataclass(kw_only=True)
class How:
    """How a file is served: `cuts` are bytes after which one answer each breaks off, in this order."""

    cuts: list[int] = field(default_factory=list)
    ranges: bool = True
    status: int = 200
    location: str = ""
    pause_seconds: float = 0.0
    gate: threading.Event | None = None
    """Nothing but the answer to `ASK` is sent before it is set."""


class _Server:
    def __init__(self, handler: type[http.server.BaseHTTPRequestHandler]) -> None:
        self._server = QuietServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _serve(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()


class FileServer(_Server):
    """Use it as a context manager. `asked` lists path and Range of every request; with `pki` it speaks TLS."""

    def __init__(self, pki: Path | None = None) -> None:
        self.files: dict[str, bytes] = {}
        self.how: dict[str, How] = {}
        self.asked: list[tuple[str, str]] = []
        held = self

        class Handler(_FileHandler):
            server_of_files = held

        super().__init__(Handler)
        self.scheme = "http"
        if pki is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pki / "server.crt", pki / "server.key")
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self.scheme = "https"

    def __enter__(self) -> FileServer:
        self._serve()
        return self

    def put(self, path: str, content: bytes, how: How | None = None) -> str:
        """Serve a file and return its address."""
        self.files[path], self.how[path] = content, how or How()
        return self.url(path)

    def url(self, path: str) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}{path}"

    def whole(self, path: str) -> int:
        """How often a file was asked for from its start."""
        return sum(1 for asked, wanted in self.asked if asked == path and not wanted)


class _FileHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_of_files: FileServer

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        held = self.server_of_files
        held.asked.append((self.path, self.headers.get("Range", "")))
        how = held.how.get(self.path, How(status=404))
        if how.location or how.status != 200:
            self.send_response(302 if how.location else how.status)
            if how.location:
                self.send_header("Location", how.location)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._send(held.files[self.path], how)

    def _send(self, content: bytes, how: How) -> None:
        size = len(content)
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")) if how.ranges else None
        start = int(found[1]) if found else 0
        if found and found[2]:
            content = content[: int(found[2]) + 1]
        if found and start >= size:
            self.send_response(416)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if found else 200)
        if found:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{size}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        rest = content[start:]
        if how.gate and self.headers.get("Range") != ASK:
            how.gate.wait(60)
        is_cut = bool(how.cuts) and self.headers.get("Range") != ASK
        if is_cut:
            rest = rest[: max(0, how.cuts.pop(0) - start)]
        for at in range(0, len(rest), _CHUNK):
            if how.pause_seconds:
                time.sleep(how.pause_seconds)
            try:
                self.wfile.write(rest[at : at + _CHUNK])
            except OSError:  # the client has gone
                break
        self.close_connection = self.close_connection or is_cut


class Proxy(_Server):
    """A proxy for HTTPS: every name leads to `port` on loopback; `refuse` is a status for all of them instead."""

    def __init__(self, port: int, refuse: int = 0) -> None:
        self.asked: list[str] = []
        held = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_CONNECT(self) -> None:
                held.asked.append(self.path)
                if refuse:
                    self.send_error(refuse)
                    return
                with socket.create_connection(("127.0.0.1", port), 60) as other:
                    self.send_response(200)
                    self.end_headers()
                    _pass_on(self.connection, other)

        super().__init__(Handler)

    def __enter__(self) -> Proxy:
        self._serve()
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    while True:
        readable, _, _ = select.select([one, other], [], [], 60)
        if not readable:
            return
        for end in readable:
            content = end.recv(_CHUNK)
            if not content:
                return
            (other if end is one else one).sendall(content)
