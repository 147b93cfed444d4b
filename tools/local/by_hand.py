"""What somebody has removed or changed by hand in the kitchen of this machine: said, and mended before an update."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any

from tools.cluster import Cluster
from tools.cluster.api import Api
from tools.drift import Drift, DriftError, Mending, leftovers, look, mend, mend_after
from tools.drift.mend import chosen
from tools.drift.recorded import has_removals
from tools.drift.store import look_into
from tools.kube import Kube, KubeError
from tools.local.errors import LocalError
from tools.local.orphans import engines
from tools.local.targeted import Run, Targeted, spared
from tools.local.workspace import Workspace
from tools.progress import note
from tools.ready import Watch
from tools.ready.watch import EVERY_SECONDS

PATIENCE_SECONDS = 120.0
_COMMAND = "make up"
_ENDED = (
    "the update was ended: this does not come by itself; what was done is recorded, and when the reason is mended, "
    "`make up` goes on from there (WAIT=SECONDS waits longer)"
)


class ByHand:
    """One look at cluster and store, and what follows from it."""

    def __init__(self, workspace: Workspace, cluster: Cluster, environment: str, run: Run) -> None:
        """Look now; the cluster must run. Raises LocalError when it does not answer."""
        self._workspace = workspace
        self._engine = Targeted(run=run, stack=workspace)
        self._kube = Kube(Api(cluster.kubeconfig))
        self._environment = environment
        self._cluster = cluster
        resources = self._resources()
        self._removals = has_removals(resources)
        self._found = self._look(resources)

    @property
    def spared(self) -> list[str]:
        """Options of a refresh of everything (`targeted.spared`)."""
        return spared(self._found)

    def mend_store(self, take_back: str = "") -> None:
        """Say what was found in the store and mend it; `take_back` is checked before anything is done.

        The store comes before the cluster: its buckets are made by an update of them alone, in which the policies judge
        every object as it is recorded. Raises LocalError.
        """
        with _said():
            chosen(self._found.taken, take_back)
            mend(Drift(store=self._found.store), self._kube, self._engine, self._how())

    def mend(self, take_back: str = "") -> list[str]:
        """Say what was found in the cluster and mend it; sentences on what is left to a person. Raises LocalError."""
        with _said():
            return mend(replace(self._found, store=()), self._kube, self._engine, self._how(take_back))

    def after(self, update: Callable[[], object]) -> None:
        """After an update that has finished the removals of an interrupted one: what went with them is made again."""
        if not self._removals:
            return
        self._found = self._look(self._resources())
        with _said():
            again = mend_after(self._found, self._engine, self._how())
        if again:
            update()

    def _how(self, take_back: str = "") -> Mending:
        return Mending(command=_COMMAND, patience=PATIENCE_SECONDS, say=note, take_back=take_back)

    @contextmanager
    def watching(self, patience: float) -> Iterator[None]:
        """While an engine works: what does not come by itself is looked for; what is waited for is told elsewhere.

        What does not come by itself ends the engine after `patience` seconds, in order, with a LocalError that says
        why: the engine alone would wait for as long as a real model may take to load.
        """
        watch = Watch(self._kube, self._environment, lambda _: None)
        try:
            with watch.running(max(patience, EVERY_SECONDS), self._end_engines):
                yield
        except LocalError as error:
            if not watch.ended:
                raise
            raise LocalError("\n".join([*watch.ended, _ENDED])) from error

    def _end_engines(self) -> None:
        note("nothing moves: the update is ended in order")
        for engine in engines(self._workspace.folder):
            with suppress(ProcessLookupError):
                os.kill(engine.pid, signal.SIGINT)

    def leftovers(self) -> list[str]:
        """After the update: what is ours in the cluster and in no state."""
        return leftovers(self._found, self._resources())

    def _resources(self) -> Sequence[Mapping[str, Any]]:
        return self._workspace.latest().get("resources") or []

    def _look(self, resources: Sequence[Mapping[str, Any]]) -> Drift:
        cluster = self._cluster
        key = (cluster.minio_access_key, cluster.minio_secret_key)
        store = partial(look_into, endpoint=cluster.minio_endpoint, key=key)
        manager = f"{self._workspace.project_name}-{self._workspace.stack}"
        try:
            return look(resources, self._kube, manager=manager, environment=self._environment, store=store)
        except KubeError as error:
            raise LocalError(f"what was removed by hand cannot be seen: {error}") from error


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except (DriftError, KubeError) as error:
        raise LocalError(str(error)) from error
