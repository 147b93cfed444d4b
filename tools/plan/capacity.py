"""GPUs, quotas, pools, memory and cost before and after: only what differs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from infra.gpu_prices import gpu_hour_prices
from infra.memory import fit_of, not_counted
from infra.settings import Kitchen, Settings
from ops.plan.report import Entry
from tools.plan.facts import Facts

HOURS = 730
"""Hours of a month, as clouds count them."""


def capacity(before: Facts | None, after: Facts) -> Entry:
    """The section `gpus` of a report."""
    old = before.settings if before else None
    tenants, pools = _tenants(old, after.settings), _pools(old, after.settings)
    memory, cost = _memory(before, after), _cost(old, after.settings)
    told = [*_left_out(after, {entry["kitchen"] for entry in memory})]
    if tenants or pools or cost:
        told += _without_price(after.settings)
    return {"tenants": tenants, "pools": pools, "memory": memory, "cost": cost, "notCounted": told}


def _tenants(before: Settings | None, after: Settings) -> list[Entry]:
    old, new = _of_tenants(before), _of_tenants(after)
    return [
        {
            "tenant": name,
            "before": old.get(name, (0, 0))[0],
            "after": new.get(name, (0, 0))[0],
            "quotaBefore": old.get(name, (0, 0))[1],
            "quotaAfter": new.get(name, (0, 0))[1],
        }
        for name in {**new, **old}
        if old.get(name) != new.get(name)
    ]


def _of_tenants(settings: Settings | None) -> dict[str, tuple[int, int]]:
    """GPUs at most, rollouts included, and the quota."""
    if settings is None:
        return {}
    return {
        name: (sum(kitchen.peak_gpus for kitchen in settings.kitchens_of(name)), tenant.quota.gpus)
        for name, tenant in settings.tenants.items()
    }


def _pools(before: Settings | None, after: Settings) -> list[Entry]:
    old, new = _of_pools(before), _of_pools(after)
    return [
        {
            "pool": name,
            "before": old.get(name, (0, 0))[0],
            "after": new.get(name, (0, 0))[0],
            "sizeBefore": old.get(name, (0, 0))[1],
            "sizeAfter": new.get(name, (0, 0))[1],
        }
        for name in {**new, **old}
        if old.get(name) != new.get(name)
    ]


def _of_pools(settings: Settings | None) -> dict[str, tuple[int, int]]:
    if settings is None:
        return {}
    used: dict[str, int] = defaultdict(int)
    for kitchen in settings.kitchens.values():
        used[kitchen.pool] += kitchen.peak_gpus
    return {name: (used[name], pool.gpus) for name, pool in settings.gpu_pools.items()}


def _memory(before: Facts | None, after: Facts) -> list[Entry]:
    """Of one GPU of each kitchen, where the share of it that is used is another one."""
    entries: list[Entry] = []
    for name, kitchen in after.settings.kitchens.items():
        fit = fit_of(kitchen, after.settings.gpu_pools[kitchen.pool], after.catalog)
        was = before.settings.kitchens.get(name) if before else None
        old = fit_of(was, before.settings.gpu_pools[was.pool], before.catalog) if before and was else None
        shares = ("" if old is None else f"{old.percent:.0f} %", f"{fit.percent:.0f} %")
        if shares[0] != shares[1]:
            entries.append({"kitchen": name, "before": shares[0], "after": shares[1], "verdict": fit.verdict})
    return entries


def _left_out(after: Facts, kitchens: set[str]) -> Iterator[str]:
    """What the memory of kitchens that change does not count, each by name."""
    for name in sorted(kitchens):
        kitchen = after.settings.kitchens[name]
        if parts := not_counted(kitchen, after.catalog.base_models[kitchen.base_model]):
            yield f"memory of {name}: {', '.join(parts)}"


def _cost(before: Settings | None, after: Settings) -> list[Entry]:
    old, new = _monthly(before), _monthly(after)
    return [
        {"currency": one, "before": _money(old.get(one)), "after": _money(new.get(one))}
        for one in sorted({*old, *new})
        if old.get(one) != new.get(one)
    ]


def _monthly(settings: Settings | None) -> Mapping[str, Decimal]:
    """Cost of the GPUs of a month by currency, with as many pods as are stated; nothing without a price."""
    if settings is None or settings.prices.currency is None:
        return {}
    prices = gpu_hour_prices(settings)
    found = [prices[name] * _steady(kitchen) * HOURS for name, kitchen in settings.kitchens.items() if name in prices]
    return {settings.prices.currency: sum(found, Decimal(0))} if found else {}


def _steady(kitchen: Kitchen) -> int:
    """GPUs outside of rollouts; of an autoscaled kitchen those of its fewest pods."""
    pods = kitchen.replicas if kitchen.autoscaling is None else kitchen.autoscaling.min_replicas
    return pods * kitchen.runtime.tensor_parallel_size


def _without_price(settings: Settings) -> Iterator[str]:
    prices: Mapping[str, Any] = gpu_hour_prices(settings)
    pools = sorted({kitchen.pool for name, kitchen in settings.kitchens.items() if name not in prices})
    if pools:
        yield f"cost: no price of a GPU hour is stated for {', '.join(pools)}"
    scaled = sorted(name for name, kitchen in settings.kitchens.items() if kitchen.autoscaling and name in prices)
    if scaled:
        yield f"cost: {', '.join(scaled)} with the fewest pods of its autoscaling"


def _money(value: Decimal | None) -> str:
    return "" if value is None else f"{value:.2f}"
