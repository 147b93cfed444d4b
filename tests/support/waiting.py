"""Waiting for what a test asserts: for the event itself, never for a time in which it should have come."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

SECONDS = 60.0
"""Far more than anything here needs on a quiet machine: a busy one is ten times as slow, and no fault."""


def until(reached: Callable[[], Found], why: Callable[[], object] = lambda: "", *, seconds: float = SECONDS) -> Found:
    """What it gives as soon as that is true; raise AssertionError with `why` when it is not in time."""
    end = time.monotonic() + seconds
    while not (found := reached()):
        assert time.monotonic() < end, why()
        time.sleep(0.02)
    return found


def early_in(period_seconds: float, needed_seconds: float) -> None:
    """Go on when so much of a minute, a day or another period of the clock (from 1970-01-01, UTC) is left.

    A test that begins at the end of one would find its calls on both sides.
    """
    left = period_seconds - time.time() % period_seconds
    if left < needed_seconds:
        time.sleep(left)
