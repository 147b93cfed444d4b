"""Part `bundles`: 2 GB and many small files, made and verified beside `cp` and `openssl dgst`, and peak memory.

`create` copies and makes every sum, so it stands beside `cp` with a flush of the disk and `openssl` behind it; `verify`
beside `openssl` alone. What a bundle of one byte takes (Python, its libraries, the signature) is measured too and left
out of the ratios: of small bundles it is most of the time.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.bench.progress import Progress
from tests.bench.sections import Section, Table
from tests.support import bundle_tools as tools
from tools.local.workspace import REPOSITORY

TOTAL_BYTES = 2 * 1000**3
RUNS = 3
MANY = ((2000, 2000), (10_000, 2000))
"""Numbers of small files and their bytes: the first is about a repository of a few adapters."""

MOST_RATIO = 1.15
MOST_MB = 300
"""What is aimed at; the table marks what is above."""

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
    """Measure one large file, eight of them, and many small ones; runs alternate with those of the plain tools."""
    progress = Progress("bundles", 4 * RUNS)
    found = []
    for count in (1, 8):
        found += _measured(folder / f"files-{count}", count, TOTAL_BYTES // count, progress)
    for count, size in MANY:
        found += _measured(folder / f"many-{count}", count, size, progress)
    header = ("what", "median", "rate", "beside cp or openssl", "peak memory")
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

    def openssl() -> float:
        subprocess.run(["openssl", "dgst", "-sha256", *names], check=True, capture_output=True)
        return 0.0

    def copied() -> float:
        shutil.rmtree(folder / "copy", ignore_errors=True)
        subprocess.run(["cp", "-r", str(source), str(folder / "copy")], check=True)
        subprocess.run(["sync", "-f", str(folder / "copy")], check=True)
        return 0.0

    place = ["--from", str(folder / "artifacts"), "--to", str(folder / "first")]
    kitchen("create", "--list", str(listed), *place, "--archive", str(folder / "bundle.tar"), *signer.sign())
    shutil.rmtree(folder / "first")
    create()
    ways: dict[str, Callable[[], float]] = {
        "openssl dgst": openssl,
        "cp and sync": copied,
        "create of one byte": lambda: _create_tiny(folder, signer),
        "verify of one byte": lambda: kitchen("verify", str(folder / "tiny-bundle"), *signer.trust(), "--json"),
        "verify, folder": lambda: kitchen("verify", str(folder / "bundle"), *signer.trust(), "--json"),
        "verify, archive": archive,
        "create": create,
    }
    found = _alternating(ways, f"{count} files", progress)
    shutil.rmtree(folder)
    return [
        (
            f"{count} files of {size / 1e6:g} MB: {name}",
            f"{seconds:.2f} s",
            f"{count * size / 1e6 / seconds:.0f} MB/s",
            _beside(name, found),
            f"{peak:.0f} MB{' !' if peak > MOST_MB else ''}" if peak else "",
        )
        for name, (seconds, peak) in found.items()
    ]


def _create_tiny(folder: Path, signer: tools.Keys) -> float:
    """What there is to do beside the bytes."""
    source = folder / "tiny" / "base" / "big" / "v1"
    source.mkdir(parents=True, exist_ok=True)
    (source / "config.json").write_bytes(b"1")
    shutil.rmtree(folder / "tiny-bundle", ignore_errors=True)
    listed = tools.bring_in(folder, tools.entry("base-model", "big/v1"))
    place = ["--from", str(folder / "tiny"), "--to", str(folder / "tiny-bundle")]
    return kitchen("create", "--list", str(listed), *place, *signer.sign(), "--json")


def _beside(name: str, found: Mapping[str, tuple[float, float]]) -> str:
    """Seconds of ours, without the start, over those of the tools that do the same."""
    if name not in ("create", "verify, folder", "verify, archive"):
        return ""
    plain = ("cp and sync", "openssl dgst") if name == "create" else ("openssl dgst",)
    start = found["create of one byte" if name == "create" else "verify of one byte"][0]
    ratio = (found[name][0] - start) / sum(found[one][0] for one in plain)
    return f"{ratio:.2f}{' !' if ratio > MOST_RATIO else ''}"


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
