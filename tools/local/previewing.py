"""`make preview`: what it is compared with, said before anything else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from infra.load import read_stack_file
from tools.cluster import ClusterError
from tools.cluster.api import Api
from tools.drift import look
from tools.drift.report import lines
from tools.kube import Kube, KubeError
from tools.local.offline import offline_workspace
from tools.local.previews import preview
from tools.local.up import STACK, LocalKitchen
from tools.local.workspace import REPOSITORY
from tools.progress import say


def beside(stack: str, kitchen: LocalKitchen, *, machine: bool = False) -> int:
    """Preview a stack beside what is up on this machine; returns the engine's exit status.

    Without a running cluster it is compared with what the last update recorded, and without a state with nothing. Which
    of these it is, and why, is said in the title, and for `machine` on standard error.
    """
    if nothing := _nothing(stack, kitchen):
        against = f"compared with nothing, so everything is shown as to be created: {nothing}"
        _tell(stack, against, machine=machine)
        workspace = offline_workspace(stack, kitchen.folder / "offline")
        workspace.prepare({})
        return preview(workspace, kitchen.folder, against, machine=machine).status or 0
    if trouble := _trouble(kitchen):
        count = len(kitchen.workspace.latest().get("resources") or [])
        recorded = f"what the last update recorded ({count} resources)"
        against = f"compared with {recorded}, and not with what is there: {trouble}"
        _tell(stack, against, machine=machine)
        return kitchen.preview(against, machine=machine)
    with _looking(kitchen) as found:
        status = kitchen.preview(machine=machine)
    for line in found.result():
        say(line)
    return status


def _tell(stack: str, against: str, *, machine: bool) -> None:
    """For people it is in the title."""
    if machine:
        say(f"preview of {stack}, {against}")


def _nothing(stack: str, kitchen: LocalKitchen) -> str:
    """Why there is nothing to compare with; an empty text when there is something."""
    if stack != STACK:
        return f"this machine has no state of it; beside your own cluster: pulumi preview --stack {stack}"
    if not kitchen.workspace.exists():
        return f"nothing is up in {kitchen.folder}; `make up` brings it up"
    try:
        kitchen.changes()
    except ClusterError as error:
        return f"the address of its object store is not known ({error}); `make up` makes it anew"
    return ""


def _trouble(kitchen: LocalKitchen) -> str:
    """Why the cluster cannot be asked; an empty text when it can."""
    status = kitchen.cluster.status()
    if status.state == "running":
        return ""
    if status.state == "stopped":
        return f"the embedded cluster in {kitchen.cluster.directory} is stopped; `make up` starts it"
    try:
        kitchen.cluster.check()
    except ClusterError as error:
        first = str(error).splitlines()[0].partition("; the end of its log")[0]
        return f"the embedded cluster is broken ({first}); `make up` starts it again"
    return ""


@contextmanager
def _looking(kitchen: LocalKitchen) -> Iterator[Future[Sequence[str]]]:
    """Look for what was removed or changed by hand in the cluster while the engine works; the store is not asked."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(_look, kitchen)


def _environment() -> str:
    return str(read_stack_file(REPOSITORY / f"Pulumi.{STACK}.yaml").get("environment", STACK))


def _look(kitchen: LocalKitchen) -> Sequence[str]:
    workspace = kitchen.workspace
    manager = f"{workspace.project_name}-{workspace.stack}"
    resources = workspace.latest().get("resources") or []
    try:
        found = look(resources, Kube(Api(kitchen.cluster.kubeconfig)), manager=manager, environment=_environment())
    except (ClusterError, KubeError) as error:
        return [f"not compared: what somebody may have removed or changed by hand: {error}"]
    return list(lines(found, "make up", mends=False))
