"""The end of `make up`: every kitchen is Ready, or the command ends with the reason and status 1."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tools.cluster.api import Api
from tools.kube import Kube, KubeError
from tools.local.errors import LocalError
from tools.local.workspace import Workspace
from tools.progress import say
from tools.ready import Verdict, await_ready, declared_services

WAIT_SECONDS = 60.0
"""Simulated pods are Ready in seconds: whoever is not by then waits for something that does not come by itself."""


def readiness(workspace: Workspace, kubeconfig: Path, environment: str, seconds: float) -> Verdict:
    """The state of every kitchen that the state knows, waited for at most `seconds`; raise LocalError."""
    services = declared_services(workspace.latest().get("resources") or [])
    try:
        return await_ready(Kube(Api(kubeconfig)), services, environment, seconds, say)
    except KubeError as error:
        raise LocalError(f"whether the kitchens are Ready cannot be seen: {error}") from error


def refuse_unready(verdict: Verdict, left: Sequence[str] = ()) -> None:
    """Raise LocalError with the reasons of kitchens that are not Ready, and with what is `left` to a person."""
    problems = [*verdict.lines(), *left]
    if not problems:
        return
    if verdict.waiting:
        count = f"{len(verdict.waiting)} of {len(verdict.states)} kitchens"
        problems.append(
            f"{count}: not Ready; the update itself is done; when what is named above is mended, run `make up` again "
            f"(WAIT=SECONDS waits longer than {WAIT_SECONDS:.0f} s)"
        )
    raise LocalError("\n".join(problems))
