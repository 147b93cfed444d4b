"""What a merge runs: preview and update of one stack with the pack, on the backend that the environment names."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from tools.drift import Drift
from tools.engine import report
from tools.engine.checkpoints import may_skip
from tools.engine.leftovers import clear_the_way, make_way, remove_leftovers
from tools.engine.outcome import Outcome
from tools.engine.recovery import recording
from tools.local.errors import LocalError
from tools.local.killed import look_after
from tools.local.logs import Log
from tools.local.screen import Screen
from tools.local.targeted import Targeted
from tools.local.workspace import FOLDER, REPOSITORY
from tools.pipeline.backend import Backend
from tools.pipeline.by_hand import Stack
from tools.pipeline.failed import UnfinishedError, failed
from tools.pipeline.killed import recover
from tools.progress import note
from tools.ready import Verdict
from tools.ready.services import ABSENT

NEEDED = ("PULUMI_BACKEND_URL",)

Gate = Callable[[Outcome, Drift], None]
"""Looks at a preview, and at what was found beside it, before anything is changed; stops there by a LocalError."""


def _open(*_: object) -> None:
    """The gate of who has looked at the preview otherwise."""


def deploy(
    stack: str,
    options: Sequence[str] = (),
    project: Path = REPOSITORY,
    directory: Path = FOLDER,
    *,
    take_back: str = "",
    wait: float | None = None,
    distrust: bool = False,
    gate: Gate = _open,
) -> int:
    """Preview, then update; both with the pack, and the update only after a preview that nothing denied.

    After an update that was killed, and with `distrust`, the state is first compared with what is there, and what may
    have changed unrecorded (with `distrust` every object) is applied again. What was removed by hand is made again, and
    what was changed by hand is named (`take_back`). `gate` is asked with each preview. An engine that has begun is
    never cut short. The settings file keeps its text. The log lies below `directory`. Returns 0; raises LocalError with
    what the engine said. A kitchen that is not Ready after `wait` seconds is a LocalError; without `wait` it is said,
    and an error only where its service is not there at all.
    """
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        raise LocalError(
            f"{', '.join(missing)} not set; rule: the environment names the backend, its secrets provider, the cluster "
            "and the object store's key; example: PULUMI_BACKEND_URL=s3://pulumi-state (README, On your cluster)"
        )
    log = Log(directory, f"deploy-{stack}")
    screen, backend = Screen(3, log), Backend(stack, project, log.path.parent)

    def run(command: str, *more: str, variables: Mapping[str, str] | None = None) -> Outcome:
        return screen.engine(backend, command, *more, *options, extra=variables)

    engine = Targeted(run=run, stack=backend)
    known = Stack(name=stack, project=project, command=f"make deploy STACK={stack}", engine=engine)
    after_kill = partial(look_after, backend, backend.environment(), again="the same")
    known.look()
    if recover(backend, screen, (*options, *known.spared), distrust=distrust):
        known.look()
    with screen.step(f"preview of {stack}") as step:
        preview = partial(screen.engine, backend, "preview", "--diff", *options)
        before = preview()
        if before.status == 0:
            gate(before, known.found)
        if cleared := after_kill(partial(make_way, planned=before)):
            before = preview()
        if before.status != 0:
            raise failed(f"stack {stack}: the preview failed or was denied; nothing changed", before, screen)
        if cleared:
            gate(before, known.found)
        step.result, *more = report.planned(before, everything=log.shown())
    for line in more:
        screen.lasting(line)
    with screen.step(f"update of {stack}") as step:
        left = known.mend(take_back)
        if "--target" not in options:
            cleared |= after_kill(partial(clear_the_way, planned=before))
        step.result = _update(screen, backend, known, before, options, gate=gate)  # the preview has told the rest
        if after_kill(remove_leftovers) or cleared:
            known.look()
    waited = f"waited for at most {wait:.0f} s" if wait else "looked at once"
    with screen.step(f"kitchens of {stack}: {waited}") as step:
        verdict = known.readiness(wait or 0.0)
        step.result = f"{len(verdict.states) - len(verdict.waiting)} of {len(verdict.states)} Ready"
    for line in known.leftovers():
        screen.lasting(line)
    _tell(stack, verdict, left, fails=wait is not None)
    return 0


def _update(screen: Screen, backend: Backend, known: Stack, before: Outcome, options: Sequence[str],
            *, gate: Gate) -> str:  # fmt: skip
    """Update as `before` has shown, and say in a few words what changed; raise LocalError."""
    if known.found.gone:  # the state forgot them since, so that they are made again
        before = screen.engine(backend, "preview", *options)
        if before.status != 0:
            raise failed(f"stack {backend.stack}: what is to be made again was denied", before, screen)
        gate(before, known.found)
    verdict, number = may_skip(before), len(before.object_changes())
    update = partial(screen.engine, backend, "up", "--yes", "--skip-preview", *options, expected=number)
    with known.updating(), recording(before, verdict, backend):
        done = update(extra=verdict.variables)
    done = done if done.status != 0 else known.after(update) or done
    if done.status != 0:
        raise failed(f"stack {backend.stack}: the update failed; the next run goes on from there", done, screen)
    return report.changed(done)[0]


def _tell(stack: str, verdict: Verdict, left: Sequence[str], *, fails: bool) -> None:
    """Say which kitchens are not Ready; a LocalError where that, or what is `left` to a person, is a failure."""
    lines = [*verdict.lines(), *left]
    absent = ABSENT in verdict.states.values()
    if left or (verdict.waiting and (fails or absent)):
        raise UnfinishedError("\n".join([*lines, f"stack {stack}: the update is done, and what is named above is not"]))
    for line in lines:
        note(line)
    if verdict.waiting:
        note(f"a model may take minutes to load; to wait for it: make deploy STACK={stack} WAIT=1200")
