"""Patience with models that are on their way: a list of adapters reaches pods when the kubelet looks, minutes later."""

from __future__ import annotations

import time
from collections.abc import Callable

from tools.progress import note

LOADED_SECONDS = 240.0
"""The kubelet brings a changed ConfigMap within two of its minutes, and the sidecar then fetches and loads."""

_PAUSE_SECONDS = 5.0
_NOT_YET = (404, 503)
"""Of a server that does not know an adapter yet, and of an entry behind which no server is there yet."""


class Waiting:
    """One patience for all models of a delivery: it begins with the first of them that is not there yet."""

    def __init__(
        self,
        seconds: float,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is waited for; `seconds` is how long anything may be."""
        self._seconds, self._sleep, self._clock = seconds, sleep, clock
        self._begun: float | None = None

    def again(self, model: str, status: int) -> bool:
        """Whether a model that answers with `status` is to be called again; the pause before it has passed then."""
        if status not in _NOT_YET:
            return False
        now = self._clock()
        self._begun = now if self._begun is None else self._begun
        if (gone := now - self._begun) >= self._seconds:
            return False
        limit = f"{gone:.0f} of at most {self._seconds:.0f} s"
        note(f"deliver: {model} is not there yet (status {status}) and is called again ... {limit}")
        self._sleep(_PAUSE_SECONDS)
        return True
