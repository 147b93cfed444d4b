"""What the adapters' sidecar tells: log lines, and /status, /metrics and /ready on a port of its own.

Nothing here changes anything, and nothing secret is in it.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answers = dict[str, tuple[int, str, str]]
"""By path: the status, the content type and the text."""

RANK, SERVER, OTHER = "rank", "server", "other"
REASONS = ("sum", "signature", "values", "missing", RANK, SERVER, OTHER)
"""Why an adapter is refused, the gravest first: by `fetch_adapters`, and by the server that does not load it."""

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
    """Prometheus' text format; an adapter has a series of refusal only while it is refused."""
    adapters = data["adapters"]
    refused = [entry for entry in adapters if entry["state"] == "refused"]
    told: dict[str, tuple[str, str, list[tuple[str, float]]]] = {
        "kitchen_adapter_declared": (
            "gauge",
            "The adapter's version that this pod shall serve.",
            [(_labels(entry), 1) for entry in adapters],
        ),
        "kitchen_adapter_loaded": (
            "gauge",
            "1 while the server has the declared version, by its own list.",
            [(_labels(entry), int(entry["state"] == "loaded")) for entry in adapters],
        ),
        "kitchen_adapter_refused": (
            "gauge",
            f"1 while the declared version is refused, by reason: {', '.join(REASONS)}.",
            [(_labels(entry, reason=_reason(entry)), 1) for entry in refused],
        ),
        "kitchen_adapters_last_reconcile_timestamp_seconds": (
            "gauge",
            "End of the last pass.",
            [("", data["lastPass"])],
        ),
        "kitchen_adapters_reconcile_total": ("counter", "Passes.", [("", data["passes"])]),
        "kitchen_adapters_reconcile_failures_total": (
            "counter",
            "Passes after which something was not as declared.",
            [("", data["failures"])],
        ),
        "kitchen_adapters_ready": ("gauge", "1 while the pod takes calls.", [("", int(data["ready"]))]),
    }
    return exposition(told)


def exposition(told: Mapping[str, tuple[str, str, Sequence[tuple[str, float]]]]) -> str:
    """Metrics as Prometheus reads them: by name the type, the help, and samples of labels as written and a value."""
    lines = []
    for name, (kind, text, samples) in told.items():
        lines += [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
        lines += [f"{name}{labels} {value:.15g}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _reason(entry: Mapping[str, Any]) -> str:
    return entry["why"] if entry["why"] in REASONS else OTHER


def _labels(adapter: Mapping[str, Any], **more: str) -> str:
    # Names and versions were checked: they hold nothing that would have to be escaped.
    said = {"adapter": adapter["name"], "version": adapter["version"], **more}
    return "{" + ",".join(f'{name}="{value}"' for name, value in said.items()) + "}"


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

    server = _Server((host, port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A scrape that breaks off says nothing; what else goes wrong is a line, as all that this process writes."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            log("fault", text=f"an answer on port {self.server_address[1]} failed: {type(error).__name__}")
