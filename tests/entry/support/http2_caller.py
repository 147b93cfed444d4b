"""A caller over HTTP/2 that reads a stream as far as it is told to and then stays: a process, to be killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from h2.events import DataReceived, ResponseReceived

from tests.entry.support.callers import Connection2
from tools.local.workspace import REPOSITORY

_SECONDS = 60


def begin(made: Connection2, path: str, token: str, body: bytes, events: int) -> tuple[int, str]:
    """Begin a stream and read its head and that many of its events; returns its number and the call's id."""
    about = [(":method", "POST"), (":path", path), (":scheme", "http"), (":authority", "entry.kitchen.example")]
    more = [("content-type", "application/json"), ("authorization", f"Bearer {token}")]
    number, text, request_id = made.send([*about, *more], body), b"", ""
    while not request_id or text.count(b"data: ") < events:
        for event in made.events():
            if isinstance(event, DataReceived):
                text += event.data or b""
            elif isinstance(event, ResponseReceived):
                request_id = str(dict(event.headers or ())["x-request-id"])
    return number, request_id


def killed(port: int, path: str, token: str, body: bytes, events: int) -> str:
    """Let a process read so far, and kill it; returns the call's id."""
    words: Sequence[str] = (str(port), path, token, body.decode(), str(events))
    module = "from tests.entry.support.http2_caller import main; main()"
    with subprocess.Popen([sys.executable, "-c", module, *words], cwd=REPOSITORY, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        request_id = process.stdout.readline().decode().strip()
        process.send_signal(signal.SIGKILL)
    assert request_id
    return request_id


def main() -> None:
    """What the process does."""
    port, path, token, body, events = sys.argv[1:]
    made = Connection2(int(port))
    print(begin(made, path, token, body.encode(), int(events))[1], flush=True)
    time.sleep(_SECONDS)


if __name__ == "__main__":
    main()
