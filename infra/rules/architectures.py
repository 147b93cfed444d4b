"""Rules about what a base model is: an architecture that vLLM runs, serves adapters of, and adapts at that rank."""

from __future__ import annotations

from collections.abc import Iterator

from infra.architectures import VERSION, serves_lora, why_not
from infra.catalog import BaseModel, Catalog
from infra.faults import Fault
from infra.memory_flags import expert_parallel, fully_sharded
from infra.settings import Kitchen, Settings


def architecture_faults(settings: Settings, catalog: Catalog) -> Iterator[Fault]:
    """A kitchen's base model must be one that a server runs, with its adapters if it has any."""
    for kitchen in settings.kitchens.values():
        model = catalog.base_models.get(kitchen.base_model)
        if model is not None:
            yield from _unknown(kitchen, model) or _adapters(catalog, kitchen, model)


def _unknown(kitchen: Kitchen, model: BaseModel) -> list[Fault]:
    """An entry that names no architecture is not refused: the preview says what is not counted."""
    named = model.shape.architecture
    reason = why_not(named) if named else None
    if reason is None:
        return []
    path, rule = f"kitchens.{kitchen.name}.baseModel", f"its architecture, {named}, {reason}"
    return [Fault(path=path, value=model.ref, rule=rule, example="a model of architecture LlamaForCausalLM")]


def _adapters(catalog: Catalog, kitchen: Kitchen, model: BaseModel) -> list[Fault]:
    if not kitchen.adapters:
        return []
    named, path = model.shape.architecture, f"kitchens.{kitchen.name}"
    if named and not serves_lora(named):
        rule = f"vLLM {VERSION} serves no LoRA adapters of {named}, the architecture of {model.ref}: it would not start"
        value = list(kitchen.adapters)
        return [Fault(path=f"{path}.adapters", value=value, rule=rule, example="adapters: [], or another base model")]
    return list(_experts(catalog, kitchen, model))


def _experts(catalog: Catalog, kitchen: Kitchen, model: BaseModel) -> Iterator[Fault]:
    """What adapters of a mixture of experts need of the server (vllm/lora/layers/fused_moe.py and its kernel)."""
    if not model.shape.experts:
        return
    if fully_sharded(kitchen) and expert_parallel(kitchen):
        rule = "experts are divided among GPUs whole, or their LoRA slots by rank: vLLM does not do both"
        path = f"kitchens.{kitchen.name}.runtime.{kitchen.runtime.place('expert_parallel')}"
        yield Fault(path=path, value=True, rule=rule, example="one of expertParallel and fullyShardedLoras")
