"""What somebody has removed or changed by hand in the kitchen of this machine: said, and mended before an update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Protocol

from tools.cluster import Cluster
from tools.cluster.api import Api
from tools.drift import Drift, DriftError, Mending, leftovers, look, mend
from tools.drift.mend import TAKE_OVER
from tools.drift.store import look_into
from tools.engine import report
from tools.engine.outcome import Outcome
from tools.kube import Kube, KubeError
from tools.local.errors import LocalError
from tools.local.workspace import Workspace
from tools.progress import note

PATIENCE_SECONDS = 120.0
_COMMAND = "make up"


class Run(Protocol):
    """Runs the engine on the kitchen's stack."""

    def __call__(self, command: str, *options: str, variables: Mapping[str, str] | None = None) -> Outcome:
        """Run a command with options and further variables."""


def told(outcome: Outcome) -> int:
    """The exit status of a run; what made it fail has been said."""
    if outcome.status != 0:
        for line in report.failure(outcome):
            note(line)
    return outcome.status or 0


class ByHand:
    """One look at cluster and store, and what follows from it."""

    def __init__(self, workspace: Workspace, cluster: Cluster, environment: str, run: Run) -> None:
        """Look now; the cluster must run. Raises LocalError when it does not answer."""
        self._workspace = workspace
        self._run = run
        self._kube = Kube(Api(cluster.kubeconfig))
        self._found = self._look(cluster, environment)

    @property
    def spared(self) -> list[str]:
        """Options of a refresh of everything, so that the next update takes nothing back that was changed by hand."""
        return [word for row in self._found.taken for word in ("--exclude", row.entry.urn)]

    def mend(self, take_back: str = "") -> list[str]:
        """Say what was found and mend it; sentences on what is left to a person. Raises LocalError."""
        how = Mending(command=_COMMAND, patience=PATIENCE_SECONDS, say=note, take_back=take_back)
        try:
            return mend(self._found, self._kube, self, how)
        except (DriftError, KubeError) as error:
            raise LocalError(str(error)) from error

    def leftovers(self) -> list[str]:
        """After the update: what is ours in the cluster and in no state."""
        return leftovers(self._found, self._workspace.latest().get("resources") or [])

    def refresh(self, targets: Sequence[str]) -> int:
        """Let the engine look at these; it forgets what is gone."""
        return self._engine("refresh", targets, {})

    def take_over(self, targets: Sequence[str]) -> int:
        """Update these, and take their fields from whoever has them."""
        return self._engine("up", targets, TAKE_OVER)

    def _engine(self, command: str, targets: Sequence[str], variables: Mapping[str, str]) -> int:
        words = [word for urn in targets for word in ("--target", urn)]
        options = ("--yes", "--skip-preview", "--suppress-outputs", *words)
        return told(self._run(command, *options, variables=variables))

    def _look(self, cluster: Cluster, environment: str) -> Drift:
        key = (cluster.minio_access_key, cluster.minio_secret_key)
        store = partial(look_into, endpoint=cluster.minio_endpoint, key=key)
        manager = f"{self._workspace.project_name}-{self._workspace.stack}"
        resources = self._workspace.latest().get("resources") or []
        try:
            return look(resources, self._kube, manager=manager, environment=environment, store=store)
        except KubeError as error:
            raise LocalError(f"what was removed by hand cannot be seen: {error}") from error
