"""What is seen of an environment: what Prometheus scrapes, and the one table of its rules.

The types of resources are imported when they are asked for: settings and commands read the table, and need not wait for
the engine's SDK, which takes half a second.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from components.observability.monitor import KitchenMonitor, KitchenMonitorArgs
    from components.observability.monitoring import Monitoring, MonitoringArgs

__all__ = [
    "KitchenMonitor",
    "KitchenMonitorArgs",
    "Monitoring",
    "MonitoringArgs",
]
_PLACES = {
    **dict.fromkeys(("KitchenMonitor", "KitchenMonitorArgs"), "components.observability.monitor"),
    **dict.fromkeys(("Monitoring", "MonitoringArgs"), "components.observability.monitoring"),
}


def __getattr__(name: str) -> Any:
    """One of the public types; raise AttributeError for another name."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
