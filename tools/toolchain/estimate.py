"""How long builds take: recorded on one machine, scaled to the cores of this one, corrected by what this run needs."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable

TYPICAL_SECONDS = {
    "pulumi": 320.0,
    "language-python": 50.0,
    "kubernetes-provider": 640.0,
    "random-provider": 160.0,
    "kubernetes": 340.0,
    "kwok": 90.0,
    "kserve": 260.0,
    "minio": 165.0,
    "crds": 10.0,
    "istio": 370.0,
    "ratelimit": 40.0,
    "copier": 20.0,
    "registry": 75.0,
    "prometheus": 165.0,
    "alertmanager": 30.0,
    "kube-state-metrics": 90.0,
    "seaweedfs": 200.0,
    "actionlint": 26.0,
    "argocd": 480.0,
    "tekton": 270.0,
    "gitea": 430.0,
}
"""Seconds on two cores, with a module mirror near by, when all are built in this order and Go's caches were empty."""

_ALONE_SECONDS = {"random-provider": (240.0, frozenset({"pulumi", "kubernetes-provider"}))}
"""What a build takes if none of these is built before it: then their common packages are compiled for it."""


_RECORDED_ON_CORES = 2
_SERIAL_SHARE = 0.3
"""Linking, and waiting for modules: more cores do not help."""

_PRIOR_SECONDS = 60.0
"""How much of the record a run must have repeated before its own speed counts as much as the record."""


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0))


def expected_seconds(families: Iterable[str], on_cores: int) -> dict[str, float]:
    """Return what the build of each family takes on that many cores, when they are built one after another."""
    names = list(families)
    scale = _SERIAL_SHARE + (1 - _SERIAL_SHARE) * _RECORDED_ON_CORES / on_cores
    found: dict[str, float] = {}
    for name in names:
        alone, others = _ALONE_SECONDS.get(name, (TYPICAL_SECONDS[name], frozenset({name})))
        found[name] = scale * (TYPICAL_SECONDS[name] if others & {*found, name} else alone)
    return found


def minutes_text(seconds: float) -> str:
    """Return such as `28 minutes`, `a minute` or `under a minute`."""
    minutes = round(seconds / 60)
    if seconds < 45:
        return "under a minute"
    return "a minute" if minutes <= 1 else f"{minutes} minutes"


class Estimate:
    """What is left of a run that builds one family after another."""

    def __init__(self, families: Iterable[str], on_cores: int | None = None) -> None:
        """Expect a build of each family."""
        self._expected = expected_seconds(families, on_cores or cores())
        self._left = dict(self._expected)
        self._needed: dict[str, float] = {}
        self._current: tuple[str, float] | None = None
        self._lock = threading.Lock()

    @property
    def families(self) -> tuple[str, ...]:
        """The families whose builds are not finished."""
        return tuple(self._left)

    def begin(self, family: str) -> None:
        """The build of a family starts now."""
        with self._lock:
            self._current = (family, time.monotonic())

    def end(self, family: str, seconds: float | None = None) -> None:
        """A family is ready; `seconds` is what its build needed, None if another process has built it."""
        with self._lock:
            self._left.pop(family, None)
            self._current = None
            if seconds is not None:
                self._needed[family] = seconds

    def left_seconds(self) -> tuple[float, float]:
        """Return the seconds left of the current build, and of all of them."""
        with self._lock:
            speed = self._speed()
            name, since = self._current or ("", 0.0)
            mine = max(0.0, self._left.get(name, 0.0) * speed - (time.monotonic() - since)) if name else 0.0
            others = sum(seconds for family, seconds in self._left.items() if family != name)
            return mine, mine + others * speed

    def _speed(self) -> float:
        """This run's seconds for one second of the record; the record itself weighs as much as one minute of it."""
        expected = _PRIOR_SECONDS + sum(self._expected[family] for family in self._needed)
        needed = _PRIOR_SECONDS + sum(self._needed.values())
        if self._current is not None:
            name, since = self._current
            mine, elapsed = self._expected.get(name, 0.0), time.monotonic() - since
            if elapsed > mine * needed / expected:  # what takes longer than thought is news before it has ended
                expected, needed = expected + mine, needed + elapsed
        return needed / expected
