"""Part `size`: the program at 100, 600, 2,600 and 10,000 resources, beside kubectl with the same objects."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from tests.bench.figures import Figures
from tests.bench.progress import Progress
from tests.bench.sections import Section
from tests.bench.size.cluster import private_cluster
from tests.bench.size.measure import SIZES, Measuring
from tests.bench.size.report import section
from tools.toolchain import CLUSTER, ensure

LABELS = tuple(size.label for size in SIZES)


def at_size(folder: Path, labels: Collection[int] = ()) -> Section:
    """Measure every size, the smallest first, on a private cluster; of chosen ones one round each."""
    chosen = [replace(size, rounds=1) for size in SIZES if size.label in labels] or list(SIZES)
    ensure(CLUSTER)
    figures, progress = Figures(), Progress("size", sum(size.steps for size in chosen))
    live = max(size.tenants for size in chosen if size.live) if any(size.live for size in chosen) else 0
    with private_cluster(folder / "cluster", live) as cluster:
        for size in chosen:
            Measuring(size, figures, progress, folder / "size", cluster).run()
    return section(figures)
