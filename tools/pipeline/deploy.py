"""What a merge runs: preview and update of one stack with the pack, on the backend that the environment names."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.local.engine_process import run_engine
from tools.local.errors import LocalError
from tools.local.steps import Steps, say
from tools.local.workspace import JUDGED, POLICY_PACK, REPOSITORY
from tools.pipeline.by_hand import Stack
from tools.pipeline.stack_file import kept
from tools.ready import Verdict
from tools.ready.services import ABSENT
from tools.toolchain import PREVIEW, environment

NEEDED = ("PULUMI_BACKEND_URL",)


def deploy(
    stack: str,
    options: Sequence[str] = (),
    project: Path = REPOSITORY,
    *,
    take_back: str = "",
    wait: float | None = None,
) -> int:
    """Preview, then update; both with the pack, and the update only after a preview that nothing denied.

    What was removed by hand is made again, and what was changed by hand is named (`take_back`). An engine that has
    begun is never cut short: an interruption waits for what it is doing. The settings file keeps its text. Returns 0.
    A kitchen that is not Ready after `wait` seconds is a LocalError; without `wait` it is said, and an error only where
    its service is not there at all.
    """
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        raise LocalError(
            f"{', '.join(missing)} not set; rule: the environment names the backend, its secrets provider, the cluster "
            "and the object store's key; example: PULUMI_BACKEND_URL=s3://pulumi-state (README, On your cluster)"
        )

    def run(command: str, more: Sequence[str], variables: Mapping[str, str] | None = None) -> int:
        return _engine(command, stack, (*more, *options), project, variables or {})

    known = Stack(name=stack, project=project, command=f"make deploy STACK={stack}", run=run)
    steps = Steps(3)
    with steps.step(f"preview of {stack}"):
        known.look()
        status = run("preview", ())
        if status != 0:
            raise LocalError(
                f"stack {stack}: the preview failed or was denied: its messages are above; nothing changed"
            )
    with steps.step(f"update of {stack}"):
        left = known.mend(take_back)
        # With its own preview: what changed since the first one is judged as well before anything is touched.
        with known.updating():
            status = run("up", ("--yes",))
        status = status or known.after(lambda: run("up", ("--yes",)))
        if status != 0:
            raise LocalError(
                f"stack {stack}: the update failed: its messages are above; the next run goes on from there"
            )
    with steps.step(f"kitchens of {stack}: {f'waited for at most {wait:.0f} s' if wait else 'looked at once'}"):
        verdict = known.readiness(wait or 0.0)
    for line in known.leftovers():
        say(line)
    _tell(stack, verdict, left, fails=wait is not None)
    return 0


def _tell(stack: str, verdict: Verdict, left: Sequence[str], *, fails: bool) -> None:
    """Say which kitchens are not Ready; a LocalError where that, or what is `left` to a person, is a failure."""
    lines = [*verdict.lines(), *left]
    absent = ABSENT in verdict.states.values()
    if left or (verdict.waiting and (fails or absent)):
        raise LocalError("\n".join([*lines, f"stack {stack}: the update is done, and what is named above is not"]))
    for line in lines:
        say(line)
    if verdict.waiting:
        say(f"a model may take minutes to load; to wait for it: make deploy STACK={stack} WAIT=1200")


def _engine(command: str, stack: str, options: Sequence[str], project: Path, variables: Mapping[str, str]) -> int:
    judged = ["--policy-pack", str(POLICY_PACK)] if command in JUDGED else []
    arguments = ["pulumi", command, "--stack", stack, "--non-interactive", *judged, *options]
    with kept(project / f"Pulumi.{stack}.yaml"):
        return run_engine(arguments, project, environment(PREVIEW) | dict(variables))
