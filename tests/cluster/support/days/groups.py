"""Every group of days, in the order in which they are played."""

from __future__ import annotations

from tests.cluster.support.days import changed, not_ready, removed
from tests.cluster.support.days.day import Group

BY_HAND: tuple[Group, ...] = (removed.SINGLE, changed.FIELDS, changed.REPLACED, changed.LEFT, removed.NAMESPACES)
NOT_READY: tuple[Group, ...] = (removed.CLAIM, not_ready.PLACES, not_ready.EVICTED, not_ready.REFUSED)
GROUPS: tuple[Group, ...] = (*BY_HAND, *NOT_READY)
