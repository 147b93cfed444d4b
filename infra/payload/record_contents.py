"""Record prompts and answers of the tenants that have an approval for it, encrypted to each tenant's certificate.

Runs beside Envoy in the entry's pod, on Python 3.9+ with the package cryptography, and listens on the pod's loopback
alone. Envoy hands over the body of a call before a server sees it, and waits for the answer: 200 (it is recorded, and
on the pod's disk), 204 (the approval has ended: nothing is kept), and everything else refuses the call. Pieces of the
answer follow while they are streamed, and sometimes the word that the call was refused after all. What is in the clear
is in memory alone, for as long as one request takes; the shipper of the record takes the lines from here into the
bucket. Exit codes: 2 for bad arguments or certificates.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from .content_files import REFUSED, ContentFile
from .seal_contents import SealError, fingerprint, read_certificate, sealed

BAD_INPUT = 2
MIB = 1024 * 1024
MOST_BYTES = 64 * MIB
"""Of one piece: the entry bounds bodies before, and its pieces of answers are small."""

_PLACE = re.compile(
    r"/(?P<tenant>[a-z0-9-]{1,63})/(?P<part>prompt|refused|answer/(?P<number>[1-9][0-9]{0,5})(?P<end>/last|/over)?)"
)
_SETTLE_SECONDS, _LONGEST_END_SECONDS = 0.5, 10.0
_REQUEST = re.compile(r"[A-Za-z0-9-]{1,64}")


class NotRecordedError(Exception):
    """Why a piece is not recorded, in one word; nothing of it is told."""


@dataclass(frozen=True)
class Approval:
    """Whose certificate, its sum, and the last day (UTC, 2026-12-31) on which anything is recorded."""

    certificate: Any
    key: str
    until: str


def approvals(data: dict[str, Any]) -> dict[str, Approval]:
    """By tenant, out of the file's content; raise SealError, KeyError or TypeError. Each certificate is tried."""
    found = {}
    for tenant, said in data.items():
        certificate = read_certificate(said["certificate"])
        sealed(certificate, b"tried at the start")
        found[tenant] = Approval(certificate, fingerprint(certificate), str(said["until"]))
    return found


class Recorder:
    """Encrypts pieces and appends them to the file; safe to use from any thread."""

    def __init__(self, approved: dict[str, Approval], file: ContentFile, most_waiting: int) -> None:
        """Write nothing yet; more than `most_waiting` bytes on the disk refuse prompts."""
        self._approved, self._file, self._most = approved, file, most_waiting
        self._lock, self._busy = threading.Lock(), 0

    @contextmanager
    def busy(self) -> Iterator[None]:
        """While a piece is read and recorded."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def settle(self) -> None:
        """Return when pieces that were on their way are recorded: Envoy ends before, and says goodbye to nobody."""
        deadline = time.monotonic() + _LONGEST_END_SECONDS
        while True:
            time.sleep(_SETTLE_SECONDS)
            with self._lock:
                if not self._busy or time.monotonic() > deadline:
                    return

    def _count(self, more: int) -> None:
        with self._lock:
            self._busy += more

    def record(self, path: str, request: str, content: bytes) -> bool:
        """Record one piece; False where the approval has ended. Raise NotRecordedError."""
        place = _PLACE.fullmatch(path)
        approval = self._approved.get(place["tenant"]) if place is not None else None
        if place is None or approval is None or not _REQUEST.fullmatch(request):
            raise NotRecordedError("unknown")
        now = time.time()
        if time.strftime("%Y-%m-%d", time.gmtime(now)) > approval.until:
            return False
        if place["part"] == "prompt" and self._file.waiting_bytes() > self._most:
            raise NotRecordedError("full")
        line: dict[str, Any] = {
            "tenant": place["tenant"],
            "requestId": request,
            "time": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now * 1000) % 1000:03d}Z",
            "part": place["part"].partition("/")[0],
        }
        if line["part"] != REFUSED:
            line |= {
                "number": int(place["number"] or 0),
                "last": place["end"] == "/last" or place["number"] is None,
                "over": place["end"] == "/over",
                "key": approval.key,
                "cms": base64.b64encode(sealed(approval.certificate, content)).decode(),
            }
        self._file.append(json.dumps(line, separators=(",", ":")))
        return True


def server(recorder: Recorder, port: int) -> ThreadingHTTPServer:
    """A server on the loopback that has not begun to answer; raise OSError when the port is taken."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 300
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self) -> None:
            """Record one piece."""
            with recorder.busy():
                self._record()

        def _record(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal() or int(length) > MOST_BYTES:
                self.close_connection = True
                self._answer(400)
                return
            content = self.rfile.read(int(length))
            if len(content) != int(length):  # Envoy died in between
                self.close_connection = True
                return
            try:
                recorded = recorder.record(self.path, self.headers.get("x-request-id", ""), content)
            except NotRecordedError as error:
                self._failed(str(error))
            except Exception as error:  # noqa: BLE001 - a call is refused for it; its words may show what was said
                self._failed(type(error).__name__)
            else:
                self._answer(200 if recorded else 204)

        def do_GET(self) -> None:
            """Tell that the process is there."""
            self._answer(200 if self.path == "/ready" else 404)

        def _failed(self, why: str) -> None:
            print(f"record_contents: a piece is not recorded: {why}", file=sys.stderr, flush=True)
            self._answer(500)

        def _answer(self, status: int) -> None:
            self.send_response_only(status)
            if status != 204:
                self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """The record of calls is Envoy's."""

    return _Server(("127.0.0.1", port), Handler)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, *_: Any) -> None:
        """An Envoy that goes away; a traceback would say nothing more."""


def main(argv: list[str]) -> int:
    """Read the approvals and record until the end."""
    parser = argparse.ArgumentParser(prog="record_contents")
    parser.add_argument("--table", type=Path, required=True, help="by tenant: certificate (PEM) and until (a day)")
    parser.add_argument("--folder", type=Path, required=True, help="from which the shipper takes the lines")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--most-waiting-mib", type=float, default=1024.0, help="beyond which prompts are refused")
    options = parser.parse_args(argv)
    try:
        approved = approvals(json.loads(options.table.read_text(encoding="utf-8")))
        recorder = Recorder(approved, ContentFile(options.folder), int(options.most_waiting_mib * MIB))
        made = server(recorder, options.port)
    except SealError as error:
        print(f"record_contents: {options.table}: a certificate {error}", file=sys.stderr)
        return BAD_INPUT
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"record_contents: {options.table}: {type(error).__name__}", file=sys.stderr)
        return BAD_INPUT
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    threading.Thread(target=made.serve_forever, daemon=True).start()
    ended.wait()
    recorder.settle()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
