"""What every process of a test run would make alike: made by the first that asks, read by the others."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from typing import Any

import pytest


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The value of `make`, which must be plain JSON; others who ask meanwhile wait. A failure is tried again."""
    base = factory.getbasetemp()
    folder = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    kept = folder / f"{name}.json"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            text = json.dumps(make())
            kept.write_text(text)
        found: dict[str, Any] = json.loads(kept.read_text())
        return found
