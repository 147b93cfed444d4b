"""What a merge runs: preview and update of one stack with the pack, on the backend that the environment names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from tools.local.engine_process import run_engine
from tools.local.errors import LocalError
from tools.local.steps import Steps
from tools.local.workspace import POLICY_PACK, REPOSITORY
from tools.pipeline.stack_file import kept
from tools.toolchain import PREVIEW, environment

NEEDED = ("PULUMI_BACKEND_URL",)


def deploy(stack: str, options: Sequence[str] = (), project: Path = REPOSITORY) -> int:
    """Preview, then update; both with the pack, and the update only after a preview that nothing denied.

    An engine that has begun is never cut short: an interruption waits for what it is doing. The settings file keeps
    its text. Returns the engine's exit status.
    """
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        raise LocalError(
            f"{', '.join(missing)} not set; rule: the environment names the backend, its secrets provider, the cluster "
            "and the object store's key; example: PULUMI_BACKEND_URL=s3://pulumi-state (README, On your cluster)"
        )
    steps = Steps(2)
    with steps.step(f"preview of {stack}"):
        status = _engine("preview", stack, options, project)
        if status != 0:
            raise LocalError(
                f"stack {stack}: the preview failed or was denied: its messages are above; nothing changed"
            )
    with steps.step(f"update of {stack}"):
        # With its own preview: what changed since the first one is judged as well before anything is touched.
        status = _engine("up", stack, ("--yes", *options), project)
        if status != 0:
            raise LocalError(
                f"stack {stack}: the update failed: its messages are above; the next run goes on from there"
            )
    return 0


def _engine(command: str, stack: str, options: Sequence[str], project: Path) -> int:
    arguments = ["pulumi", command, "--stack", stack, "--non-interactive", "--policy-pack", str(POLICY_PACK), *options]
    with kept(project / f"Pulumi.{stack}.yaml"):
        return run_engine(arguments, project, environment(PREVIEW))
