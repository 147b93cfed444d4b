"""What a merge runs: preview and update of one stack with the pack, on the backend that the environment names."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tools.engine import report
from tools.engine.outcome import Outcome
from tools.local.by_hand import told
from tools.local.errors import LocalError
from tools.local.logs import Log
from tools.local.observed import observed
from tools.local.screen import Screen
from tools.local.up import FOLDER
from tools.local.workspace import JUDGED, POLICY_PACK, REPOSITORY
from tools.pipeline.by_hand import Stack
from tools.pipeline.stack_file import kept
from tools.progress import note
from tools.ready import Verdict
from tools.ready.services import ABSENT
from tools.toolchain import PREVIEW, environment

NEEDED = ("PULUMI_BACKEND_URL",)


@dataclass(frozen=True, kw_only=True)
class Backend:
    """The engine on a stack of the backend that the environment names, with the pack; the settings keep their text.

    `folder` holds the engine's events while it runs.
    """

    stack: str
    project: Path
    folder: Path

    def run(
        self,
        command: str,
        *options: str,
        extra: Mapping[str, str] | None = None,
        log: Path | None = None,
        echo: bool | None = None,
        seen: Callable[[Outcome], None] | None = None,
    ) -> Outcome:
        """Run it to its end: an interruption waits for what it is doing."""
        judged = ("--policy-pack", str(POLICY_PACK)) if command in JUDGED else ()
        words = ["pulumi", command, "--stack", self.stack, "--non-interactive", *judged]
        env = environment(PREVIEW) | dict(extra or {})
        with kept(self.project / f"Pulumi.{self.stack}.yaml"):
            return observed(
                [*words, *options], self.project, env, self.folder, log=log, echo=echo is not False, seen=seen
            )


def deploy(
    stack: str,
    options: Sequence[str] = (),
    project: Path = REPOSITORY,
    directory: Path = FOLDER,
    *,
    take_back: str = "",
    wait: float | None = None,
) -> int:
    """Preview, then update; both with the pack, and the update only after a preview that nothing denied.

    What was removed by hand is made again, and what was changed by hand is named (`take_back`). An engine that has
    begun is never cut short: an interruption waits for what it is doing. The settings file keeps its text. The log lies
    below `directory`. Returns 0; raises LocalError with what the engine said. A kitchen that is not Ready after `wait`
    seconds is a LocalError; without `wait` it is said, and an error only where its service is not there at all.
    """
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        raise LocalError(
            f"{', '.join(missing)} not set; rule: the environment names the backend, its secrets provider, the cluster "
            "and the object store's key; example: PULUMI_BACKEND_URL=s3://pulumi-state (README, On your cluster)"
        )
    log = Log(directory, f"deploy-{stack}")
    screen, backend = Screen(3, log), Backend(stack=stack, project=project, folder=log.path.parent)

    def run(command: str, more: Sequence[str], variables: Mapping[str, str]) -> int:
        return told(screen.engine(backend, command, *more, *options, extra=variables))

    known = Stack(name=stack, project=project, command=f"make deploy STACK={stack}", run=run)
    with screen.step(f"preview of {stack}") as step:
        known.look()
        before = screen.engine(backend, "preview", "--diff", *options)
        if before.status != 0:
            raise _failed(f"stack {stack}: the preview failed or was denied; nothing changed", before, screen)
        step.result, *more = report.planned(before, everything=log.shown())
    for line in more:
        screen.lasting(line)
    with screen.step(f"update of {stack}") as step:
        left = known.mend(take_back)
        # With its own preview: what changed since the first one is judged as well before anything is touched.
        number = len(before.object_changes())
        update = partial(screen.engine, backend, "up", "--yes", *options, expected=number)
        with known.updating():
            done = update()
        done = done if done.status != 0 else known.after(update) or done
        if done.status != 0:
            raise _failed(f"stack {stack}: the update failed; the next run goes on from there", done, screen)
        step.result = report.changed(done)[0]  # the preview has told the rest
    waited = f"waited for at most {wait:.0f} s" if wait else "looked at once"
    with screen.step(f"kitchens of {stack}: {waited}") as step:
        verdict = known.readiness(wait or 0.0)
        step.result = f"{len(verdict.states) - len(verdict.waiting)} of {len(verdict.states)} Ready"
    for line in known.leftovers():
        screen.lasting(line)
    _tell(stack, verdict, left, fails=wait is not None)
    return 0


def _failed(text: str, outcome: Outcome, screen: Screen) -> LocalError:
    return LocalError("\n".join([*report.failure(outcome), f"{text}{screen.everything()}"]))


def _tell(stack: str, verdict: Verdict, left: Sequence[str], *, fails: bool) -> None:
    """Say which kitchens are not Ready; a LocalError where that, or what is `left` to a person, is a failure."""
    lines = [*verdict.lines(), *left]
    absent = ABSENT in verdict.states.values()
    if left or (verdict.waiting and (fails or absent)):
        raise LocalError("\n".join([*lines, f"stack {stack}: the update is done, and what is named above is not"]))
    for line in lines:
        note(line)
    if verdict.waiting:
        note(f"a model may take minutes to load; to wait for it: make deploy STACK={stack} WAIT=1200")
