"""A server behind the entry: it records what reached it, and answers as vLLM does."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.support.ports import free_ports
from tests.support.quiet_server import QuietServer


@dataclass(frozen=True)
class Reached:
    """A request as the server has read it."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def names(self) -> set[str]:
        """Names of its headers."""
        return {name.lower() for name, _ in self.headers}


@dataclass
class Upstream:
    """`seen` is every request since `clear`; `ended` says how streams ended: "whole" or "cut".

    A stream that was asked for with `step` sends one event for each release of `step`; one with `hold` sends its last
    event when `let_go` is set.
    """

    name: str
    port: int = 0
    seen: list[Reached] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    step: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    let_go: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self._server = _Server(("127.0.0.1", self.port), _handler(self))
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def clear(self) -> None:
        self.seen.clear()
        self.ended.clear()
        self.step, self.let_go = threading.Semaphore(0), threading.Event()


@contextmanager
def upstreams() -> Iterator[dict[str, Upstream]]:
    """The servers of the kitchens that calls are tried on, while the context lasts."""
    made = {name: Upstream(name, port) for name, port in zip(("support", "legal"), free_ports(2), strict=True)}
    for server in made.values():
        server.start()
    try:
        yield made
    finally:
        for server in made.values():
            server.stop()


def wait_for(ended: list[str], count: int, seconds: float = 60.0) -> None:
    """Until that many streams have ended, or the time is over."""
    until = time.monotonic() + seconds
    while len(ended) < count and time.monotonic() < until:
        time.sleep(0.02)


class _Server(QuietServer):
    def handle_error(self, *_: Any) -> None:
        """A caller that goes away is no fault."""


USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}


def _chunk(number: int, *, responses: bool) -> dict[str, Any]:
    """An event as vLLM writes it with --enable-force-include-usage; /v1/responses has words of its own."""
    told = {"total_tokens": number + 4}
    if responses:
        usage = {"input_tokens": 3, "output_tokens": number + 1, **told}
        return {"type": "response.completed", "response": {"usage": usage, "output": []}}
    usage = {"prompt_tokens": 3, "completion_tokens": number + 1, **told}
    return {"choices": [{"delta": {"content": "x"}}], "usage": usage}


def _how(asked: dict[str, Any]) -> dict[str, str]:
    """How to answer, by the call's `user`: "events=N,ms=M,silent=S,step,hold,cut".

    N events M milliseconds apart, and S seconds of silence before the first one (a long prefill) and in the middle;
    `cut` ends without a last one. An answer that is not streamed comes after the silence.
    """
    words = str(asked.get("user", "")).split(",")
    return {key: value for key, _, value in (word.partition("=") for word in words)}


def _handler(upstream: Upstream) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def _any(self) -> None:
            raw = self._body()
            upstream.seen.append(Reached(self.command, self.path, tuple(self.headers.items()), raw))
            try:
                asked = json.loads(raw)
            except ValueError:
                asked = {}
            stream = asked.get("stream_options", {}) if asked.get("stream") is True else None
            if stream is None:
                self._whole(asked, raw)
            else:
                self._stream(asked)

        def _body(self) -> bytes:
            if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            read = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                read += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return read

        def _whole(self, asked: dict[str, Any], raw: bytes) -> None:
            time.sleep(float(_how(asked).get("silent", 0)))
            usage = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7} if "input" in asked else USAGE
            said = {
                "model": asked.get("model"),
                "server": upstream.name,
                "sha256": hashlib.sha256(raw).hexdigest(),
                "usage": usage,
            }
            body = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def _stream(self, asked: dict[str, Any]) -> None:
            how = _how(asked)
            events, silent = int(how.get("events", 3)), float(how.get("silent", 0))
            self.send_response(200)
            self.send_header("content-type", "text/event-stream; charset=utf-8")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            self.wfile.flush()  # as vLLM does, before it works on the prompt
            try:
                for number in range(events):
                    time.sleep(silent if number in (0, events // 2) else 0)
                    if "step" in how:
                        upstream.step.acquire(timeout=60)
                    if "hold" in how and number == events - 1:
                        upstream.let_go.wait(120)
                    self._event(json.dumps(_chunk(number, responses="input" in asked)))
                    time.sleep(int(how.get("ms", 0)) / 1000)
                if "cut" in how:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self._event("[DONE]")
                self.wfile.write(b"0\r\n\r\n")
                self.wfile.flush()
                upstream.ended.append("whole")
            except OSError:
                upstream.ended.append("cut")
                self.close_connection = True

        def _event(self, text: str) -> None:
            data = f"data: {text}\n\n".encode()
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
            self.wfile.flush()

        def log_message(self, *_: Any) -> None:
            """What reached it is told by `seen`."""

        def __getattr__(self, name: str) -> Any:
            """Every method is answered."""
            if name.startswith("do_"):
                return self._any
            raise AttributeError(name)

    return Handler
