"""The previews of which a plan is made: of a program without cluster and secrets, or against a backend's state."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path

from tools.damaged_error import DamagedError
from tools.local.errors import LocalError
from tools.local.logs import Log
from tools.local.observed import observed
from tools.local.offline import offline_workspace
from tools.local.workspace import Workspace
from tools.own_file import remove
from tools.pipeline.backend import Backend
from tools.pipeline.stack_file import kept
from tools.plan.goal import Goal

_LOGS = threading.Lock()
"""Each new log removes old ones: two at once would look at what the other has removed."""

_FIXED = ("--non-interactive", "--color", "never", "--suppress-outputs")


def offline(stack: str, project: Path, folder: Path, directory: Path, *, judged: bool = True) -> Goal:
    """What the program in `project` declares, compared with nothing, with the policy pack of that project.

    `folder` is that of the workspace, `directory` holds the log. No cluster, no store and no secret is asked for. A
    base may go without the pack (`judged`), a third of a preview: nobody is let in by it.
    """
    workspace = _workspace(stack, project, folder)
    words = ["pulumi", "preview", "--stack", stack, "--config-file", str(workspace.config_file), *_FIXED]
    words += _pack(project) if judged else []
    return _run(words, project, workspace.environment(), folder, _log(directory, stack), judged=judged)


def recorded(stack: str, project: Path, folder: Path, directory: Path) -> Goal:
    """What the program changes of the state that the backend of the environment has recorded, with the policy pack."""
    folder.mkdir(parents=True, exist_ok=True)
    words = ["pulumi", "preview", "--stack", stack, *_FIXED, *_pack(project)]
    with kept(project / f"Pulumi.{stack}.yaml"):
        return _run(words, project, Backend.environment(), folder, _log(directory, stack))


def _run(
    words: Sequence[str],
    project: Path,
    environment: dict[str, str],
    folder: Path,
    log: Log,
    *,
    judged: bool = True,
) -> Goal:
    goal = Goal(judged=judged)
    # The packages of this project come first, also where another copy of them is installed.
    environment = {**environment, "PYTHONPATH": str(project)}
    goal.outcome = observed(words, project, environment, folder, log=log.path, echo=False, events=goal.take)
    return goal


def _log(directory: Path, stack: str) -> Log:
    with _LOGS:
        return Log(directory, f"plan-{stack}")


def _workspace(stack: str, project: Path, folder: Path) -> Workspace:
    """A workspace with an empty state; one that cannot be read any more is made anew."""
    for again in (True, False):
        kubeconfig = offline_workspace(stack, folder).kubeconfig
        workspace = Workspace(folder, stack, kubeconfig, project)
        try:
            workspace.prepare({})
            return workspace
        except (DamagedError, LocalError):
            if not again:
                raise
            remove(folder)
    raise AssertionError


def _pack(project: Path) -> list[str]:
    return ["--policy-pack", str(project / "policies")]


def backend_named() -> bool:
    """Whether the environment names a backend."""
    return bool(os.environ.get("PULUMI_BACKEND_URL"))
