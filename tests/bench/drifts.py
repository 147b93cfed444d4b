"""Part `drift`: `kitchen drift` of dev on a private embedded cluster, beside the engine's own look, a refresh."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.bench.measured import Run, Way, alternating, figures, measure, times
from tests.bench.progress import Progress
from tests.bench.sections import Section, Table
from tests.bench.size.cluster import settle
from tests.cluster.support.environments import make
from tools.local.up import LocalKitchen
from tools.local.workspace import REPOSITORY
from tools.toolchain import CLUSTER, ensure

ROUNDS = 5
ENGINE, OURS = "pulumi preview --refresh", "kitchen drift"
HEADER = ("what", "median", "processor", "ratio", "of processor")
NOTE = """\
dev is up on an embedded cluster, untouched. The engine's refresh looks at what is recorded; `kitchen drift` looks at
that, at what nobody has declared, and at object store, rights and served adapters. Runs take turns; each ratio is the
median of the rounds' own, by seconds and by processor seconds of the command, without those of servers."""


def drift(folder: Path) -> Section:
    """Bring dev up once and look at it in both ways once a round."""
    ensure(CLUSTER)
    kitchen = LocalKitchen(folder / "kitchen")
    with kitchen.cluster:
        try:
            make("up", kitchen.folder)
            settle(kitchen.cluster)
            return _measured(kitchen)
        finally:
            kitchen.down()


def _measured(kitchen: LocalKitchen) -> Section:
    ways = {
        ENGINE: Way(run=lambda: _refresh(kitchen)),
        OURS: Way(run=lambda: _look(kitchen), beside=(ENGINE,)),
    }
    for way in ways.values():  # compiles what is not compiled
        way.run()
    found = alternating(ways, ROUNDS, "drift", Progress("drift", ROUNDS))
    rows = [(name, *times(name, way, found)) for name, way in ways.items()]
    return Section(
        title="A look for drift", tables=[Table(header=HEADER, rows=rows, note=NOTE)], figures=figures(found)
    )


def _refresh(kitchen: LocalKitchen) -> Run:
    workspace = kitchen.workspace
    words = ["pulumi", "preview", "--refresh", "--json", "--non-interactive", "--stack", workspace.stack]
    words += ["--config-file", str(workspace.config_file)]
    return measure(words, workspace.environment() | kitchen.credentials(), workspace.project)


def _look(kitchen: LocalKitchen) -> Run:
    env = {**os.environ, "KITCHEN_DIRECTORY": str(kitchen.folder), "PYTHONPATH": str(REPOSITORY)}
    return measure([sys.executable, "-m", "ops", "drift", "--stack", kitchen.workspace.stack], env)
