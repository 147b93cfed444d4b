"""Commands beside their partners: ratios of rounds, and a model that the checks find right."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import pytest

from infra.catalog import load_catalog
from ops.checks import check_artifact
from tests.bench import made_model
from tests.bench.measured import MOST_MB, Run, Way, alternating, measure, ratios, rows
from tests.bench.progress import Progress


def run(seconds: float, cpu: float = 1.0, peak: float = 10.0) -> Run:
    return Run(seconds=seconds, cpu=cpu, peak_mb=peak)


def ways() -> dict[str, Way]:
    plain = {name: Way(run=lambda: run(0), ours=False) for name in ("cp", "openssl", "start")}
    return {**plain, "create": Way(run=lambda: run(0), beside=("cp", "openssl"), start="start")}


def test_ratios_are_of_one_round_and_without_the_start() -> None:
    """A round in which the machine was ten times as slow says the same, and one that was disturbed counts once."""
    found = {
        "cp": [run(1), run(10), run(1)],
        "openssl": [run(1, 3), run(10, 3), run(1, 3)],
        "start": [run(1, 1), run(10, 1), run(1, 1)],
        "create": [run(4, 3), run(40, 3), run(90, 3)],
    }
    assert ratios("create", ways()["create"], found) == (1.5, 0.5)


def test_what_is_above_its_aim_is_marked() -> None:
    found = {"cp": [run(1)], "openssl": [run(1)], "start": [run(1)], "create": [run(9, peak=MOST_MB + 1)]}
    (row,) = [row for row in rows("x", 100, ways(), found) if row[0] == "x: create"]
    assert row[4:] == ("cp + openssl", "4.00 !", "0.00", f"{MOST_MB + 1} MB !")
    assert row[1:4] == ("9.00 s", "11 MB/s", "1.00 s")


def test_ways_take_turns() -> None:
    order: list[str] = []

    def told(name: str) -> Run:
        order.append(name)
        return run(1)

    both = {name: Way(run=partial(told, name)) for name in ("a", "b")}
    found = alternating(both, 2, "x", Progress("x", 2))
    assert order == ["a", "b", "a", "b"]
    assert {name: len(runs) for name, runs in found.items()} == {"a": 2, "b": 2}


def test_a_command_is_measured_and_a_failed_one_ends_the_bench() -> None:
    words = "import time; block = bytearray(50_000_000); time.sleep(0.1)"
    found = measure([sys.executable, "-c", words])
    assert found.seconds > 0.1
    assert found.cpu > 0
    assert found.peak_mb > 50
    with pytest.raises(SystemExit, match=r"failed \(3\):\nwhy"):
        measure([sys.executable, "-c", "import sys; print('why'); sys.exit(3)"])


@pytest.mark.parametrize(("count", "size"), [(1, 3_000_000), (3, 1_000_000)])
def test_the_model_is_as_large_as_asked_and_has_no_fault(count: int, size: int, tmp_path: Path) -> None:
    files = made_model.write(tmp_path / "model", count, size)
    weights = [path.stat().st_size for path in files if path.suffix == ".safetensors"]
    assert len(weights) == count
    assert all(size * 0.9 < found < size * 1.3 for found in weights)
    assert check_artifact("base-model", "big/v1", tmp_path / "model", load_catalog()) == []
