"""Part `policies`: what the pack adds to a preview, and what it takes for YAML files."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.previews import kitchens, measure, pack_of_no_rules
from tests.bench.progress import Progress
from tests.bench.sections import Section, Table
from tools.local.workspace import POLICY_PACK, REPOSITORY

RUNS = 7
RESOURCES, MANIFESTS = 500, 1000


def policies(folder: Path) -> Section:
    """What the pack adds to a preview of 500 resources, beside a pack of one empty rule, and what it takes for YAML."""
    workspace = kitchens(folder, RESOURCES)
    workspace.prepare({})
    ways: dict[str, tuple[str, ...]] = {
        "without a pack": (),
        "with a pack of one empty rule": ("--policy-pack", str(pack_of_no_rules(folder / "no-rules"))),
        "with the pack": ("--policy-pack", str(POLICY_PACK)),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    count = 0
    progress = Progress("policies", RUNS + 1)
    for _ in range(RUNS):
        for name, options in ways.items():
            seconds, count = measure(workspace, *options)
            times[name].append(seconds)
        progress.told(", ".join(f"{name} {values[-1]:.2f} s" for name, values in times.items()))
    medians = {name: statistics.median(values) for name, values in times.items()}
    added = medians["with the pack"] - medians["without a pack"]
    checked = _manifests(folder / "manifests")
    progress.told(f"kitchen policy check: {checked:.2f} s")
    rows = [(f"preview of {count} resources {name}", f"{seconds:.2f} s") for name, seconds in medians.items()]
    rows += [("the pack adds", f"{added:.2f} s"), (f"kitchen policy check, {MANIFESTS} manifests", f"{checked:.2f} s")]
    figures = [{"what": name, "seconds": [round(value, 3) for value in values]} for name, values in times.items()]
    return Section(title="The policy pack", tables=[Table(header=("what", "median"), rows=rows)], figures=figures)


def _manifests(folder: Path) -> float:
    """Seconds of `kitchen policy check` over 1,000 manifests: this environment's own, again and again."""
    rendered = folder / "rendered"
    words = [sys.executable, "-m", "tools.local", "render", "--stack", "prod", "--directory", str(folder)]
    subprocess.run(words, cwd=REPOSITORY, check=True, capture_output=True)
    sources = sorted(rendered.rglob("*.yaml"))
    many = folder / "many"
    many.mkdir()
    for number in range(MANIFESTS):
        (many / f"{number}.yaml").write_text(sources[number % len(sources)].read_text())
    command = [sys.executable, "-m", "ops", "policy", "check", str(many), "--settings", "Pulumi.prod.yaml"]
    runs = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
        runs.append(time.perf_counter() - start)
    return statistics.median(runs)
