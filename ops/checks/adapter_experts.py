"""Adapters of experts against those of the base model: one by one, or one pair of tensors for all of a layer.

vLLM takes a layer's experts all together or not at all (vllm/lora/lora_weights.py, pack_moe). Of one pair for all it
makes `[experts, rank, inputs]` and `[outputs, rank, experts]` (vllm/lora/model_manager.py, _stack_moe_lora_weights):
there the rank is r times the number of experts, and the pair of another number is cut at the wrong places.
"""

from __future__ import annotations

from collections.abc import Iterator

from infra.catalog.modules import Modules, Size
from ops.checks.adapter_tensors import EXPERTS, Named, Pair

UP, DOWN = "gate_up_proj", "down_proj"


def whole_experts(named: Named, modules: Modules, ref: str) -> Iterator[tuple[str, str, object, str]]:
    """Name, rule, value and a right example of experts that are not all there."""
    found = {pair.module for pair in named.pairs.values() if pair.one_expert}
    stems = {module.rpartition(".experts.")[0] for module in found}
    for name in modules.names() if stems else ():
        if name.rpartition(".experts.")[0] in stems and ".experts." in name and name not in found:
            rule = f"vLLM takes the experts of a layer all together: {name} of {ref} has no matrices"
            yield name.rpartition(".experts.")[0] + ".experts", rule, "some experts", "all experts of the layer"
            return
    for stem in sorted({pair.module for pair in named.pairs.values() if pair.kind == EXPERTS}):
        parts = {pair.part for pair in named.pairs.values() if pair.module == stem}
        if len(parts) == 1:
            rule = "vLLM takes both weights of the experts together: gate_up_proj (experts.base_layer) and down_proj"
            yield stem, rule, f"{parts.pop()} alone", "both"


def sides(part: str, up: Size, down: Size) -> tuple[int, int]:
    """Outputs and inputs of the weight `part`, by the sizes of both; 0 is what they do not say.

    Files keep either order. Hidden size is the one number that both weights have: gate_up_proj has twice the inner
    size beside it and down_proj the inner size, so that only one can be in both. gate_up_proj reads it, down_proj
    writes it.
    """
    size = up if part == UP else down
    both = set(up[-2:]) & set(down[-2:]) - {0}
    if len(both) != 1 or 0 in size[-2:]:
        return 0, 0
    hidden = both.pop()
    other = size[-1] if size[-2] == hidden else size[-2]
    return (other, hidden) if part == UP else (hidden, other)


def rank_faults(pair: Pair, size: Size, r: int | None) -> Iterator[tuple[str, object, str]]:
    """Rule, value and example of matrices for another number of experts than the layer has."""
    if r is None or len(size) != 3 or not size[0]:
        return
    right = r * size[0]
    for half, tensor in sorted(pair.halves.items()):
        found = tensor.shape[0 if half == "A" else 1] if len(tensor.shape) == 2 else right
        if found != right:
            yield f"one pair for all {size[0]} experts has r times as many ranks, {right}", found, str(right)
