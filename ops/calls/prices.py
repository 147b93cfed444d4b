"""What calls cost: prices out of the settings or the command line, and what of a month is not in the cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from infra.gpu_prices import gpu_hour_prices, with_canaries
from infra.price_settings import PriceSettings
from infra.settings import Kitchen, Settings


@dataclass(frozen=True, kw_only=True)
class Prices:
    """In one currency. `thousand_tokens` and `gpu_hour` are of every kitchen that has no price of its own.

    `gpu_hours` are those that a kitchen's GPUs were held; they are divided among its calls by their tokens. None and
    nothing are no price: what has none is no part of any cost.
    """

    currency: str | None = None
    thousand_tokens: Decimal | None = None
    thousand_tokens_of: Mapping[str, Decimal] = field(default_factory=dict)
    gpu_hour: Decimal | None = None
    gpu_hour_of: Mapping[str, Decimal] = field(default_factory=dict)
    gpu_hours: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def of_tokens(self) -> bool:
        """Whether tokens cost something somewhere."""
        return self.thousand_tokens is not None or bool(self.thousand_tokens_of)

    @property
    def of_gpus(self) -> bool:
        """Whether GPU hours cost something somewhere."""
        return self.gpu_hour is not None or bool(self.gpu_hour_of)

    def token(self, kitchen: str) -> Decimal | None:
        """Price of a thousand tokens of a kitchen."""
        return self.thousand_tokens_of.get(kitchen, self.thousand_tokens)

    def gpu(self, kitchen: str) -> Decimal | None:
        """Price of an hour of one of its GPUs."""
        return self.gpu_hour_of.get(kitchen, self.gpu_hour)

    def gpus(self, kitchen: str) -> Decimal | None:
        """What a kitchen's GPUs cost; None where price or hours are not known."""
        price, hours = self.gpu(kitchen), self.gpu_hours.get(kitchen)
        return None if price is None or hours is None else price * hours


def stated(settings: Settings) -> Prices:
    """The prices of the settings: a GPU's by the pool of each kitchen, unless the kitchen has one of its own."""
    said: PriceSettings = settings.prices
    return Prices(
        currency=said.currency,
        thousand_tokens=said.thousand_tokens,
        thousand_tokens_of=with_canaries(
            settings,
            {name: one.thousand_tokens for name, one in said.kitchens.items() if one.thousand_tokens is not None},
        ),
        gpu_hour_of=gpu_hour_prices(settings),
    )


def overridden(
    prices: Prices, tokens: Decimal | None, gpu_hour: Decimal | None, hours: Mapping[str, Decimal]
) -> Prices:
    """With prices of the command line in place of those that are stated, for all kitchens."""
    if tokens is not None:
        prices = replace(prices, thousand_tokens=tokens, thousand_tokens_of={})
    if gpu_hour is not None:
        prices = replace(prices, gpu_hour=gpu_hour, gpu_hour_of={})
    return replace(prices, gpu_hours=dict(hours))


def not_counted(prices: Prices, tokens: Mapping[str, int], untold: int, settings: Settings, days: int) -> Sequence[str]:
    """What is no part of the cost, a line each. `tokens` are those of each kitchen; the month has `days`.

    The record does not say how long GPUs were held. What the settings of today would make of a whole month is told.
    """
    found = [*_tokens(prices, tokens, untold)] if prices.of_tokens else []
    if prices.of_gpus or prices.gpu_hours:
        for name in sorted({*settings.kitchens, *prices.gpu_hours, *(name for name, some in tokens.items() if some)}):
            if name in settings.kitchens or name in tokens:
                found += _gpus(prices, name, tokens.get(name, 0), settings.kitchens.get(name), days)
            else:
                found.append(f"GPU hours of {name}: neither the settings nor the calls of the month have this kitchen")
    return found


def _tokens(prices: Prices, tokens: Mapping[str, int], untold: int) -> Iterator[str]:
    if untold:
        yield f"tokens of {untold} calls: their servers told none"
    for name, some in sorted(tokens.items()):
        if some and prices.token(name) is None:
            yield f"{some} tokens of {name}: no price is stated for them"


def _gpus(prices: Prices, name: str, tokens: int, kitchen: Kitchen | None, days: int) -> Iterator[str]:
    hours = prices.gpu_hours.get(name)
    if prices.gpu(name) is None:
        pool = f" for pool {kitchen.pool}" if kitchen is not None else ""
        yield f"GPU hours of {name}: no price is stated{pool}"
    elif hours is None:
        known = "the settings do not have it" if kitchen is None else _month(kitchen, days)
        yield f"GPU hours of {name}: give them by --gpu-hours {name}=HOURS ({known})"
    elif hours and not tokens:
        yield f"{hours} GPU hours of {name}: no call has tokens by which they could be divided"


def _month(kitchen: Kitchen, days: int) -> str:
    gpus, scaling = kitchen.runtime.tensor_parallel_size, kitchen.autoscaling
    least, most = (kitchen.replicas,) * 2 if scaling is None else (scaling.min_replicas, scaling.max_replicas)
    each = 24 * days * gpus
    servers, hours = (
        (str(most), str(most * each)) if least == most else (f"{least} to {most}", f"{least * each} to {most * each}")
    )
    return f"as the settings stand, servers: {servers}, GPUs each: {gpus}, a whole month: {hours}"
