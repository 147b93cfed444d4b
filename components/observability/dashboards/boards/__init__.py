"""The dashboards of an environment, each for one reader."""

from __future__ import annotations

from components.observability.dashboards.boards import adapter, delivery, entry, environment, gpus, kitchen
from components.observability.dashboards.boards.common import BoardArgs
from components.observability.dashboards.model import Dashboard

__all__ = ["BoardArgs", "all_dashboards"]


def all_dashboards(args: BoardArgs) -> tuple[Dashboard, ...]:
    """Every dashboard, in the order in which one reads them."""
    return tuple(module.board(args) for module in (environment, kitchen, adapter, gpus, entry, delivery))
