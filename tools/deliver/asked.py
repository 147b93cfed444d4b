"""By which names the models of a kitchen are called, and which names a right answer may bear."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infra.catalog import Catalog
from infra.declared import DeclaredKitchen
from infra.grants import Model, callers, models_of
from infra.settings import Kitchen, Settings


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A model by the name that a call has; its answer bears one of `names`. With a `why` it is not called."""

    model: str
    names: frozenset[str] = frozenset()
    why: str = ""


_UNNAMED = "embed"
"""Of such a kitchen vLLM 0.27.1 names the base model in every answer, whatever adapter has made the vector."""


def of_pods(kitchen: DeclaredKitchen, task: str) -> Iterator[Asked]:
    """The names that a kitchen's own servers know, canaries among them."""
    also = {kitchen.base_model.name} if task == _UNNAMED else set()
    for model in kitchen.models:
        yield Asked(model=model, names=frozenset({model, *also}))


def of_entry(kitchen: Kitchen, settings: Settings, catalog: Catalog) -> Iterator[Asked]:
    """The public names: an adapter's own, and the kitchen's for its base model. A canary has none: it answers by those.

    A server names itself in its answer, so that the name there is not always the public one.
    """
    if kitchen.canary_of is not None:
        yield Asked(model=kitchen.name, why=f"a canary, which answers by the names of {kitchen.canary_of}")
        return
    groups, canary = callers(settings), settings.canary(kitchen.name)
    for model in models_of(kitchen):
        if groups[model.name]:
            inside = {name for one in (kitchen, canary) if one is not None for name in _inside(one, model, catalog)}
            yield Asked(model=model.name, names=frozenset({model.name, *inside}))
        else:
            yield Asked(model=model.name, why="the settings let nobody call it")
    for one in kitchen.adapter_canaries:
        yield Asked(model=one.served_name, why=f"a canary, which answers by the name of {one.name}")


def _inside(kitchen: Kitchen, model: Model, catalog: Catalog) -> list[str]:
    """What servers of a kitchen call a model: its base model by its own name, an adapter's canary by another one."""
    base = catalog.base_models[kitchen.base_model].name
    if model.adapter is None:
        return [base]
    others = [one.served_name for one in kitchen.adapter_canaries if one.name == model.name and one.weight > 0]
    return [*others, *([base] if kitchen.task == _UNNAMED else [])]
