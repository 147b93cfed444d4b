"""A server that streams as vLLM does, quickly enough that it is not what is measured; a process of its own."""

from __future__ import annotations

import asyncio
import json
import re
import sys

EVENTS, APART_SECONDS = 5, 0.01
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"


def _chunk(text: str) -> bytes:
    data = f"data: {text}\n\n".encode()
    return b"%x\r\n%b\r\n" % (len(data), data)


def _event(number: int) -> bytes:
    usage = {"prompt_tokens": 3, "completion_tokens": number + 1, "total_tokens": number + 4}
    return _chunk(json.dumps({"choices": [{"delta": {"content": "x"}}], "usage": usage}))


_EVENTS = [_event(number) for number in range(EVENTS)]
_END = _chunk("[DONE]") + b"0\r\n\r\n"


class Streams(asyncio.Protocol):
    """One connection, which is kept: the first event at once, the others one after the other."""

    def __init__(self) -> None:
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        head = self._read.find(b"\r\n\r\n")
        if head < 0:
            return
        found = _LENGTH.search(self._read, 0, head)
        if len(self._read) >= head + 4 + (int(found.group(1)) if found else 0):
            self._read = b""
            self._say(0)

    def _say(self, number: int) -> None:
        if self._transport.is_closing():
            return
        if number == EVENTS:
            self._transport.write(_END)
            return
        self._transport.write((_HEAD if number == 0 else b"") + _EVENTS[number])
        asyncio.get_running_loop().call_later(APART_SECONDS, self._say, number + 1)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Streams, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


def main() -> None:
    """Answer on the port that the command line names, until the end of the process."""
    asyncio.run(_serve(int(sys.argv[1])))
