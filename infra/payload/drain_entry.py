"""Let Envoy's calls come to their end before the pod does.

Envoy ends at once when it is told to; here it is told to take no new connections and to close those that are idle, and
its end waits until no call is left.
"""

from __future__ import annotations

import http.client
import json
import time
from typing import Any

_ACTIVE = "http.entry.downstream_rq_active"
_SETTLE_SECONDS = 5.0
"""How long a Service may still send calls to a pod that ends: its endpoint goes away a moment later."""


def drain(admin_port: int, seconds: float, *, settle: float = _SETTLE_SECONDS, pause: float = 1.0) -> int:
    """Wait until Envoy has no call left, `seconds` at most; return how many were left, -1 where Envoy is not there."""
    end = time.monotonic() + seconds
    try:
        # Readiness fails from now on, and answers say that the connection closes.
        _ask(admin_port, "POST", "/healthcheck/fail")
        time.sleep(min(settle, seconds))
        _ask(admin_port, "POST", "/drain_listeners?graceful&skip_exit")
        left = _active(admin_port)
        while left and time.monotonic() < end:
            time.sleep(pause)
            left = _active(admin_port)
    except (OSError, http.client.HTTPException, ValueError):
        return -1
    return left


def _active(admin_port: int) -> int:
    stats: list[dict[str, Any]] = json.loads(_ask(admin_port, "GET", f"/stats?format=json&filter=^{_ACTIVE}$"))["stats"]
    return sum(int(entry.get("value", 0)) for entry in stats)


def _ask(port: int, method: str, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
    finally:
        connection.close()
    if answer.status != 200:
        raise OSError(f"{path}: {answer.status}")
    return text
