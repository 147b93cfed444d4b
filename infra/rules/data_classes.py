"""Rules about data classes: whoever may call a model is cleared for the data that it was trained on."""

from __future__ import annotations

from collections.abc import Iterator

from infra.catalog import Catalog
from infra.faults import Fault
from infra.grants import Granted, granted
from infra.rules.common import adapter_path
from infra.settings import Kitchen, Settings


def data_class_faults(settings: Settings, catalog: Catalog) -> Iterator[Fault]:
    """Each group of a grant must be cleared for each data class of the model; without an entry nobody holds it.

    An adapter has the classes of its base model, too, and a model those of its canary.
    """
    if settings.entry is None:
        yield from _without_entry(settings, catalog)
        return
    for grant in granted(settings):
        kitchen = settings.kitchens[grant.model.kitchen]
        for name, ref in _classes(settings, catalog, kitchen, grant.model.adapter):
            cleared = settings.entry.clearances.get(name, ())
            for group in grant.groups:
                if group not in cleared:
                    yield _not_cleared(grant, group, name, ref)


def _without_entry(settings: Settings, catalog: Catalog) -> Iterator[Fault]:
    for kitchen in settings.kitchens.values():
        held: list[tuple[str, str, tuple[str, ...]]] = [
            (f"kitchens.{kitchen.name}.baseModel", kitchen.base_model, _of_base(catalog, kitchen))
        ]
        for index, ref in enumerate(kitchen.adapters):
            held.append((adapter_path(kitchen, index), ref, _of_adapter(catalog, ref)))
        for path, ref, classes in held:
            if classes:
                rule = f"is of the data class {', '.join(classes)}, and without an entry nobody decides who calls it"
                yield Fault(path=path, value=ref, rule=rule, example="entry: {host: ai.kitchen.example, ...}")


def _not_cleared(grant: Granted, group: str, name: str, ref: str) -> Fault:
    kitchen, where, *_ = grant.name.split("/")
    path = (
        f"tenants.{grant.model.tenant}.groups.caller"
        if where == "callers"
        else f"kitchens.{kitchen}.access[{where.removeprefix('access-')}].groups"
    )
    why = f"{ref} is of the data class {name}, and entry.clearances has no such group for it"
    rule = f"may not call {grant.model.name}: {why}"
    return Fault(path=path, value=group, rule=rule, example=f"entry: {{clearances: {{{name}: [{group}]}}}}")


def _classes(settings: Settings, catalog: Catalog, kitchen: Kitchen, adapter: str | None) -> Iterator[tuple[str, str]]:
    """Data classes of a model, each with the catalog reference that has it."""
    canary = settings.canary(kitchen.name)
    served = [kitchen] if canary is None else [kitchen, canary]
    found: dict[str, str] = {}
    for one in served:
        for name in _of_base(catalog, one):
            found.setdefault(name, one.base_model)
        for ref in () if adapter is None else _named(one, adapter):
            for name in _of_adapter(catalog, ref):
                found.setdefault(name, ref)
    yield from found.items()


def _named(kitchen: Kitchen, adapter: str) -> list[str]:
    """Versions of an adapter in a kitchen: one, and its canary's."""
    return [ref for ref in kitchen.adapters if ref.split("/")[0] == adapter.split("/", maxsplit=1)[0]]


def _of_base(catalog: Catalog, kitchen: Kitchen) -> tuple[str, ...]:
    base = catalog.base_models.get(kitchen.base_model)
    return () if base is None else base.data_classes


def _of_adapter(catalog: Catalog, ref: str) -> tuple[str, ...]:
    adapter = catalog.adapters.get(ref)
    return () if adapter is None else adapter.data_classes
