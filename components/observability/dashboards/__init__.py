"""Dashboards: one description as plain data, and what Grafana and Perses take in made of it.

The type of resource is imported when it is asked for, as in the folder above.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from components.observability.dashboards.objects import Dashboards, DashboardsArgs

__all__ = ["Dashboards", "DashboardsArgs"]


def __getattr__(name: str) -> Any:
    """One of the public types; raise AttributeError for another name."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from components.observability.dashboards import objects  # noqa: PLC0415

    return getattr(objects, name)
