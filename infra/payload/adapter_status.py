"""What the adapters' sidecar tells: log lines, and /status, /metrics and /ready on a port of its own.

Nothing here changes anything, and nothing secret is in it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answers = dict[str, tuple[int, str, str]]
"""By path: the status, the content type and the text."""

_LOCK = threading.Lock()


class Status:
    """The last pass in plain data; safe to read from any thread. Times are seconds since 1970."""

    def __init__(self) -> None:
        """Start without a pass, not ready."""
        self._lock = threading.Lock()
        self._data: dict[str, Any] = {"ready": False, "passes": 0, "failures": 0, "lastPass": 0.0, "adapters": []}

    def set(self, **values: Any) -> None:
        """Replace what is told."""
        with self._lock:
            self._data.update(values)

    def count(self, name: str) -> None:
        """Add one to `passes` or `failures`."""
        with self._lock:
            self._data[name] += 1

    def data(self) -> dict[str, Any]:
        """A copy of what is told."""
        with self._lock:
            return dict(self._data)


def log(event: str, **fields: Any) -> None:
    """Write one JSON object as one line."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    line = json.dumps({"time": stamp, "event": event, **fields})
    with _LOCK:
        print(line, flush=True)


def metrics(data: dict[str, Any]) -> str:
    """Prometheus' text format."""
    lines = [
        "# TYPE kitchen_adapter_loaded gauge",
        *(f"kitchen_adapter_loaded{_labels(a)} {int(a['state'] == 'loaded')}" for a in data["adapters"]),
        "# TYPE kitchen_adapter_refused gauge",
        *(f"kitchen_adapter_refused{_labels(a)} {int(a['state'] == 'refused')}" for a in data["adapters"]),
        "# TYPE kitchen_adapters_last_reconcile_timestamp_seconds gauge",
        f"kitchen_adapters_last_reconcile_timestamp_seconds {data['lastPass']:.3f}",
        "# TYPE kitchen_adapters_reconcile_total counter",
        f"kitchen_adapters_reconcile_total {data['passes']}",
        "# TYPE kitchen_adapters_reconcile_failures_total counter",
        f"kitchen_adapters_reconcile_failures_total {data['failures']}",
        "# TYPE kitchen_adapters_ready gauge",
        f"kitchen_adapters_ready {int(data['ready'])}",
    ]
    return "\n".join(lines) + "\n"


def _labels(adapter: dict[str, Any]) -> str:
    # Names and versions were checked: they hold nothing that would have to be escaped.
    return f'{{adapter="{adapter["name"]}",version="{adapter["version"]}"}}'


def serve(status: Status, host: str, port: int) -> None:
    """Answer on the port from now on, in threads that end with the process; raise OSError when it is taken."""

    def answers() -> Answers:
        data = status.data()
        return {
            "/status": (200, "application/json", json.dumps(data, indent=1) + "\n"),
            "/metrics": (200, "text/plain; version=0.0.4", metrics(data)),
            "/ready": (200 if data["ready"] else 503, "text/plain", "ready\n" if data["ready"] else "not ready\n"),
        }

    serve_answers(answers, host, port)


def serve_answers(answers: Callable[[], Answers], host: str, port: int) -> None:
    """Answer each GET with what `answers` gives for its path at that time, as `serve` does."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self) -> None:
            """Answer one request."""
            known = answers()
            code, kind, text = known.get(self.path, (404, "text/plain", f"known: {' '.join(known)}\n"))
            body = text.encode()
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Probes come every few seconds: no line for each."""

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
