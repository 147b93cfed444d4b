"""What the shipper of the record tells: /status, /metrics and /ready on a port of its own. Nothing secret is in it."""

from __future__ import annotations

import json
import threading
from typing import Any

from .adapter_status import Answers, serve_answers

_METRICS = {
    "lines": ("kitchen_record_lines_total", "counter"),
    "objects": ("kitchen_record_objects_total", "counter"),
    "failures": ("kitchen_record_failures_total", "counter"),
    "waiting": ("kitchen_record_waiting_bytes", "gauge"),
    "oldest": ("kitchen_record_oldest_waiting_seconds", "gauge"),
    "lastShipped": ("kitchen_record_last_shipped_timestamp_seconds", "gauge"),
    "ready": ("kitchen_record_ready", "gauge"),
}


class Status:
    """Numbers since the start; safe to use from any thread."""

    def __init__(self) -> None:
        """Start ready: what waits is not known yet, and calls need not wait for it."""
        self._lock = threading.Lock()
        self._data: dict[str, Any] = {**dict.fromkeys(_METRICS, 0), "ready": True}

    def count(self, **more: int) -> None:
        """Add to `lines`, `objects` or `failures`."""
        with self._lock:
            for name, amount in more.items():
                self._data[name] += amount

    def shipped(self, now: float) -> None:
        """All lines of a file are in the store."""
        with self._lock:
            self._data["lastShipped"] = now

    def tell(self, *, waiting: int, oldest: float, ready: bool) -> None:
        """Replace what is told of the files that wait."""
        with self._lock:
            self._data.update(waiting=waiting, oldest=oldest, ready=ready)

    def data(self) -> dict[str, Any]:
        """A copy of what is told."""
        with self._lock:
            return dict(self._data)


def metrics(data: dict[str, Any]) -> str:
    """Prometheus' text format."""
    said = ((name, kind, data[key]) for key, (name, kind) in _METRICS.items())
    return "".join(f"# TYPE {name} {kind}\n{name} {float(value):.3f}\n" for name, kind, value in said)


def serve(status: Status, host: str, port: int) -> None:
    """Answer on the port from now on, in threads that end with the process; raise OSError when it is taken."""

    def answers() -> Answers:
        data = status.data()
        return {
            "/status": (200, "application/json", json.dumps(data, indent=1) + "\n"),
            "/metrics": (200, "text/plain; version=0.0.4", metrics(data)),
            "/ready": (200, "text/plain", "ready\n")
            if data["ready"]
            else (503, "text/plain", "too much of the record waits for the store\n"),
        }

    serve_answers(answers, host, port)
