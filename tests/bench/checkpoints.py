"""`python -m tests.bench.checkpoints`: first updates with and without the engine's checkpoints, in one run.

The embedded cluster runs already when a clock starts; what is measured is the engine's update alone, after its preview.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.settings import generated
from tests.cluster.support.kills import Field
from tests.cluster.support.update_once import ALWAYS
from tools.engine.words import table
from tools.progress import say

KEPT, SKIPPED = "kept", "skipped"
_OPTIONS = ("--yes", "--skip-preview", "--suppress-outputs")


def settings(resources: int) -> dict[str, Any]:
    """Tenants and kitchens for so many resources; none means dev as it is."""
    if not resources:
        return {}
    made = {key.removeprefix("kitchen:"): value for key, value in generated(resources).items()}
    return {key: made[key] for key in ("gpuPools", "tenants", "kitchens")}


def measure(field: Field, wanted: dict[str, Any], checkpoints: str) -> tuple[float, int]:
    """Seconds of a first update, and how many resources the state has then."""
    field.raze()
    kitchen = field.kitchen
    kitchen.settings = wanted
    kitchen.workspace.prepare(kitchen.changes())
    began = time.perf_counter()
    done = kitchen.workspace.run(
        "up", *_OPTIONS, extra=kitchen.credentials() | ALWAYS[checkpoints].variables, log=field.folder / "bench.log"
    )
    seconds = time.perf_counter() - began
    assert done.status == 0, (field.folder / "bench.log").read_text()[-2000:]
    return seconds, len(kitchen.workspace.latest()["resources"])


def main() -> None:
    """Measure every size in turn and print medians."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.checkpoints", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[0, 600], help="resources; 0 is dev (0 600)")
    parser.add_argument("--runs", type=int, default=1, help="of each size and way (1)")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="kitchen-bench-") as temporary:
        field = Field(Path(temporary) / "kitchen")
        try:
            field.begin()
            for size in arguments.sizes:
                times: dict[str, list[float]] = {KEPT: [], SKIPPED: []}
                for _ in range(arguments.runs):
                    for checkpoints, found in times.items():
                        seconds, count = measure(field, settings(size), checkpoints)
                        found.append(seconds)
                        say(f"{count} resources, checkpoints {checkpoints}: {seconds:.1f} s")
                kept, skipped = (statistics.median(times[way]) for way in (KEPT, SKIPPED))
                rows.append((str(count), f"{kept:.1f} s", f"{skipped:.1f} s", f"{kept / skipped:.1f}"))
        finally:
            field.kitchen.down()
    print(table(("RESOURCES", "WITH CHECKPOINTS", "WITHOUT", "RATIO"), rows))


if __name__ == "__main__":
    main()
