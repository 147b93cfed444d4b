"""What is seen of a kitchen: the metrics that Prometheus takes."""

from __future__ import annotations

from components.observability.monitor import KitchenMonitor, KitchenMonitorArgs

__all__ = [
    "KitchenMonitor",
    "KitchenMonitorArgs",
]
