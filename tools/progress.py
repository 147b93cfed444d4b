"""Progress lines for long steps: what, how far, how long.

Standard library alone: it also runs before there is a venv.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def elapsed_text(seconds: float) -> str:
    """Return seconds as `42s` or `3m05s`."""
    whole = max(0, round(seconds))
    return f"{whole}s" if whole < 60 else f"{whole // 60}m{whole % 60:02d}s"


Listener = Callable[[str, bool], None]
"""Takes a line, and whether it is to stay on the screen."""

_listeners: list[Listener] = []
_CLEAR = "\r\x1b[2K"


def say(line: str) -> None:
    """Tell how far the work is: on standard error at once, or to who listens."""
    _tell(line, stays=False)


def note(line: str) -> None:
    """Tell what a person has to know afterwards too; otherwise as `say`."""
    _tell(line, stays=True)


@contextmanager
def heard(listener: Listener) -> Iterator[None]:
    """While the block runs, lines go to `listener` and not to standard error."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def _tell(line: str, *, stays: bool) -> None:
    if _listeners:
        _listeners[-1](line, stays)
    else:
        print(line, file=sys.stderr, flush=True)


@contextmanager
def step(
    what: str | Callable[[], str], done: str, beat_seconds: float = 20.0, *, rewrites: bool = False
) -> Iterator[None]:
    """Print `what` and the elapsed time every `beat_seconds` while the block runs, then `done` with the elapsed time.

    A `what` that is called tells how far the work is at that moment. With `rewrites` a terminal has one line, which is
    written anew each second. A block that fails is not reported as done.
    """
    start = time.monotonic()
    finished = threading.Event()
    tell = what if callable(what) else lambda: what
    anew = rewrites and not _listeners and sys.stderr.isatty()

    def beat() -> None:
        while not finished.wait(1.0 if anew else beat_seconds):
            line = f"{tell()} ... {elapsed_text(time.monotonic() - start)}"
            if anew:
                print(f"{_CLEAR}{line}", end="", file=sys.stderr, flush=True)
            else:
                say(line)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join()
        if anew:
            print(_CLEAR, end="", file=sys.stderr, flush=True)
    say(f"{done} ({elapsed_text(time.monotonic() - start)})")
