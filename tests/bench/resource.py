"""Part `resource`: what one more resource costs a preview, beside bare ConfigMaps of the generated classes."""

from __future__ import annotations

import statistics
from pathlib import Path

from tests.bench.previews import CONFIG_MAPS, kitchens, measure
from tests.bench.progress import Progress
from tests.bench.sections import Section, Table
from tests.support.programs import program

SMALL, LARGE = 100, 1000
RUNS = 3


def resource(folder: Path) -> Section:
    """Measure previews of about 100 and 1,000 resources without the pack."""
    rows, figures = [], []
    progress = Progress("resource", 4)
    for name in ("kitchen", "bare ConfigMaps"):
        points = []
        for size in (SMALL, LARGE):
            if name == "kitchen":
                workspace = kitchens(folder, size)
            else:
                workspace = program(folder / f"maps-{size}", CONFIG_MAPS, {"sample:count": size})
            workspace.prepare({})
            runs = [measure(workspace) for _ in range(RUNS)]
            points.append((statistics.median(seconds for seconds, _ in runs), runs[0][1]))
            figures.append({"what": name, "resources": runs[0][1], "seconds": [round(run[0], 3) for run in runs]})
            progress.told(f"{name}, {points[-1][1]} resources: {points[-1][0]:.2f} s")
        (short, few), (long, many) = points
        cost = 1000 * (long - short) / (many - few)
        rows.append((name, f"{few} in {short:.2f} s", f"{many} in {long:.2f} s", f"{cost:.1f} ms"))
    header = ("preview, offline, no pack", "small", "large", "each more")
    return Section(title="Cost of a resource", tables=[Table(header=header, rows=rows)], figures=figures)
