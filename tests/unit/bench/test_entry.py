"""The part `entry`: when calls are due, and what is told of rounds."""

from __future__ import annotations

import itertools

import pytest

from tests.bench.entry.generator import Measured, moments
from tests.bench.entry.measure import CONTROL_RATE, RATE, SECONDS, SIZES, Round
from tests.bench.entry.report import quantile, section


def test_moments_have_the_rate_and_are_the_same_for_a_seed() -> None:
    due = moments(["direct", "entry"], 100, 100, seed=1)
    assert due == sorted(due) == moments(["direct", "entry"], 100, 100, seed=1)
    assert due != moments(["direct", "entry"], 100, 100, seed=2)
    for way in ("direct", "entry"):
        assert [name for _, name in due].count(way) == pytest.approx(10_000, rel=0.05)
    gaps = [later - earlier for (earlier, _), (later, _) in itertools.pairwise(due)]
    assert max(gaps) > 4 * sum(gaps) / len(gaps), "calls come in bursts and with pauses, not as a clock ticks"


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 3), (0.99, 5), (1.0, 5)])
def test_a_quantile_is_one_of_the_values(share: float, value: float) -> None:
    assert quantile([5, 1, 4, 2, 3], share) == value


def test_what_the_entry_adds_is_the_difference_of_medians_and_of_p99() -> None:
    direct, entry = [0.1] * 98 + [1.0] * 2, [1.0] * 98 + [4.0] * 2
    ways = {"direct": Measured(direct, [0.2] * 100, [], 3), "entry": Measured(entry, [0.2] * 100, [], 5)}
    cpu = {"server": SECONDS / 10, "generator": SECONDS / 4, "Envoy": SECONDS / 5, "check": SECONDS / 20}
    control = Round(size=SIZES[0], ways={"direct": ways["direct"]}, cpu=cpu, rate=CONTROL_RATE)
    made = section([Round(size=size, ways=ways, cpu=cpu, rate=RATE) for size in SIZES for _ in range(2)], control)
    first, by_round, checks = made.tables
    assert {row[1:] for row in by_round.rows} == {("1.0, 1.0 ms", "4.0, 4.0 ms")}
    assert [row[0] for row in first.rows] == [size.name for size in SIZES]
    times = ("0.10 ms", "1.00 ms", "1.00 ms", "4.00 ms", "0.90 ms", "3.00 ms")
    assert all(row[1:] == (*times, "10.0", "4.0") for row in first.rows)
    told = dict(checks.rows)
    assert (told["of one core: generator"], told["most calls at once"]) == ("25 %", "5")
    assert told["calls measured, none failed"] == str(4 * 100 * len(SIZES))
