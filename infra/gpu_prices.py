"""What an hour of one of a kitchen's GPUs costs, out of the settings: for `kitchen usage` and the dashboards alike."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from infra.settings import Settings


def gpu_hour_prices(settings: Settings) -> dict[str, Decimal]:
    """By kitchen: its own price, or else that of its pool. A kitchen without either is not there."""
    said = settings.prices
    own = {name: one.gpu_hour for name, one in said.kitchens.items() if one.gpu_hour is not None}
    pools = {
        name: said.gpu_hour[kitchen.pool]
        for name, kitchen in settings.kitchens.items()
        if kitchen.pool in said.gpu_hour
    }
    return {**pools, **with_canaries(settings, own)}


def with_canaries(settings: Settings, of: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """A canary's servers cost what those of its kitchen do."""
    canaries = {name: str(one.canary_of) for name, one in settings.kitchens.items() if one.canary_of is not None}
    return {**{name: of[kitchen] for name, kitchen in canaries.items() if kitchen in of}, **of}
