"""What a merge runs: preview and update of one stack with the pack, on the backend that the environment names."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from tools.engine import report
from tools.engine.checkpoints import WITHOUT, may_skip
from tools.engine.journal import Stack
from tools.engine.leftovers import Kubectl, UnseenError, clear_the_way, remove_leftovers
from tools.engine.outcome import Outcome
from tools.engine.recovery import recording, recovering, to_recover
from tools.local.errors import LocalError
from tools.local.logs import Log
from tools.local.screen import Screen
from tools.local.up import FOLDER
from tools.local.workspace import REPOSITORY
from tools.pipeline.backend import Backend
from tools.progress import note

NEEDED = ("PULUMI_BACKEND_URL",)


def deploy(
    stack: str,
    options: Sequence[str] = (),
    project: Path = REPOSITORY,
    directory: Path = FOLDER,
    *,
    distrust: bool = False,
) -> int:
    """Preview, then update; both with the pack, and the update only after a preview that nothing denied.

    After an update that was killed, and with `distrust`, the state is first compared with what is there, and what may
    have changed unrecorded (with `distrust` every object) is applied again. An engine that has begun is never cut
    short. The settings file keeps its text. The log lies below `directory`. Returns 0; raises LocalError with what the
    engine said.
    """
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        raise LocalError(
            f"{', '.join(missing)} not set; rule: the environment names the backend, its secrets provider, the cluster "
            "and the object store's key; example: PULUMI_BACKEND_URL=s3://pulumi-state (README, On your cluster)"
        )
    log = Log(directory, f"deploy-{stack}")
    screen, backend = Screen(2, log), Backend(stack, project, log.path.parent)
    _recover(backend, screen, options, distrust=distrust)
    with screen.step(f"preview of {stack}") as step:
        before = screen.engine(backend, "preview", "--diff", *options)
        if before.status != 0:
            raise _failed(f"stack {stack}: the preview failed or was denied; nothing changed", before, screen)
        step.result, *more = report.planned(before, everything=log.shown())
    for line in more:
        screen.lasting(line)
    with screen.step(f"update of {stack}") as step:
        _after_kill(backend, partial(clear_the_way, planned=before))
        verdict, number = may_skip(before), len(before.object_changes())
        with recording(before, verdict, backend):
            words = ("--yes", "--skip-preview", *options)
            done = screen.engine(backend, "up", *words, extra=verdict.variables, expected=number)
        if done.status != 0:
            raise _failed(f"stack {stack}: the update failed; the next run goes on from there", done, screen)
        _after_kill(backend, remove_leftovers)
        step.result = report.changed(done)[0]  # the preview has told the rest
    return 0


def _recover(backend: Backend, screen: Screen, options: Sequence[str], *, distrust: bool) -> None:
    if (journal := to_recover(backend, restored=distrust)) is None:
        return
    why = "every object is applied again, as was asked" if distrust else "an earlier update was interrupted"
    note(f"stack {backend.stack}: {why}; the state is compared with what is there")
    with recovering(journal, backend):
        words = ("--yes", "--skip-preview", "--clear-pending-creates", *options)
        done = screen.engine(backend, "refresh", *words, extra=WITHOUT)
        if done.status != 0:
            raise _failed(f"stack {backend.stack}: the state cannot be compared; nothing changed", done, screen)


def _after_kill(backend: Backend, look: Callable[[Stack, Kubectl], list[str]]) -> None:
    try:
        told = look(backend, Kubectl(environment=backend.environment()))
    except UnseenError as error:
        raise LocalError(f"what a killed update left cannot be looked for: {error}; run the same again") from None
    for line in told:
        note(f"left by a killed update: {line}")


def _failed(text: str, outcome: Outcome, screen: Screen) -> LocalError:
    return LocalError("\n".join([*report.failure(outcome), f"{text}{screen.everything()}"]))
