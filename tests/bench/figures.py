"""What a part of the bench has measured: figures by what and how large, and what is computed from them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.bench.processes import Done


@dataclass(kw_only=True)
class Figure:
    """One thing at one size: seconds of every run; `peak_mib` and `roles` are those of the run that took the most."""

    seconds: list[float] = field(default_factory=list)
    peak_mib: float = 0.0
    roles: Mapping[str, float] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """The middle of the runs."""
        return statistics.median(self.seconds)


class Figures:
    """Every figure of a part, by its name and the size it was measured at."""

    def __init__(self) -> None:
        """Begin with none; `resources` and `objects` say how much a size is."""
        self._held: dict[tuple[str, int], Figure] = {}
        self.resources: dict[int, int] = {}
        self.objects: dict[int, int] = {}

    def add(self, what: str, size: int, done: Done, seconds: float | None = None) -> None:
        """Take one run; `seconds` where it is not the whole of it."""
        figure = self._held.setdefault((what, size), Figure())
        figure.seconds.append(done.seconds if seconds is None else seconds)
        if done.peak_mib > figure.peak_mib:
            figure.peak_mib, figure.roles = done.peak_mib, dict(done.roles)

    def find(self, what: str, size: int) -> Figure | None:
        """The figure, or None where it was not measured."""
        return self._held.get((what, size))

    def points(self, what: str) -> list[tuple[int, float]]:
        """Number of resources and median seconds of every size that has it, smallest first."""
        return [
            (self.resources[size], figure.median)
            for size in sorted(self.resources)
            if (figure := self.find(what, size)) is not None
        ]

    def ratio(self, one: str, *others: str, size: int) -> float | None:
        """How much longer one thing takes than others together; None where one of them was not measured."""
        first, rest = self.find(one, size), [self.find(other, size) for other in others]
        if first is None or any(figure is None for figure in rest):
            return None
        return first.median / sum(figure.median for figure in rest if figure is not None)

    def names(self) -> list[str]:
        """What was measured, in the order of the first time."""
        return list(dict.fromkeys(what for what, _ in self._held))

    def plain(self) -> list[dict[str, Any]]:
        """All of it as plain data."""
        return list(self._plain())

    def _plain(self) -> Iterator[dict[str, Any]]:
        for (what, size), figure in self._held.items():
            yield {
                "what": what,
                "size": size,
                "resources": self.resources.get(size),
                "objects": self.objects.get(size),
                "seconds": [round(value, 3) for value in figure.seconds],
                "median": round(figure.median, 3),
                "peakMiB": round(figure.peak_mib),
                "peakMiBOf": {role: round(mib) for role, mib in sorted(figure.roles.items())},
            }


def growth(points: list[tuple[int, float]]) -> float | None:
    """The exponent of growth between the smallest and the largest size: 1 is linear, 2 is quadratic."""
    if len(points) < 2:
        return None
    (small, short), (large, long) = points[0], points[-1]
    return math.log(long / short) / math.log(large / small)


def slope_ms(points: list[tuple[int, float]]) -> float | None:
    """Milliseconds that each more resource costs between the smallest and the largest size."""
    if len(points) < 2:
        return None
    (small, short), (large, long) = points[0], points[-1]
    return 1000 * (long - short) / (large - small)
