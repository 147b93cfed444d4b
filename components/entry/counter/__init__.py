"""One counter of requests and tokens for all of an environment's Envoys."""

from __future__ import annotations

from components.entry.counter.server import Counter, CounterArgs, host

__all__ = ["Counter", "CounterArgs", "host"]
