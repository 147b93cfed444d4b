"""Part `bundles`: 2 GB, how fast they are made and verified beside `sha256sum`, and peak memory."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.progress import Progress
from tests.bench.sections import Section, Table
from tests.support import bundle_tools as tools
from tools.local.workspace import REPOSITORY

TOTAL_BYTES = 2 * 1000**3
RUNS = 3
MANY_FILES = 10_000
_CHILD = """\
import sys
from pathlib import Path
from ops.__main__ import main
status = main(sys.argv[1:])
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(peak.split()[1], file=sys.stderr)
sys.exit(status)
"""


def kitchen(*words: str) -> float:
    """Run a command in a process of its own; returns its peak memory in MB."""
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, "bundle", *words], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"bench: bundle {words[0]} failed:\n{done.stdout}{done.stderr}")
    return int(done.stderr.splitlines()[-1]) * 1024 / 1e6


def bundles(folder: Path) -> Section:
    """Measure one large file, eight of them, and many small ones; runs alternate with sha256sum's."""
    progress = Progress("bundles", 3 * RUNS)
    found = []
    for count in (1, 8):
        found += _measured(folder / f"files-{count}", count, TOTAL_BYTES // count, progress)
    found += _measured(folder / "many", MANY_FILES, 2000, progress)
    header = ("what", "median", "rate", "beside sha256sum", "peak memory")
    return Section(title="Bundles", tables=[Table(header=header, rows=found)])


def _measured(folder: Path, count: int, size: int, progress: Progress) -> list[tuple[str, ...]]:
    source = folder / "artifacts" / "base" / "big" / "v1"
    source.mkdir(parents=True)
    block = os.urandom(min(size, 8_000_000))
    for number in range(count):
        with (source / f"model-{number:05}.safetensors").open("wb") as target:
            target.write(number.to_bytes(8, "big"))
            for written in range(8, size, len(block)):
                target.write(block[: size - written])
    listed, signer = tools.bring_in(folder, tools.entry("base-model", "big/v1")), tools.keys(folder)
    names = [str(path) for path in sorted(source.iterdir())]

    def create() -> float:
        shutil.rmtree(folder / "bundle", ignore_errors=True)
        place = ["--from", str(folder / "artifacts"), "--to", str(folder / "bundle")]
        return kitchen("create", "--list", str(listed), *place, *signer.sign(), "--json")

    def archive() -> float:
        return kitchen("verify", str(folder / "bundle.tar"), *signer.trust(), "--json")

    def sha256sum() -> float:
        subprocess.run(["sha256sum", *names], check=True, capture_output=True)
        return 0.0

    place = ["--from", str(folder / "artifacts"), "--to", str(folder / "first")]
    kitchen("create", "--list", str(listed), *place, "--archive", str(folder / "bundle.tar"), *signer.sign())
    shutil.rmtree(folder / "first")
    create()
    ways: dict[str, Callable[[], float]] = {
        "sha256sum": sha256sum,
        "verify, folder": lambda: kitchen("verify", str(folder / "bundle"), *signer.trust(), "--json"),
        "verify, archive": archive,
        "create": create,
    }
    found = _alternating(ways, f"{count} files", progress)
    shutil.rmtree(folder)
    base = found["sha256sum"][0]
    return [
        (
            f"{count} files of {size / 1e6:g} MB: {name}",
            f"{seconds:.2f} s",
            f"{count * size / 1e6 / seconds:.0f} MB/s",
            f"{base / seconds:.2f}",
            f"{peak:.0f} MB" if peak else "",
        )
        for name, (seconds, peak) in found.items()
    ]


def _alternating(ways: dict[str, Callable[[], float]], what: str, progress: Progress) -> dict[str, tuple[float, float]]:
    times: dict[str, list[float]] = {name: [] for name in ways}
    peaks = dict.fromkeys(ways, 0.0)
    for run in range(RUNS):
        for name, way in ways.items():
            start = time.perf_counter()
            peaks[name] = max(peaks[name], way())
            times[name].append(time.perf_counter() - start)
        progress.told(f"bundle of {what}, run {run + 1}")
    return {name: (statistics.median(times[name]), peaks[name]) for name in ways}
