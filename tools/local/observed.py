"""A run of the engine whose events are read while it works."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.engine.follow import OPTION, SWITCH, following
from tools.engine.outcome import Outcome
from tools.local.engine_process import run_engine, without_advice
from tools.local.work import Work

_NAME = "events-"


def observed(
    words: Sequence[str],
    project: Path,
    env: Mapping[str, str],
    folder: Path,
    *,
    work: Work | None = None,
    log: Path | None = None,
    echo: bool = True,
    seen: Callable[[Outcome], None] | None = None,
    events: Callable[[Mapping[str, Any]], None] | None = None,
) -> Outcome:
    """Run the engine to its end (`run_engine`) and return what its events tell; `seen` is called after each of them.

    `folder` holds the events while it runs. Its output goes to `log` and, with `echo`, to the terminal. `events` gets
    each event itself: what it keeps of one is no value that may be secret.
    """
    outcome = Outcome()

    def take(event: Mapping[str, Any]) -> None:
        outcome.take(event)
        if events:
            events(event)
        if seen:
            seen(outcome)

    _remove_left(folder)
    file = folder / f"{_NAME}{os.getpid()}.jsonl"
    with following(file, take):
        outcome.status = run_engine(
            [*words, OPTION, str(file)],
            project,
            {**env, **SWITCH},
            work,
            changed=without_advice,
            log=log,
            echo=echo,
            last_words=outcome.last_words,
        )
    return outcome


def _remove_left(folder: Path) -> None:
    """Events of commands that were killed."""
    for path in folder.glob(f"{_NAME}*.jsonl"):
        if not Path("/proc", path.stem.removeprefix(_NAME)).exists():
            path.unlink(missing_ok=True)
