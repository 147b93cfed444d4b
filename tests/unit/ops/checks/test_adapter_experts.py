"""One pair of matrices for all experts of a layer: their number, and which side of a weight is which."""

from __future__ import annotations

from dataclasses import replace

import pytest

from infra.catalog import load_catalog
from infra.catalog.modules import Modules
from infra.catalog.serves import serves
from ops.checks.adapter_modules import Compared, module_faults
from ops.checks.adapter_tensors import by_module
from ops.checks.safetensors_header import Tensor
from tools.fixtures import BASE_MODELS

RANK, EXPERTS, HIDDEN, INNER = 8, 4, 64, 24
STEM = "base_model.model.model.layers.0.mlp.experts"
ORDERS = {
    "outputs first": {"gate_up_proj": f"4x{2 * INNER}x{HIDDEN}", "down_proj": f"4x{HIDDEN}x{INNER}"},
    "inputs first": {"gate_up_proj": f"4x{HIDDEN}x{2 * INNER}", "down_proj": f"4x{INNER}x{HIDDEN}"},
}
RIGHT = ((HIDDEN, 2 * INNER), (INNER, HIDDEN))


def told(order: str, up: tuple[int, int], down: tuple[int, int], experts: int = EXPERTS) -> list[str]:
    """Rules that an adapter breaks whose two pairs have these inputs and outputs."""
    tensors: dict[str, Tensor] = {}
    for stem, (inputs, outputs) in ((f"{STEM}.base_layer", up), (STEM, down)):
        for half, shape in (("A", (experts * RANK, inputs)), ("B", (outputs, experts * RANK))):
            name = f"{stem}.lora_{half}.weight"
            tensors[name] = Tensor(name=name, dtype="F16", shape=shape, begin=0, end=0)
    patterns = {f"model.layers.{{0-1}}.mlp.experts.{name}": size for name, size in ORDERS[order].items()}
    base = replace(
        load_catalog().base_models[BASE_MODELS[0]],
        ref="tiny/v1",
        architecture="GptOssForCausalLM",
        modules=Modules(patterns=patterns),
    )
    compared = Compared(base=base, serves=serves("0.27.1"), sizes=True, rank=RANK)
    return [rule for _, rule, _, _ in module_faults(by_module(tensors), compared)]


@pytest.mark.parametrize("order", ORDERS)
def test_files_keep_their_weights_in_either_order(order: str) -> None:
    assert told(order, *RIGHT) == []


@pytest.mark.parametrize("order", ORDERS)
def test_an_adapter_does_not(order: str) -> None:
    up, down = ((outputs, inputs) for inputs, outputs in RIGHT)
    assert told(order, up, down) == [
        "gate_up_proj of tiny/v1 has 64 inputs, by its files",
        "gate_up_proj of tiny/v1 has 48 outputs, by its files",
        "down_proj of tiny/v1 has 24 inputs, by its files",
        "down_proj of tiny/v1 has 64 outputs, by its files",
    ]


@pytest.mark.parametrize("experts", [1, 2, 8])
def test_an_adapter_has_as_many_experts_as_the_layer(experts: int) -> None:
    assert (
        told("outputs first", *RIGHT, experts=experts)
        == ["one pair for all 4 experts has r times as many ranks, 32"] * 4
    )
