"""Bodies as the check of the entry reads them, and as Python's own reader does."""

from __future__ import annotations

import json
from typing import Any

from infra.payload.call_body import Refused, read
from infra.payload.check_calls import Table
from tests.entry.support.plan import table

_TABLE = Table(table())


def let_through(path: str, raw: bytes, kind: str = "application/json") -> dict[str, Any] | None:
    """What the check has read, or None where it refuses."""
    try:
        _TABLE.judge(path, raw, kind, "")
        return read(raw, kind)
    except Refused:
        return None


def pairs(raw: bytes) -> list[tuple[str, Any]]:
    """Every key of every object in a body, as often as it stands there, read as vLLM does."""
    found: list[tuple[str, Any]] = []

    def keep(entries: list[tuple[str, Any]]) -> dict[str, Any]:
        found.extend(entries)
        return dict(entries)

    json.loads(raw, object_pairs_hook=keep)
    return found
