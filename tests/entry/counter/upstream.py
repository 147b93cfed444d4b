"""A server that answers as vLLM does: with usage, at once or as a stream, and on request only when it is let go.

It keeps counters of its own, as a server's metrics do: calls, and tokens as far as it has told them.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter, defaultdict
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.support.quiet_server import QuietServer

PROMPT_TOKENS = 3
SLOW_SECONDS = 0.05


class Upstream:
    """A context manager. A call costs `max_tokens` beside its prompt. The prompt `hold` waits until `let_go` is set,
    and `slow` for a while. `most` are those that waited so at one moment, by model. A stream of the
    prompt `cut` ends halfway.

    A stream's `user` says how it goes on: "ms=M" between events; at its end "cut" (without a last event) or "hold"
    (waits until its caller is away or `let_go` is set). `counted` has calls, prompt and completion tokens by model.
    """

    def __init__(self) -> None:
        self.most: Counter[str] = Counter()
        self._now: Counter[str] = Counter()
        self._counting = threading.Lock()
        self.let_go = threading.Event()
        self.counted: dict[str, Counter[str]] = defaultdict(Counter)
        self.ended: list[str] = []
        self._lock = threading.Lock()
        self.seen: list[dict[str, Any]] = []
        self.holding = threading.Semaphore(0)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.seen.append(body)
                outer.count(body, calls=1)
                if body.get("prompt") == "slow":
                    # Counted before its answer: after it the entry may send the next one at once.
                    outer._count(body["model"], 1)
                    time.sleep(SLOW_SECONDS)
                    outer._count(body["model"], -1)
                if body.get("prompt") == "hold":
                    outer.holding.release()
                    outer.let_go.wait(60)
                if body.get("stream") and body.get("user"):
                    self._slowly(body, dict(word.partition("=")[::2] for word in body["user"].split(",")))
                elif body.get("stream"):
                    self._stream(body)
                    outer.count(body, prompt=PROMPT_TOKENS, completion=body["max_tokens"])
                else:
                    outer.count(body, prompt=PROMPT_TOKENS, completion=body["max_tokens"])
                    self._answer(json.dumps(_answer(body, body["max_tokens"])).encode(), "application/json")

            def _answer(self, content: bytes, kind: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def _stream(self, body: dict[str, Any]) -> None:
                # As vLLM with --enable-force-include-usage does: usage in every event, the last one counts.
                events = [json.dumps(_answer(body, count)) for count in range(1, body["max_tokens"] + 1)]
                lines = [f"data: {event}\n\n" for event in [*events, "[DONE]"]]
                if body.get("prompt") == "cut":
                    self._cut("".join(lines[: len(events) // 2]).encode())
                else:
                    self._answer("".join(lines).encode(), "text/event-stream")

            def _cut(self, content: bytes) -> None:
                """As a server that dies in the middle of a stream."""
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Content-Length", str(len(content) + 1000))
                self.end_headers()
                self.wfile.write(content)
                self.wfile.flush()
                self.close_connection = True

            def _slowly(self, body: dict[str, Any], how: dict[str, str]) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                try:
                    for count in range(1, body["max_tokens"] + 1):
                        self._event(json.dumps(_answer(body, count)))
                        outer.count(body, prompt=PROMPT_TOKENS if count == 1 else 0, completion=1)
                        time.sleep(float(how.get("ms", 0)) / 1000)
                    if "cut" in how:
                        self.connection.shutdown(socket.SHUT_RDWR)
                    elif "hold" in how and self._is_alone():
                        outer.ended.append("alone")
                    else:
                        self._event("[DONE]")
                        self.wfile.write(b"0\r\n\r\n")
                        return
                except OSError:
                    outer.ended.append("alone")
                self.close_connection = True

            def _event(self, text: str) -> None:
                data = f"data: {text}\n\n".encode()
                self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

            def _is_alone(self) -> bool:
                """Wait until the caller has gone, or until all are let go."""
                self.connection.settimeout(0.02)
                while not outer.let_go.is_set():
                    try:
                        return self.connection.recv(1) == b""
                    except TimeoutError:
                        pass
                self.connection.settimeout(None)
                return False

            def log_message(self, *_: Any) -> None:
                pass

        self._server = QuietServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def _count(self, model: str, more: int) -> None:
        with self._counting:
            self._now[model] += more
            self.most[model] = max(self.most[model], self._now[model])

    def count(self, body: dict[str, Any], **amounts: int) -> None:
        """Add to the counters of the call's model."""
        with self._lock:
            self.counted[str(body["model"])].update(amounts)

    def __enter__(self) -> Upstream:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._server.server_close()


def _answer(body: dict[str, Any], tokens: int) -> dict[str, Any]:
    usage = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": tokens, "total_tokens": PROMPT_TOKENS + tokens}
    return {"object": "text_completion", "model": body["model"], "usage": usage}
