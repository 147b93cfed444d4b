"""Semantic rules: what a JSON Schema cannot say about an environment's settings. One module a subject."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from infra.catalog import Catalog
from infra.faults import Fault
from infra.rules.capacity import capacity_faults, storage_faults
from infra.rules.environment import environment_faults
from infra.rules.hot_lora import hot_lora_faults
from infra.rules.kitchens import kitchens_faults
from infra.rules.names import name_faults, twin_faults
from infra.settings import Settings

RULES: tuple[Callable[[Settings, Catalog], Iterator[Fault]], ...] = (
    environment_faults,
    name_faults,
    twin_faults,
    capacity_faults,
    storage_faults,
    kitchens_faults,
    hot_lora_faults,
)


def semantic_faults(settings: Settings, catalog: Catalog) -> list[Fault]:
    """Return every violation of a semantic rule, or an empty list."""
    return [fault for rule in RULES for fault in rule(settings, catalog)]
