"""What calls and GPUs cost, as the settings state it: for `kitchen usage` and the dashboards; no pod knows of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, kw_only=True)
class KitchenPrices:
    """Prices of one kitchen; None is that of all."""

    thousand_tokens: Decimal | None = None
    gpu_hour: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class PriceSettings:
    """In one currency. `gpu_hour` is of one GPU, by pool; None and nothing are no price."""

    currency: str | None = None
    thousand_tokens: Decimal | None = None
    gpu_hour: Mapping[str, Decimal] = field(default_factory=dict)
    kitchens: Mapping[str, KitchenPrices] = field(default_factory=dict)


def price_settings(data: Mapping[str, Any]) -> PriceSettings:
    """The prices, out of what the schema has passed."""
    return PriceSettings(
        currency=data.get("currency"),
        thousand_tokens=_price(data.get("thousandTokens")),
        gpu_hour={pool: Decimal(str(price)) for pool, price in data.get("gpuHour", {}).items()},
        kitchens={
            name: KitchenPrices(
                thousand_tokens=_price(said.get("thousandTokens")), gpu_hour=_price(said.get("gpuHour"))
            )
            for name, said in data.get("kitchens", {}).items()
        },
    )


def _price(value: float | None) -> Decimal | None:
    """As it is written: 0.1 is a tenth."""
    return None if value is None else Decimal(str(value))
