"""One preview for people: a report on the screen, and everything that the engine said in a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tools.engine import report
from tools.engine.as_json import as_json
from tools.engine.outcome import Outcome
from tools.engine.words import wrapped
from tools.local.logs import Log
from tools.local.screen import Screen
from tools.local.workspace import Workspace

NOWHERE = "against nothing: no cluster is asked"


def preview(
    workspace: Workspace,
    directory: Path,
    against: str,
    *,
    extra: Mapping[str, str] | None = None,
    machine: bool = False,
) -> Outcome:
    """Preview a stack with the policy pack and print what it would change; `machine` prints JSON.

    The log lies below `directory`. The outcome's status is the engine's.
    """
    log = Log(directory, f"preview-{workspace.stack}")
    screen = Screen(log=log)
    with screen.passing(f"preview of {workspace.stack}"):
        outcome = screen.engine(workspace, "preview", "--diff", extra=extra, echo=False if machine else None)
    if machine:
        print(json.dumps(as_json(workspace.stack, outcome), indent=2))
        return outcome
    rest = f"make preview STACK={workspace.stack} VERBOSE=1, or {log.shown()}"
    title = wrapped(f"preview of {workspace.stack}, {against}")
    lines = [*title, *report.planned(outcome, everything=rest)]
    print("\n".join(lines))
    return outcome
