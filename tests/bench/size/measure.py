"""The measurements at one size: without a cluster, then kubectl and the engine in turn on the same cluster."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import Figures
from tests.bench.previews import EMPTY
from tests.bench.processes import Done
from tests.bench.progress import Progress
from tests.bench.size.cluster import credentials, settle, store_settings
from tests.bench.size.kitchens import Kitchens, preview
from tests.bench.size.objects import Objects
from tests.support.programs import program
from tools.cluster import Cluster

UPDATE = "Updating ("
"""How the line begins with which the engine goes from an update's preview to the update."""

WITH = ", with checkpoints"


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is measured at a size: `rounds` of everything, `live` on a cluster, `checkpoints` in further rounds."""

    label: int
    tenants: int
    rounds: int
    live: bool = True
    checkpoints: bool = False

    @property
    def steps(self) -> int:
        """Number of lines of progress."""
        return self.rounds * (6 + (12 if self.live else 0) + (7 if self.checkpoints else 0))


SIZES = (
    Size(label=100, tenants=3, rounds=3, checkpoints=True),
    Size(label=600, tenants=19, rounds=2, checkpoints=True),
    Size(label=2600, tenants=83, rounds=1),
    Size(label=10000, tenants=322, rounds=1, live=False),
)


class Measuring:
    """Takes figures at one size, round by round."""

    def __init__(self, size: Size, figures: Figures, progress: Progress, folder: Path, cluster: Cluster) -> None:
        """Measure into `figures`; everything that is written lies below `folder`."""
        self._size, self._figures, self._progress = size, figures, progress
        self._folder, self._cluster = folder, cluster
        self._empty = program(folder / f"empty-{size.label}", EMPTY, {})

    def run(self) -> None:
        """All rounds of the size."""
        for number in range(self._size.rounds):
            folder = self._folder / f"{self._size.label}-{number}"
            self._offline(folder)
            if not self._size.live:
                continue
            kitchens = self._kitchens(folder / "live")
            self._take("first live preview", kitchens.engine("preview"))
            self._kubectl(folder)
            self._updates(kitchens, checkpoints=False)
            if self._size.checkpoints:
                self._updates(self._kitchens(folder / "checkpoints"), checkpoints=True)

    def _offline(self, folder: Path) -> None:
        self._empty.prepare({})
        self._take("preview of an empty program", preview(self._empty))
        kitchens = Kitchens(folder / "offline", self._size.tenants)
        done = self._take("preview, offline", kitchens.engine("preview"))
        self._figures.resources[self._size.label] = created(done)
        self._take("preview, offline, without the pack", kitchens.engine("preview", pack=False))
        self._take("make settings", kitchens.check())
        self._take("render", kitchens.render(folder / "rendered"))
        objects = Objects(folder / "rendered", folder / "objects")
        self._figures.objects[self._size.label] = objects.count
        self._take("kubectl kustomize", objects.kustomize())

    def _kubectl(self, folder: Path) -> None:
        objects = Objects(folder / "rendered", folder / "objects", self._cluster.kubeconfig)
        objects.apply("namespaces")
        settle(self._cluster)
        self._take("kubectl diff, nothing there", objects.diff())
        objects.remove()
        settle(self._cluster)
        self._take("kubectl apply", objects.apply())
        self._take("kubectl wait for Ready", objects.wait())
        settle(self._cluster)
        self._take("kubectl diff, no change", objects.diff())
        objects.remove()
        settle(self._cluster)

    def _updates(self, kitchens: Kitchens, *, checkpoints: bool) -> None:
        suffix = WITH if checkpoints else ""

        def up(what: str, count: int | None = None) -> None:
            done = self._take(f"{what}{suffix}", kitchens.engine("up", "--yes", checkpoints=checkpoints))
            self._figures.add(f"{what}: its preview{suffix}", self._size.label, done, done.when(UPDATE))
            self._figures.add(f"{what}: the update{suffix}", self._size.label, done, done.seconds - done.when(UPDATE))
            if count is not None and unchanged(done) != count:
                sys.exit(f"bench: {what}: {unchanged(done)} of {count} are unchanged:\n{done.text[-3000:]}")
            settle(self._cluster)

        up("up")
        up("up, no change", self._figures.resources[self._size.label])
        kitchens.adapters_of(0, one_more=True)
        up("up, one adapter, static")
        kitchens.adapters_of(self._size.tenants - 1, one_more=True)
        up("up, one adapter, hot")
        skip = ("--yes", "--skip-preview")
        self._take(f"refresh{suffix}", kitchens.engine("refresh", *skip, checkpoints=checkpoints))
        settle(self._cluster)
        self._take(f"destroy{suffix}", kitchens.engine("destroy", *skip, checkpoints=checkpoints))
        settle(self._cluster)

    def _kitchens(self, folder: Path) -> Kitchens:
        cluster = self._cluster
        return Kitchens(
            folder,
            self._size.tenants,
            cluster=cluster.kubeconfig,
            changes=store_settings(cluster),
            credentials=credentials(cluster),
        )

    def _take(self, what: str, done: Done) -> Done:
        """Hold a figure and say it."""
        self._progress.told(f"{self._size.label}: {what}: {done.seconds:.2f} s")
        self._figures.add(what, self._size.label, done)
        return done


def created(done: Done) -> int:
    """How many resources a preview would create; ends the bench where it would do anything else."""
    counts = dict(_counted(done))
    if set(counts) != {"to create"}:
        sys.exit(f"bench: a first preview that does not only create:\n{done.text[-3000:]}")
    return counts["to create"]


def unchanged(done: Done) -> int:
    """How many resources an update left alone."""
    return dict(_counted(done)).get("unchanged", 0)


def _counted(done: Done) -> Iterator[tuple[str, int]]:
    last = done.text.rpartition("Resources:")[2]
    for count, what in re.findall(r"^ +[+~-]* ?(\d+) ([a-z][a-z ]*)", last, re.MULTILINE):
        yield what.strip(), int(count)
