"""Rules about composed names: none too long, no two alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from components import naming
from infra.catalog import Catalog
from infra.faults import Fault
from infra.rules.common import too_long
from infra.settings import Kitchen, Settings


def name_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """Names derived from those in the settings must be DNS labels."""
    for tenant in settings.tenants:
        yield from too_long(f"tenants.{tenant}", "namespace", naming.namespace(tenant, settings.environment))
    for name, kitchen in settings.kitchens.items():
        host = naming.predictor_host(name, kitchen.tenant, settings.environment)
        composed = {"host name": host, "claim": naming.base_model_claim(kitchen.base_model)}
        for what, text in composed.items():
            yield from too_long(f"kitchens.{name}", what, text)


def twin_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """Names composed of two others can be equal where none of those is."""
    composed: dict[str, Callable[[Kitchen], str]] = {
        "user of the object store": lambda k: naming.reader_user(k.name, k.tenant, settings.environment),
        "volume": lambda k: f"{k.tenant}-{naming.base_model_claim(k.base_model)}",
    }
    for what, compose in composed.items():
        first: dict[str, Kitchen] = {}
        for kitchen in settings.kitchens.values():
            name = compose(kitchen)
            twin = first.setdefault(name, kitchen)
            if what == "volume" and (twin.tenant, twin.base_model) == (kitchen.tenant, kitchen.base_model):
                continue
            if twin is not kitchen:
                rule = f"its {what} would have the same name as that of kitchens.{twin.name}"
                yield Fault(path=f"kitchens.{kitchen.name}", value=name, rule=rule, example="another name")
