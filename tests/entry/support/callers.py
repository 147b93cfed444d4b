"""Callers that say what no polite client library says: bytes of HTTP/1, and HTTP/2 by hand."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, Event, ResponseReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError

Headers = Sequence[tuple[str, str]]
_SECONDS = 60
_GOAWAY = 7


@dataclass
class Answer:
    """What came back; status 0 is a connection that was closed without an answer."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def error(self) -> dict[str, Any]:
        """The refusal in OpenAI's form."""
        found: dict[str, Any] = json.loads(self.body)["error"]
        return found


def request(method: str, path: str, headers: Headers, body: bytes | None, version: str = "HTTP/1.1") -> bytes:
    """The bytes of a request; Content-Length is added where there is a body and no header about it."""
    told = {name.lower() for name, _ in headers}
    more = [] if "host" in told else [("host", "entry.kitchen.example")]
    if body is not None and not told & {"content-length", "transfer-encoding"}:
        more.append(("content-length", str(len(body))))
    lines = [f"{method} {path} {version}", *(f"{name}: {value}" for name, value in (*more, *headers))]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def chunked(pieces: Iterable[bytes], trailers: str = "") -> bytes:
    """A body in pieces."""
    return b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in pieces) + f"0\r\n{trailers}\r\n".encode()


class Connection:
    """One connection that is kept; `say` sends bytes and reads one answer."""

    def __init__(self, port: int, seconds: float = _SECONDS) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=seconds)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def send(self, raw: bytes) -> None:
        """Send, and read by hand."""
        self._socket.sendall(raw)

    def say(self, raw: bytes, method: str = "POST") -> Answer:
        with contextlib.suppress(OSError):  # refused while it was sent: the answer says why
            self._socket.sendall(raw)
        return self.read(method)

    def read(self, method: str = "POST") -> Answer:
        """One answer, without those of 1xx."""
        try:
            answer = self.head()
            while 100 <= answer.status < 200 and answer.status != 101:
                answer = self.head()
            answer.body = self._body(answer, method)
        except OSError:
            return Answer()
        return answer

    def head(self) -> Answer:
        """Status and headers; the body is not read yet."""
        line = self._file.readline()
        if not line:
            return Answer()
        answer = Answer(int(line.split(b" ", 2)[1]))
        while (line := self._file.readline().strip()) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            answer.headers[name.lower()] = value.strip()
        return answer

    def line(self) -> bytes:
        """The next line of a body that is read by hand."""
        return self._file.readline()

    def _body(self, answer: Answer, method: str) -> bytes:
        if method == "HEAD" or answer.status in (0, 101, 204, 304):
            return b""
        if "chunked" in answer.headers.get("transfer-encoding", ""):
            read = b""
            while size := int(self._file.readline() or b"0", 16):
                read += self._file.read(size)
                self._file.readline()
            self._file.readline()
            return read
        length = answer.headers.get("content-length")
        return self._file.read(int(length)) if length is not None else self._file.read()


def once(port: int, raw: bytes, method: str = "POST") -> Answer:
    """One request on a connection of its own."""
    made = Connection(port)
    try:
        return made.say(raw, method)
    finally:
        made.close()


class Connection2:
    """One connection of HTTP/2 without TLS that is kept; nothing is checked or mended before it is sent."""

    def __init__(self, port: int, seconds: float = _SECONDS) -> None:
        self.made = H2Connection(
            H2Configuration(
                header_encoding="utf-8",
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
                validate_inbound_headers=False,
            )
        )
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=seconds)
        self._rest = b""
        self.told_to_go = False
        self.made.initiate_connection()

    def close(self) -> None:
        self._socket.close()

    def send(self, headers: Headers, body: bytes) -> int:
        """Begin a request; returns the number of its stream."""
        stream = self.made.get_next_available_stream_id()
        self.made.send_headers(stream, list(headers))
        self.made.send_data(stream, body, end_stream=True)
        self.flush()
        return stream

    def reset(self, stream: int) -> None:
        """Take a request back; the connection goes on."""
        self.made.reset_stream(stream, ErrorCodes.CANCEL)
        self.flush()

    def events(self) -> list[Event]:
        """What comes next, until the connection has ended, which is EOFError."""
        data = self._socket.recv(65536)
        if not data:
            raise EOFError
        found = self.made.receive_data(self._without_farewell(data))
        for event in found:
            if isinstance(event, DataReceived):
                self.made.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id or 0)
        self.flush()
        return list(found)

    def _without_farewell(self, data: bytes) -> bytes:
        """Frames but for GOAWAY without an error: h2 takes it for the end of streams that go on until theirs."""
        self._rest, whole = self._rest + data, b""
        while len(self._rest) >= 9 and len(self._rest) >= (size := 9 + int.from_bytes(self._rest[:3], "big")):
            frame, self._rest = self._rest[:size], self._rest[size:]
            if frame[3] == _GOAWAY and not any(frame[13:17]):
                self.told_to_go = True
            else:
                whole += frame
        return whole

    def flush(self) -> None:
        self._socket.sendall(self.made.data_to_send())


def http2(port: int, headers: Headers, body: bytes | None, trailers: Headers = ()) -> Answer:
    """One request over HTTP/2 without TLS; nothing is checked or mended before it is sent."""
    config = H2Configuration(
        header_encoding="utf-8",
        validate_outbound_headers=False,
        normalize_outbound_headers=False,
        validate_inbound_headers=False,
    )
    made = H2Connection(config)
    answer = Answer()
    with socket.create_connection(("127.0.0.1", port), timeout=_SECONDS) as wire:
        made.initiate_connection()
        made.send_headers(1, list(headers), end_stream=body is None and not trailers)
        if body is not None:
            made.send_data(1, body, end_stream=not trailers)
        if trailers:
            made.send_headers(1, list(trailers), end_stream=True)
        wire.sendall(made.data_to_send())
        while data := wire.recv(65536):
            try:
                events = made.receive_data(data)
            except ProtocolError:  # what follows the end of a connection
                return answer
            for event in events:
                if isinstance(event, ResponseReceived):
                    answer.headers = {str(name): str(value) for name, value in event.headers or ()}
                    answer.status = int(answer.headers[":status"])
                elif isinstance(event, DataReceived):
                    answer.body += event.data or b""
                    made.acknowledge_received_data(event.flow_controlled_length or 0, 1)
                elif isinstance(event, StreamEnded | StreamReset):
                    return answer
            wire.sendall(made.data_to_send())
    return answer
