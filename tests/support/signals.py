"""Signals that a child must hear although its parent does not."""

from __future__ import annotations

import signal


def hear_sigint() -> None:
    """For a child that is to be interrupted: a shell's background job, and so all below it, ignores SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
