"""Rules about prices: they are of pools and kitchens that there are."""

from __future__ import annotations

from collections.abc import Iterator

from infra.catalog import Catalog
from infra.faults import Fault
from infra.rules.common import known
from infra.settings import Settings


def price_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """A price that nothing has would be taken for one that counts."""
    kitchens = {name: one for name, one in settings.kitchens.items() if one.canary_of is None}
    for pool in settings.prices.gpu_hour:
        yield from known("prices.gpuHour", pool, settings.gpu_pools, "a pool of gpuPools")
    for name in settings.prices.kitchens:
        yield from known("prices.kitchens", name, kitchens, "a kitchen")
