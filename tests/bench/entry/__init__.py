"""Part `entry`: the first byte of a streamed answer through the entry, beside the same call without it."""

from __future__ import annotations

from pathlib import Path

from tests.bench.entry.measure import CONTROL_RATE, RATE, RUNS, SIZES, Measuring, Round
from tests.bench.entry.report import section
from tests.bench.progress import Progress
from tests.bench.sections import Section


def entry(folder: Path) -> Section:
    """Measure every size in rounds that alternate, and once the server alone at several times the rate."""
    progress = Progress("entry", RUNS * len(SIZES) + 1)
    rounds: list[Round] = []
    with Measuring(folder) as measuring:
        for number in range(RUNS):
            for size in SIZES:
                rounds.append(measuring.round(size, number))
                progress.told(f"{size.name}, round {number + 1}")
        control = measuring.control()
        progress.told(f"the server alone, {CONTROL_RATE} calls a second in place of {RATE}")
    return section(rounds, control)
