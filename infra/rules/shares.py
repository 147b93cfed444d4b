"""Rules about the fair share of tenants on one kitchen: what is stated must hold for somebody."""

from __future__ import annotations

from collections.abc import Iterator

from infra.catalog import Catalog
from infra.entry_settings import FairShare
from infra.faults import Fault
from infra.grants import reaching
from infra.rules.common import known
from infra.settings import Settings


def share_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """A share is held by the entry, between tenants that reach the kitchen, and only where it is not switched off."""
    if all(kitchen.fair_share == FairShare() for kitchen in settings.kitchens.values()):
        return
    tenants = reaching(settings)
    for kitchen in settings.kitchens.values():
        said, path = kitchen.fair_share, f"kitchens.{kitchen.name}.fairShare"
        if kitchen.canary_of is not None or said == FairShare():
            continue
        callers = dict.fromkeys(tenants.get(kitchen.name, ()))
        if settings.entry is None:
            rule, example = "nobody holds it: this file states no entry", "entry: {host: ai.kitchen.example, ...}"
            yield Fault(path=path, value=_shown(said), rule=rule, example=example)
        elif not said.enabled and (said.at_once is not None or said.parts):
            rule = "is switched off, and says how much"
            yield Fault(path=path, value=_shown(said), rule=rule, example="enabled: false alone, or no enabled")
        elif said.enabled and len(callers) < 2:
            rule = f"callers of one tenant alone reach the kitchen ({', '.join(callers) or 'none'}): nobody shares"
            example = "no fairShare, or access: [{groups: [sales-callers]}]"
            yield Fault(path=path, value=_shown(said), rule=rule, example=example)
        else:
            for tenant in said.parts:
                yield from known(f"{path}.parts", tenant, callers, "a tenant whose callers reach the kitchen")


def _shown(said: FairShare) -> str:
    stated = {"enabled": said.enabled, "atOnce": said.at_once, "parts": dict(said.parts) or None}
    return ", ".join(f"{key}: {value}" for key, value in stated.items() if value is not None)
