"""Part `bundles`: 2 GB and many small files, made and verified beside `cp` and `openssl dgst`, and peak memory.

`create` makes a copy that is on the disk when it ends, and the sum of every file, so it stands beside `cp`, a flush of
the disk (`sync -f`) and `openssl dgst -sha256` of the same files, and beside the first and the last alone: `cp` by
itself leaves its bytes in memory. `verify` stands beside `openssl`. What a bundle of one byte takes (Python, its
libraries, the signature) is measured too and left out of the ratios: of small bundles it is most of the time.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.bench.measured import HEADER, Run, Way, alternating, environment, measure, rows
from tests.bench.progress import Progress
from tests.bench.sections import Section, Table
from tests.support import bundle_tools as tools

TOTAL_BYTES = 2 * 1000**3
RUNS = 3
MANY = ((2000, 2000), (10_000, 2000))
"""Numbers of small files and their bytes: the first is about a repository of a few adapters."""

NOTE = """\
Runs take turns; each ratio is the median of the rounds' own. `cp` leaves its bytes in the machine's memory, and
`sync -f` brings them to the disk, which `create` does by itself: with and without it is the partner's time. Ratios are
without what a bundle of one byte takes. One file is hashed by one core alone, by us and by openssl; of eight, two at a
time. Of files of 2 kB, openssl takes 10 µs each, and Python's own work on a name, its kind and its place some 60 µs: a
verify of 10,000 of them takes 0.6 s beside its start."""


def kitchen(env: Mapping[str, str], *words: str) -> Run:
    """Run a command of bundles."""
    return measure([sys.executable, "-m", "ops", "bundle", *words], env)


def bundles(folder: Path) -> Section:
    """Measure one large file, eight of them, and many small ones; runs alternate with those of the plain tools."""
    progress = Progress("bundles", 4 * RUNS)
    shapes = [(1, TOTAL_BYTES), (8, TOTAL_BYTES // 8), *MANY]
    found = [row for count, size in shapes for row in _measured(folder / f"files-{count}", count, size, progress)]
    return Section(title="Bundles", tables=[Table(header=HEADER, rows=found, note=NOTE)])


def _measured(folder: Path, count: int, size: int, progress: Progress) -> list[tuple[str, ...]]:
    source, env = folder / "artifacts" / "base" / "big" / "v1", environment(folder)
    _made(source, count, size)
    listed, signer = tools.bring_in(folder, tools.entry("base-model", "big/v1")), tools.keys(folder)
    names = [str(path) for path in sorted(source.iterdir())]

    def create() -> Run:
        shutil.rmtree(folder / "bundle", ignore_errors=True)
        place = ["--from", str(folder / "artifacts"), "--to", str(folder / "bundle")]
        return kitchen(env, "create", "--list", str(listed), *place, *signer.sign(), "--json")

    def copied() -> Run:
        shutil.rmtree(folder / "copy", ignore_errors=True)
        return measure(["cp", "-r", str(source), str(folder / "copy")])

    def verified(name: str) -> Run:
        return kitchen(env, "verify", str(folder / name), *signer.trust(), "--json")

    place = ["--from", str(folder / "artifacts"), "--to", str(folder / "first")]
    kitchen(
        env, "create", "--list", str(listed), *place, "--archive", str(folder / "bundle.tar"), *signer.sign(), "--json"
    )
    shutil.rmtree(folder / "first")
    ways = {
        "openssl": Way(run=lambda: measure(["openssl", "dgst", "-sha256", *names]), ours=False),
        "cp": Way(run=copied, ours=False),
        "sync": Way(run=lambda: measure(["sync", "-f", str(folder)]), ours=False),
        "create of one byte": Way(run=lambda: _create_tiny(folder, signer, env)),
        "verify of one byte": Way(run=lambda: verified("tiny-bundle")),
        "create": Way(run=create, beside=("cp", "sync", "openssl"), start="create of one byte"),
        "verify": Way(run=lambda: verified("bundle"), beside=("openssl",), start="verify of one byte"),
        "verify, archive": Way(run=lambda: verified("bundle.tar"), beside=("openssl",), start="verify of one byte"),
    }
    found = alternating(ways, RUNS, f"bundle of {count} files", progress)
    shutil.rmtree(folder)
    without = "create, beside a copy in memory"
    ways[without] = Way(run=create, beside=("cp", "openssl"), start="create of one byte")
    title = f"{count} file{'s' if count > 1 else ''} of {size / 1e6:g} MB"
    return rows(title, count * size / 1e6, ways, {**found, without: found["create"]})


def _made(source: Path, count: int, size: int) -> None:
    source.mkdir(parents=True)
    block = os.urandom(min(size, 8_000_000))
    for number in range(count):
        with (source / f"model-{number:05}.safetensors").open("wb") as target:
            target.write(number.to_bytes(8, "big"))
            for written in range(8, size, len(block)):
                target.write(block[: size - written])


def _create_tiny(folder: Path, signer: tools.Keys, env: Mapping[str, str]) -> Run:
    """What there is to do beside the bytes."""
    source = folder / "tiny" / "base" / "big" / "v1"
    source.mkdir(parents=True, exist_ok=True)
    (source / "config.json").write_bytes(b"1")
    shutil.rmtree(folder / "tiny-bundle", ignore_errors=True)
    listed = tools.bring_in(folder, tools.entry("base-model", "big/v1"))
    place = ["--from", str(folder / "tiny"), "--to", str(folder / "tiny-bundle")]
    return kitchen(env, "create", "--list", str(listed), *place, *signer.sign(), "--json")
