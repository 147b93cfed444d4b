"""Pulumi's mocks for the tests of this tier."""

from __future__ import annotations

import asyncio

from pulumi.runtime import mocks


def use(monitor: mocks.Mocks) -> None:
    """Let a monitor answer what is declared next; the thread's loop may be gone since an earlier `asyncio.run`."""
    asyncio.set_event_loop(asyncio.new_event_loop())
    mocks.set_mocks(monitor, project="kitchen", stack="dev")
