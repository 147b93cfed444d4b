"""The way in: a kitchen's address outside the cluster, and calls shared with a canary."""

from __future__ import annotations

from components.entry.canary import Backend, WeightedRoute, WeightedRouteArgs
from components.entry.entry import Entry, EntryArgs
from components.entry.route import KitchenRoute, KitchenRouteArgs

__all__ = [
    "Backend",
    "Entry",
    "EntryArgs",
    "KitchenRoute",
    "KitchenRouteArgs",
    "WeightedRoute",
    "WeightedRouteArgs",
]
