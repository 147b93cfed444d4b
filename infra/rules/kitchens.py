"""Rules about one kitchen: what it refers to, and its adapters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from infra.catalog import FETCH_IMAGE, Adapter, Catalog
from infra.faults import Fault
from infra.rules.common import adapter_path, known, state_faults
from infra.settings import Kitchen, Settings


def kitchens_faults(settings: Settings, catalog: Catalog) -> Iterator[Fault]:
    """Every kitchen refers to what exists and may run."""
    for kitchen in settings.kitchens.values():
        yield from _kitchen_faults(settings, catalog, kitchen)


def _kitchen_faults(settings: Settings, catalog: Catalog, kitchen: Kitchen) -> Iterator[Fault]:
    path = f"kitchens.{kitchen.name}"
    yield from known(f"{path}.tenant", kitchen.tenant, settings.tenants, "a tenant of this file")
    yield from known(f"{path}.pool", kitchen.pool, settings.gpu_pools, "a GPU pool of this file")
    yield from known(f"{path}.runtime.image", kitchen.runtime.image, catalog.images, "an image of the catalog")
    yield from known(f"{path}.baseModel", kitchen.base_model, catalog.base_models, "a base model of the catalog")
    states = {"baseModel": catalog.base_models.get(kitchen.base_model)}
    for key, entry in states.items():
        if entry is not None:
            yield from state_faults(settings, f"{path}.{key}", entry.ref, entry.state)
    image = catalog.images.get(kitchen.runtime.image)
    if image is not None:
        yield from state_faults(settings, f"{path}.runtime.image", image.name, image.state)
    if kitchen.adapters or kitchen.hot:
        fetch = catalog.images.get(FETCH_IMAGE)
        what = "an image of the catalog: it fetches the adapters"
        yield from known(f"{path}.adapters", FETCH_IMAGE, catalog.images, what)
        if fetch is not None:
            yield from state_faults(settings, f"{path}.adapters", f"image {fetch.name}", fetch.state)
    yield from _lora_faults(settings, catalog, kitchen)


def _lora_faults(settings: Settings, catalog: Catalog, kitchen: Kitchen) -> Iterator[Fault]:
    path = f"kitchens.{kitchen.name}"
    runtime = kitchen.runtime
    if kitchen.adapters and settings.phase < 3:
        rule = "LoRA adapters are added in phase 3, never together with the first base model"
        yield Fault(path=f"{path}.adapters", value=list(kitchen.adapters), rule=rule, example="phase: 3")
    if runtime.max_cpu_loras is not None and runtime.max_cpu_loras < runtime.max_loras:
        yield Fault(
            path=f"{path}.runtime.maxCpuLoras",
            value=runtime.max_cpu_loras,
            rule=f"must be at least maxLoras ({runtime.max_loras}): vLLM refuses to start otherwise",
            example=f"maxCpuLoras: {runtime.max_loras}",
        )
    names = Counter(ref.split("/")[0] for ref in kitchen.public_adapters)
    for index, ref in enumerate(kitchen.adapters):
        where = adapter_path(kitchen, index)
        if names[ref.split("/")[0]] > 1:
            rule = "one version of an adapter a kitchen: its name is what callers ask for"
            yield Fault(path=where, value=ref, rule=rule, example="a single helpdesk-faq/v2026-02-01")
        yield from known(where, ref, catalog.adapters, "an adapter of the catalog")
        if ref.split("/")[0] == kitchen.base_model.split("/")[0]:
            rule = "has the base model's name: callers could not ask for it"
            yield Fault(path=where, value=ref, rule=rule, example="helpdesk-faq/v2026-02-01")
        adapter = catalog.adapters.get(ref)
        if adapter is not None:
            yield from state_faults(settings, where, ref, adapter.state)
            yield from _adapter_faults(where, kitchen, adapter)


def _adapter_faults(where: str, kitchen: Kitchen, adapter: Adapter) -> Iterator[Fault]:
    if (
        adapter.base_model != kitchen.base_model
        and adapter.base_model.split("/")[0] == kitchen.base_model.split("/")[0]
    ):
        rule = (
            f"was evaluated on {adapter.base_model}, the kitchen serves {kitchen.base_model}: an approval holds for "
            "one version of a base model; evaluate it on that one and publish it as a new version"
        )
        example = f"{adapter.name}/v<date> with baseModel: {kitchen.base_model}"
        yield Fault(path=where, value=adapter.ref, rule=rule, example=example)
    elif adapter.base_model != kitchen.base_model:
        rule = f"was trained on {adapter.base_model}, the kitchen serves {kitchen.base_model}"
        yield Fault(path=where, value=adapter.ref, rule=rule, example="an adapter of the same base model")
    if adapter.rank > kitchen.runtime.max_lora_rank:
        rule = f"has rank {adapter.rank}, above runtime.maxLoraRank {kitchen.runtime.max_lora_rank}"
        example = f"maxLoraRank: {_next_rank(adapter.rank)}"
        yield Fault(path=where, value=adapter.ref, rule=rule, example=example)


def _next_rank(rank: int) -> int:
    """The smallest rank that vLLM can be set to for an adapter (its list, vllm/config/lora.py)."""
    return next(allowed for allowed in (1, 8, 16, 32, 64, 128, 256, 320, 512) if allowed >= rank)
