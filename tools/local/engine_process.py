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
    changed: Callable[[str], str] = str,
    log: Path | None = None,
    echo: bool = True,
    last_words: list[str] | None = None,
) -> int:
    """Run an engine to its end, however often it is interrupted; return its exit status or raise KeyboardInterrupt.

    The engine inherits the lock of `work`, so that it goes with the last process of the engine. `changed` may change
    each line of stderr. All is shown with `echo`, and added to `log`, which its owner alone may read; `last_words`
    gets the lines of stderr.
    """
    inherited = work.descriptor if work else None
    with _private(log) if log else nullcontext() as sink:
        # Nothing may ask on the terminal: a plugin that does would wait for ever. Without echo, stdout is the file
        # itself: an engine whose command was killed can go on writing.
        process = subprocess.Popen(
            words,
            cwd=project,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=(subprocess.PIPE if echo else sink) if sink else None,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            pass_fds=() if inherited is None else (inherited,),
        )
        if work:
            work.started(process.pid)
        readers = [_forward(process.stderr, changed, [sink, sys.stderr if echo else None], last_words)]
        readers += [_forward(process.stdout, str, [sink, sys.stdout], None)] if process.stdout else []
        status, interrupted = _awaited(process)
        for reader in readers:
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


def _forward(
    source: IO[str] | None, changed: Callable[[str], str], targets: Sequence[IO[str] | None], kept: list[str] | None
) -> threading.Thread:
    def forward() -> None:
        for line in source or ():
            text = changed(line)
            if kept is not None:
                kept.append(text.rstrip())
            for target in targets:
                if target is not None and not target.closed:
                    print(text, end="", file=target, flush=True)

    thread = threading.Thread(target=forward, daemon=True)
    thread.start()
    return thread
