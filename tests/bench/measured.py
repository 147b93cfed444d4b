"""One command beside its partners: seconds, processor seconds and peak memory of processes that take turns.

Ratios are made within a round, whose commands ran one after another, and the median of the rounds counts: a machine
that has other work too is as slow for both. Processor seconds hardly know of it; those of a server are not in them.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.progress import Progress
from tools.local.workspace import REPOSITORY

MOST_RATIO = 1.15
MOST_MB = 300
"""What is aimed at; tables mark with `!` what is above."""

HEADER = ("what", "median", "rate", "processor", "beside", "ratio", "of processor", "peak memory")


@dataclass(frozen=True, kw_only=True)
class Run:
    """Seconds, processor seconds (of user and system, with those of its children) and largest memory (MB)."""

    seconds: float
    cpu: float
    peak_mb: float

    def __add__(self, other: Run) -> Run:
        """One after the other."""
        peak = max(self.peak_mb, other.peak_mb)
        return Run(seconds=self.seconds + other.seconds, cpu=self.cpu + other.cpu, peak_mb=peak)

    def __sub__(self, start: Run) -> Run:
        """Without what a command takes before its first byte."""
        return Run(seconds=self.seconds - start.seconds, cpu=self.cpu - start.cpu, peak_mb=self.peak_mb)


NOTHING = Run(seconds=0, cpu=0, peak_mb=0)


def environment(folder: Path) -> dict[str, str]:
    """What Python needs to begin as it does from its second start on: with its modules compiled, in a folder."""
    mine = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**mine, "PYTHONPYCACHEPREFIX": str(folder / "compiled"), "PYTHONPATH": str(REPOSITORY)}


def measure(words: Sequence[str], env: Mapping[str, str] | None = None, place: Path = REPOSITORY) -> Run:
    """Run a command that must succeed."""
    with tempfile.TemporaryFile("w+") as output:
        start = time.perf_counter()
        process = subprocess.Popen(words, cwd=place, env=env, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            output.seek(0)
            sys.exit(f"bench: {' '.join(words[:4])} failed ({process.returncode}):\n{output.read()[-4000:]}")
    return Run(seconds=seconds, cpu=usage.ru_utime + usage.ru_stime, peak_mb=usage.ru_maxrss * 1024 / 1e6)


@dataclass(frozen=True, kw_only=True)
class Way:
    """One row: a command, what it stands beside, and the row whose seconds are its own start (empty: none)."""

    run: Callable[[], Run]
    beside: tuple[str, ...] = ()
    start: str = ""
    ours: bool = True


def alternating(ways: Mapping[str, Way], rounds: int, what: str, progress: Progress) -> dict[str, list[Run]]:
    """Run each way once a round."""
    found: dict[str, list[Run]] = {name: [] for name in ways}
    for number in range(rounds):
        for name, way in ways.items():
            found[name].append(way.run())
        progress.told(f"{what}, round {number + 1}")
    return found


def times(name: str, way: Way, found: Mapping[str, Sequence[Run]]) -> tuple[str, str, str, str]:
    """Median seconds and processor seconds, and both ratios to the rows beside it, which are empty without any."""
    seconds = statistics.median(run.seconds for run in found[name])
    cpu = statistics.median(run.cpu for run in found[name])
    wall, processor = ratios(name, way, found) if way.beside else (0.0, 0.0)
    told = (f"{wall:.2f}", f"{processor:.2f}") if way.beside else ("", "")
    return f"{seconds:.2f} s", f"{cpu:.2f} s", *told


def figures(found: Mapping[str, Sequence[Run]]) -> list[dict[str, Any]]:
    """Every run, for the data behind the page."""
    return [
        {"what": name, "seconds": [round(run.seconds, 3) for run in runs], "cpu": [round(run.cpu, 3) for run in runs]}
        for name, runs in found.items()
    ]


def rows(
    what: str, megabytes: float, ways: Mapping[str, Way], found: Mapping[str, Sequence[Run]]
) -> list[tuple[str, ...]]:
    """A row of `HEADER` a way; seconds are of the whole command, ratios are without its start."""
    return [_row(f"{what}: {name}", megabytes, name, ways[name], found) for name in ways]


def _row(title: str, megabytes: float, name: str, way: Way, found: Mapping[str, Sequence[Run]]) -> tuple[str, ...]:
    seconds = statistics.median(run.seconds for run in found[name])
    cpu = statistics.median(run.cpu for run in found[name])
    peak = max(run.peak_mb for run in found[name])
    wall, processor = ratios(name, way, found) if way.beside else (0.0, 0.0)
    return (
        title,
        f"{seconds:.2f} s",
        f"{megabytes / seconds:.0f} MB/s",
        f"{cpu:.2f} s",
        " + ".join(way.beside),
        _marked(wall) if way.beside else "",
        f"{processor:.2f}" if way.beside else "",
        f"{peak:.0f} MB{' !' if peak > MOST_MB else ''}" if way.ours else "",
    )


def ratios(name: str, way: Way, found: Mapping[str, Sequence[Run]]) -> tuple[float, float]:
    """Medians of the rounds' ratios, in seconds and in processor seconds."""
    pairs = []
    for number, run in enumerate(found[name]):
        ours = run - found[way.start][number] if way.start else run
        partners = sum((found[one][number] for one in way.beside), NOTHING)
        pairs.append((ours.seconds / partners.seconds, ours.cpu / partners.cpu))
    return statistics.median(wall for wall, _ in pairs), statistics.median(cpu for _, cpu in pairs)


def _marked(ratio: float) -> str:
    return f"{ratio:.2f}{' !' if ratio > MOST_RATIO else ''}"
