"""What an embedded cluster needs while nobody asks it for anything: CPU and memory of all its processes (Linux)."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.cluster.support.kubectl import Kubectl
from tools.cluster import Cluster
from tools.cluster.processes import strays

_TICKS = os.sysconf("SC_CLK_TCK")
_WINDOW_SECONDS = 1.0
_ALLOCATED, _COLLECTIONS = "go_memstats_alloc_bytes_total", "go_gc_cycles_total_gc_cycles_total"


class Rest:
    """CPU in windows of a second, and memory at the end, of every process that is there at the beginning."""

    def __init__(self, cluster: Cluster) -> None:
        self._pids = [identity.pid for identity in strays(cluster.directory)]
        self._windows: list[float] = []

    @property
    def cores(self) -> float:
        """Cores in use in the quieter windows (a quarter has less).

        What is still done after the last request, and a collection of garbage now and then, are in the others. Who
        works all the time does so in the quieter ones too.
        """
        assert len(self._windows) >= 4, f"too short to say anything: {self._windows}"
        return statistics.quantiles(self._windows, n=4)[0]

    @property
    def told(self) -> str:
        """Every window, for the message of a failure."""
        return "cores in use by window: " + ", ".join(f"{window:.3f}" for window in self._windows)

    def memory_mib(self) -> float:
        """Resident memory now, in MiB; what processes share is divided among them (PSS)."""
        return sum(_pss_kib(pid) for pid in self._pids) / 1024

    @contextmanager
    def meanwhile(self) -> Iterator[None]:
        """Look at the cluster while things are done that do not touch it, or hardly."""
        done = threading.Event()

        def look() -> None:
            while not done.is_set():
                self._look()

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _look(self) -> None:
        before, begun = self._cpu_seconds(), time.monotonic()
        time.sleep(_WINDOW_SECONDS)
        self._windows.append((self._cpu_seconds() - before) / (time.monotonic() - begun))

    def _cpu_seconds(self) -> float:
        return sum(_cpu_ticks(pid) for pid in self._pids) / _TICKS


def mib_between_collections(kubectl: Kubectl) -> float:
    """MiB that the API server has allocated for each collection of its garbage, since it started.

    Little, where its memory limit is near what it holds: then it collects all the time, also while it is at rest.
    """
    found = {}
    for line in kubectl("get", "--raw", "/metrics").splitlines():
        name, _, value = line.partition(" ")
        if name in (_ALLOCATED, _COLLECTIONS):
            found[name] = float(value)
    return found[_ALLOCATED] / found[_COLLECTIONS] / 2**20


def _cpu_ticks(pid: int) -> int:
    with suppress(OSError):  # one that has ended uses nothing
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])
    return 0


def _pss_kib(pid: int) -> int:
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return 0
