"""One run of the engine: waited for however often it is interrupted, its output shown as it comes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import IO

from tools.local.work import Work

_ADVICE = re.compile(
    r" Either wait for the other process\(es\) to end or delete the lock file with `pulumi cancel`\.|`?pulumi cancel`?"
)
_LAST_WORDS_SECONDS = 2.0


def run_engine(
    words: Sequence[str],
    project: Path,
    env: Mapping[str, str],
    work: Work | None = None,
    *,
    shown: Callable[[str], str] | None = None,
    log: Path | None = None,
) -> int:
    """Run an engine to its end, however often it is interrupted; return its exit status or raise KeyboardInterrupt.

    The engine inherits the lock of `work`, so that it goes with the last process of the engine. `shown` may change
    each line of stderr. With `log`, all that it writes is added to that file, which its owner alone may read, and
    nothing is shown.
    """
    inherited = work.descriptor if work else None
    with _private(log) if log else nullcontext() as sink:
        # Nothing may ask on the terminal: a plugin that does would wait for ever.
        process = subprocess.Popen(
            words,
            cwd=project,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink or (subprocess.PIPE if shown else None),
            text=True,
            errors="replace",
            pass_fds=() if inherited is None else (inherited,),
        )
        if work:
            work.started(process.pid)
        reader = _forward(process.stderr, shown) if shown and process.stderr else None
        status, interrupted = _awaited(process)
    if reader:
        reader.join(_LAST_WORDS_SECONDS)  # a plugin that lives on may hold the pipe
    if interrupted:
        raise KeyboardInterrupt
    return status


def _private(path: Path) -> IO[str]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8")


def _awaited(process: subprocess.Popen[str]) -> tuple[int, bool]:
    interrupted = False
    while True:
        try:
            return process.wait(), interrupted
        except KeyboardInterrupt:
            # The terminal told the engine too: it ends what it is doing, and at once when told again.
            interrupted = True


def without_advice(line: str) -> str:
    """A line of the engine without its advice to take the lock away: of an update that runs it would be wrong."""
    return _ADVICE.sub(lambda found: " Wait for it to end." if found[0].startswith(" ") else "make recover", line)


def _forward(source: IO[str], shown: Callable[[str], str]) -> threading.Thread:
    def forward() -> None:
        for line in source:
            print(shown(line), end="", file=sys.stderr, flush=True)

    thread = threading.Thread(target=forward, daemon=True)
    thread.start()
    return thread
