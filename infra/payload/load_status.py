"""How far a load is: a line every ten seconds, and /metrics for Prometheus in the Job's pod while it runs.

On Python 3.9+ and nothing else. How it ended is the Job's own state, which Kubernetes keeps.
"""

from __future__ import annotations

import threading
import time

from .adapter_status import exposition, log, serve_answers

PROGRESS_SECONDS = 10
MIB = 1024 * 1024


class Progress:
    """Counts bytes over all threads and says every ten seconds how far it is."""

    def __init__(self, ref: str, total: int) -> None:
        """Start the clock."""
        self._ref, self._total, self._done, self._read = ref, total, 0, 0
        self._start = self._told = time.monotonic()
        self._lock = threading.Lock()

    def add(self, count: int, *, read: bool) -> None:
        """Count bytes that are done, `read` from the source or there already."""
        with self._lock:
            self._done += count
            self._read += count if read else 0
            if time.monotonic() - self._told >= PROGRESS_SECONDS:
                self._told = time.monotonic()
                self.tell()

    def far(self) -> tuple[int, int]:
        """Bytes that are done, and those of all files."""
        return min(self._done, self._total), self._total

    def tell(self) -> None:
        """Print one line: what, how far, how fast, how long."""
        elapsed = time.monotonic() - self._start
        speed = self._read / MIB / max(elapsed, 1e-3)
        shown = f"{self._done / MIB:.1f} of {self._total / MIB:.1f} MiB"
        print(f"base/{self._ref}: {shown}, {speed:.1f} MiB/s, {elapsed:.0f} s", flush=True)


def metrics(name: str, version: str, done: int, whole: int) -> str:
    """Prometheus' text format; names and versions were checked: they hold nothing that would have to be escaped."""
    labels = f'{{base_model="{name}",version="{version}"}}'
    told = {
        "kitchen_load_done_bytes": "Bytes that are on the volume, those that were there before too.",
        "kitchen_load_whole_bytes": "Bytes of all files of the base model.",
    }
    numbers = zip(told.items(), (done, whole))  # noqa: B905 - `strict` is newer than the image's Python may be
    return exposition({key: ("gauge", text, [(labels, number)]) for (key, text), number in numbers})


def serve(name: str, version: str, progress: Progress, host: str, port: int) -> None:
    """Answer on the port until the process ends. Where it is taken a load goes on, and says so."""
    kind = "text/plain; version=0.0.4"
    try:
        serve_answers(lambda: {"/metrics": (200, kind, metrics(name, version, *progress.far()))}, host, port)
    except OSError as error:
        log("fault", text=f"--port {port}: {error.strerror}; the load goes on, and nobody can see how far it is")
