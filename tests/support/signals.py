"""Signals to processes of a test: what a child must hear although its parent does not, and an end for all at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tools.cluster.processes import with_variable


def hear_sigint() -> None:
    """For a child that is to be interrupted: a shell's background job, and so all below it, ignores SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """The process stands still while the block runs: it cannot come to its end, however late the test is."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def kill_all(variable: str, value: str) -> None:
    """End every process that was started with an environment variable: one may have ended since it was listed."""
    for found in with_variable(variable, value):
        with suppress(ProcessLookupError):
            os.kill(found.pid, signal.SIGKILL)
