"""Part `adapter`: one adapter more in an environment of 200 tenants, from the commit until it is applied."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.bench.figures import Figures
from tests.bench.processes import Done, run
from tests.bench.progress import Progress
from tests.bench.sections import Section, Table
from tests.bench.size.cluster import credentials, private_cluster, settle, store_settings
from tests.bench.size.kitchens import Kitchens
from tests.bench.size.measure import UPDATE, unchanged
from tools.toolchain import CLUSTER, ensure

TENANTS = 200
_AUTHOR = ("-c", "user.name=Bench", "-c", "user.email=bench@example.com")
_STEPS = ("git commit", "make settings", "update: its preview", "update: the update")


def adapter(folder: Path) -> Section:
    """Bring 200 tenants up, then add an adapter to a kitchen in static mode and to one in hot mode."""
    ensure(CLUSTER)
    figures, progress = Figures(), Progress("adapter", 2)
    with private_cluster(folder / "cluster", TENANTS) as cluster:
        kitchens = Kitchens(
            folder / "kitchens",
            TENANTS,
            cluster=cluster.kubeconfig,
            changes=store_settings(cluster),
            credentials=credentials(cluster),
        )
        subprocess.run(["git", "init", "--quiet"], cwd=kitchens.project, check=True)
        _commit(kitchens)
        first = kitchens.engine("up", "--yes", "--skip-preview")
        progress.told(f"{TENANTS} tenants are up: {first.seconds:.0f} s")
        count = 0
        for mode, number in (("static", 0), ("hot", TENANTS - 1)):
            settle(cluster)
            count = _change(kitchens, number, mode, figures)
        progress.told(f"one adapter more, {count} resources unchanged")
    rows = [(step, *(_seconds(figures, step, mode) for mode in ("static", "hot"))) for step in _STEPS]
    rows.append(("together", *(_together(figures, mode) for mode in ("static", "hot"))))
    note = f"{TENANTS} tenants, about {count:,} resources; aimed at: 15 s."
    table = Table(header=("from commit to applied", "static mode", "hot mode"), rows=rows, note=note)
    return Section(title="One adapter more in 200 tenants", tables=[table], figures=figures.plain())


def _change(kitchens: Kitchens, number: int, mode: str, figures: Figures) -> int:
    """Add the adapter; returns how many resources the update left alone."""
    kitchens.adapters_of(number, one_more=True)
    figures.add(f"git commit, {mode}", TENANTS, _commit(kitchens))
    figures.add(f"make settings, {mode}", TENANTS, kitchens.check())
    done = kitchens.engine("up", "--yes")
    figures.add(f"update: its preview, {mode}", TENANTS, done, done.when(UPDATE))
    figures.add(f"update: the update, {mode}", TENANTS, done, done.seconds - done.when(UPDATE))
    return unchanged(done)


def _commit(kitchens: Kitchens) -> Done:
    subprocess.run(["git", "add", "Pulumi.dev.yaml"], cwd=kitchens.project, check=True)
    words = ["git", *_AUTHOR, "commit", "--quiet", "--message", "One adapter more"]
    return run(words, kitchens.project, kitchens.workspace.environment())


def _seconds(figures: Figures, step: str, mode: str) -> str:
    figure = figures.find(f"{step}, {mode}", TENANTS)
    return "" if figure is None else f"{figure.median:.2f} s"


def _together(figures: Figures, mode: str) -> str:
    found = [figures.find(f"{step}, {mode}", TENANTS) for step in _STEPS]
    return f"{sum(figure.median for figure in found if figure is not None):.2f} s"
