"""What a merge runs: preview and update of one stack with the pack, on the backend that the environment names."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.engine import report
from tools.engine.outcome import Outcome
from tools.local.errors import LocalError
from tools.local.logs import Log
from tools.local.observed import observed
from tools.local.screen import Screen
from tools.local.up import FOLDER
from tools.local.workspace import POLICY_PACK, REPOSITORY
from tools.pipeline.stack_file import kept
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
        words = ["pulumi", command, "--stack", self.stack, "--non-interactive", "--policy-pack", str(POLICY_PACK)]
        env = environment(PREVIEW) | dict(extra or {})
        with kept(self.project / f"Pulumi.{self.stack}.yaml"):
            return observed(
                [*words, *options], self.project, env, self.folder, log=log, echo=echo is not False, seen=seen
            )


def deploy(stack: str, options: Sequence[str] = (), project: Path = REPOSITORY, directory: Path = FOLDER) -> int:
    """Preview, then update; both with the pack, and the update only after a preview that nothing denied.

    An engine that has begun is never cut short. The settings file keeps its text. The log lies below `directory`.
    Returns 0; raises LocalError with what the engine said.
    """
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        raise LocalError(
            f"{', '.join(missing)} not set; rule: the environment names the backend, its secrets provider, the cluster "
            "and the object store's key; example: PULUMI_BACKEND_URL=s3://pulumi-state (README, On your cluster)"
        )
    log = Log(directory, f"deploy-{stack}")
    screen, backend = Screen(2, log), Backend(stack=stack, project=project, folder=log.path.parent)
    with screen.step(f"preview of {stack}") as step:
        before = screen.engine(backend, "preview", "--diff", *options)
        if before.status != 0:
            raise _failed(f"stack {stack}: the preview failed or was denied; nothing changed", before, screen)
        step.result, *more = report.planned(before, everything=log.shown())
    for line in more:
        screen.lasting(line)
    with screen.step(f"update of {stack}") as step:
        # With its own preview: what changed since the first one is judged as well before anything is touched.
        number = len(before.object_changes())
        done = screen.engine(backend, "up", "--yes", *options, expected=number)
        if done.status != 0:
            raise _failed(f"stack {stack}: the update failed; the next run goes on from there", done, screen)
        step.result = report.changed(done)[0]  # the preview has told the rest
    return 0


def _failed(text: str, outcome: Outcome, screen: Screen) -> LocalError:
    return LocalError("\n".join([*report.failure(outcome), f"{text}{screen.everything()}"]))
