"""Rules about canaries of single adapters: two versions in the same servers, whose calls the entry shares."""

from __future__ import annotations

from collections.abc import Iterator

from infra.adapter_refs import AdapterCanary
from infra.catalog import Catalog
from infra.faults import Fault
from infra.grants import models
from infra.rules.common import adapter_path
from infra.settings import Kitchen, Settings

_OPERATIONS = 4


def adapter_canary_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """A canary of an adapter needs the entry, phase 4, static servers, a version of its own and a name of its own."""
    names = {model.name for model in models(settings)}
    for kitchen in settings.kitchens.values():
        for index, canary in enumerate(kitchen.adapter_canaries, start=len(kitchen.public_adapters)):
            path = adapter_path(kitchen, index)
            for rule, example in _broken(settings, kitchen, canary):
                yield Fault(path=path, value=canary.ref, rule=rule, example=example)
            if canary.served_name in names:
                rule = "servers would know it by the name of another model"
                yield Fault(path=path, value=canary.served_name, rule=rule, example="another name for that model")


def _broken(settings: Settings, kitchen: Kitchen, canary: AdapterCanary) -> Iterator[tuple[str, str]]:
    """Rules that a canary breaks, each with an example."""
    if settings.entry is None:
        yield "the entry shares the calls of an adapter, and this file states none", "entry: {host: ai.kitchen.example}"
    if settings.phase < _OPERATIONS:
        yield f"a canary belongs to operations: it comes with phase {_OPERATIONS}", f"phase: {_OPERATIONS}"
    if kitchen.hot:
        yield (
            "adapters of a kitchen in hot mode change without new pods: a canary is for static ones",
            "loraMode: static",
        )
    if kitchen.canary_of is not None or settings.canary(kitchen.name) is not None:
        yield (
            "the kitchen has a canary of its own: one share at a time",
            "the adapter's canary alone",
        )
    if canary.ref in kitchen.public_adapters:
        yield "is the version that it shall be tried beside", "canary: {version: v2026-03-01, weight: 10}"
