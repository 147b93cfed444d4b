"""The way in: the entry that decides who may call what, addresses outside the cluster, calls shared with a canary."""

from __future__ import annotations

from components.entry.canary import Backend, WeightedRoute, WeightedRouteArgs
from components.entry.entry import Entry, EntryArgs
from components.entry.kitchen_pods import KitchenPods, KitchenPodsArgs
from components.entry.route import KitchenRoute, KitchenRouteArgs

__all__ = [
    "Backend",
    "Entry",
    "EntryArgs",
    "KitchenPods",
    "KitchenPodsArgs",
    "KitchenRoute",
    "KitchenRouteArgs",
    "WeightedRoute",
    "WeightedRouteArgs",
]
