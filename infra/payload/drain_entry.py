"""Let Envoy's calls come to their end before the pod does.

Envoy ends at once when it is told to, and with it whatever a caller sends at that moment. Here it is told to drain:
each answer closes its connection from then on. Its end waits until callers have closed all connections; and where some
stay open and say nothing, until no call has come for a while.
"""

from __future__ import annotations

import http.client
import json
import time
from typing import Any, NamedTuple
from urllib.parse import quote

_STATS = "http.entry.downstream_"
_SETTLE_SECONDS = 5.0
"""How long a Service may still send calls to a pod that ends: its endpoint goes away a moment later."""

_QUIET_SECONDS = 60.0
"""After which a connection without a call is no reason to stay: callers keep such a one for seconds, some for ever."""


class _Load(NamedTuple):
    """What Envoy has now, and all calls that it ever had: one may come and go between two looks."""

    calls: int
    connections: int
    ever: int


def drain(
    admin_port: int,
    seconds: float,
    *,
    settle: float = _SETTLE_SECONDS,
    pause: float = 1.0,
    quiet: float = _QUIET_SECONDS,
) -> int:
    """Wait until Envoy has no caller left, `seconds` at most, or no call for `quiet` seconds.

    Return how many calls were left, -1 where Envoy is not there.
    """
    end = time.monotonic() + seconds
    try:
        # Readiness fails from now on, and answers say that the connection closes.
        _ask(admin_port, "POST", "/healthcheck/fail")
        time.sleep(min(settle, seconds))
        _ask(admin_port, "POST", "/drain_listeners?graceful&skip_exit")
        now, since = _load(admin_port), time.monotonic()
        while now.connections and time.monotonic() < (end if now.calls else min(end, since + quiet)):
            time.sleep(pause)
            before, now = now, _load(admin_port)
            if now.calls or now.ever != before.ever:
                since = time.monotonic()
    except (OSError, http.client.HTTPException, ValueError):
        return -1
    return now.calls


def _load(admin_port: int) -> _Load:
    wanted = quote(rf"^{_STATS}(rq_active|cx_active|rq_total)$")
    stats: list[dict[str, Any]] = json.loads(_ask(admin_port, "GET", f"/stats?format=json&filter={wanted}"))["stats"]
    found = {str(entry.get("name")).rpartition(_STATS)[2]: int(entry.get("value", 0)) for entry in stats}
    return _Load(*(found.get(name, 0) for name in ("rq_active", "cx_active", "rq_total")))


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
