"""When the made day is: always the same one, so that a picture made twice is the same picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

END = 1_793_894_400
"""2026-11-05 16:00 UTC, a multiple of an hour: the last moment of the made series."""

HOUR = 3600
FINE_SECONDS = 30
"""As far apart as scrapes are; for the last hour and a half, of which the pictures show one."""
FINE_HOURS = 1.5
COARSE_SECONDS = 600
FINE_STARTS, DAY_STARTS = END - int(FINE_HOURS * HOUR), END - 28 * HOUR

Values = NDArray[np.float64]


def moments() -> Values:
    """A day in steps of ten minutes, then an hour and a half in steps of a scrape; seconds since 1970."""
    coarse = np.arange(DAY_STARTS, FINE_STARTS, COARSE_SECONDS, dtype=np.float64)
    return np.concatenate([coarse, np.arange(FINE_STARTS, END + 1, FINE_SECONDS, dtype=np.float64)])


TIMES = moments()
HOURS = (TIMES - END) / HOUR
"""The same in hours before the end: -28 to 0."""


def grown(rate: Values) -> Values:
    """A counter out of what is added in a second."""
    return np.concatenate([[0.0], np.cumsum(np.diff(TIMES) * rate[1:])])


def rising(start: float, hours: float, height: float = 1.0) -> Values:
    """A ramp from 0 at `start` hours before the end, up to `height` within some hours."""
    return np.clip((HOURS + start) / hours, 0, 1) * height


def since(hours: float) -> Values:
    """1 for the last hours, and 0 before."""
    return (-hours <= HOURS).astype(np.float64)
