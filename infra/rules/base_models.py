"""Rules about the base models on tenants' volumes: what is held, how many versions, and how they get there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from components import naming
from infra.catalog import FETCH_IMAGE, Catalog
from infra.faults import Fault
from infra.rules.common import known, state_faults, too_long
from infra.settings import Settings


def base_model_faults(settings: Settings, catalog: Catalog) -> Iterator[Fault]:
    """What tenants hold must be in the catalog, allowed, and few enough; a load must be able to write."""
    if settings.storage.access_mode == "ReadOnlyMany":
        rule = "the load Job writes the volume: servers mount it read-only in any mode"
        yield Fault(path="storage.accessMode", value="ReadOnlyMany", rule=rule, example="ReadWriteMany")
    for name, tenant in settings.tenants.items():
        path = f"tenants.{name}"
        if tenant.base_models and settings.phase == 1:
            rule = "phase 1 builds the foundation only: base models come from phase 2 on"
            yield Fault(path=f"{path}.baseModels", value=list(tenant.base_models), rule=rule, example="phase: 2")
        for index, ref in enumerate(tenant.base_models):
            where = f"{path}.baseModels[{index}]"
            yield from known(where, ref, catalog.base_models, "a base model of the catalog")
            yield from too_long(where, "claim", naming.base_model_claim(ref))
            if ref in catalog.base_models:
                yield from state_faults(settings, where, ref, catalog.base_models[ref].state)
        held = settings.held(name)
        if held:
            image = catalog.images.get(FETCH_IMAGE)
            yield from known(path, FETCH_IMAGE, catalog.images, "an image of the catalog: it loads the base models")
            if image is not None:
                yield from state_faults(settings, path, f"image {image.name}", image.state)
        yield from _too_many(settings, path, held)


def _too_many(settings: Settings, path: str, held: list[str]) -> Iterator[Fault]:
    keep = settings.storage.keep_versions
    for model, count in Counter(ref.split("/")[0] for ref in held).items():
        if count > keep:
            found = sorted(ref for ref in held if ref.split("/")[0] == model)
            rule = f"{count} versions of {model} on the tenant's volumes, storage.keepVersions allows {keep}"
            yield Fault(path=f"{path}.baseModels", value=found, rule=rule, example=f"{found[-1]} alone")


def claim_twin_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """Two of a tenant's base models must not have one claim: `a.b/v1` and `a-b/v1` would."""
    for name in settings.tenants:
        first: dict[str, str] = {}
        for ref in settings.held(name):
            twin = first.setdefault(naming.base_model_claim(ref), ref)
            if twin != ref:
                rule = f"its volume would have the same name as that of {twin}"
                yield Fault(path=f"tenants.{name}.baseModels", value=ref, rule=rule, example="another base model")
