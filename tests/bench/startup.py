"""Part `startup`: the preview of dev beside an empty program's and one that starts the same providers."""

from __future__ import annotations

import statistics
from pathlib import Path

from tests.bench.previews import EMPTY, ONE_OF_EACH, measure
from tests.bench.progress import Progress
from tests.bench.sections import Section, Table
from tests.support.programs import program
from tools.local.offline import offline_workspace

RUNS = 7


def startup(folder: Path) -> Section:
    """Compare the preview of dev with that of an empty program and of one that only starts the same providers.

    Runs alternate, so that all meet the same machine.
    """
    compared = {
        "empty program": program(folder / "empty", EMPTY, {}),
        "one resource of each provider": program(folder / "one", ONE_OF_EACH, {}),
        "dev": offline_workspace("dev", folder / "dev"),
    }
    times: dict[str, list[float]] = {name: [] for name in compared}
    progress = Progress("startup", RUNS)
    for workspace in compared.values():
        workspace.prepare({})
        measure(workspace)
    for _ in range(RUNS):
        for name, workspace in compared.items():
            times[name].append(measure(workspace)[0])
        progress.told(", ".join(f"{name} {values[-1]:.2f} s" for name, values in times.items()))
    medians = {name: statistics.median(values) for name, values in times.items()}
    rows = [(name, f"{medians[name]:.2f} s", f"{min(times[name]):.2f} s") for name in times]
    rows += [(f"ratio dev / {name}", f"{medians['dev'] / medians[name]:.2f}", "") for name in compared if name != "dev"]
    figures = [{"what": name, "seconds": [round(value, 3) for value in values]} for name, values in times.items()]
    return Section(
        title="Start of a preview",
        tables=[Table(header=("preview, offline", "median", "fastest"), rows=rows)],
        figures=figures,
    )
