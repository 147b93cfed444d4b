"""Base models that lack a weight, or have it in a size that their config.json does not make."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from infra.catalog import Catalog
from infra.catalog.weights import needed
from ops.checks import read_artifact

Tensors = dict[str, np.ndarray[Any, Any]]
WEIGHTS = "model.safetensors"


def changed(folder: Path, **values: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def rewritten(folder: Path, change: Callable[[Tensors], None]) -> None:
    tensors = load_file(folder / WEIGHTS)
    change(tensors)
    save_file(tensors, folder / WEIGHTS)


def without(folder: Path, *names: str) -> None:
    rewritten(folder, lambda tensors: [tensors.pop(f"{name}.weight") for name in names] and None)


def read(folder: Path, catalog: Catalog) -> tuple[list[str], list[str]]:
    content, faults = read_artifact("base-model", "", folder, catalog)
    return [str(fault) for fault in faults], content.notes


@pytest.mark.parametrize(
    "name",
    [
        "model.layers.1.mlp.up_proj",
        "model.layers.0.self_attn.k_proj",
        "model.layers.0.input_layernorm",
        "model.layers.1.post_attention_layernorm",
        "model.norm",
        "lm_head",
    ],
)
def test_each_weight_is_needed(folder: Path, catalog: Catalog, name: str) -> None:
    without(folder, name)
    (line,), _ = read(folder, catalog)
    assert line.startswith(f"model.safetensors: {name}: missing; rule: ")
    assert line.endswith(f"example: {name}.weight")


def test_one_that_all_layers_lack_is_told_once(folder: Path, catalog: Catalog) -> None:
    without(folder, "model.layers.0.mlp.up_proj", "model.layers.1.mlp.up_proj")
    (line,), _ = read(folder, catalog)
    assert "model.layers.0.mlp.up_proj" in line
    assert "is a file missing? (and 1 more)" in line


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ({"intermediate_size": 96}, ("model.layers.0.mlp.down_proj", "64x128", "64x96")),
        ({"num_key_value_heads": 2}, ("model.layers.0.self_attn.k_proj", "64x64", "32x64")),
        ({"head_dim": 8}, ("model.layers.0.self_attn.k_proj", "64x64", "32x64")),
    ],
)
def test_sizes_are_those_of_the_numbers(
    folder: Path, catalog: Catalog, numbers: dict[str, int], told: tuple[str, str, str]
) -> None:
    name, has, due = told
    changed(folder, **numbers)
    (line,), _ = read(folder, catalog)
    assert line.startswith(f'model.safetensors: {name}: "{has}"; rule: the numbers of config.json make it {due}: ')


def test_the_output_layer_has_a_row_for_each_token(folder: Path, catalog: Catalog) -> None:
    rewritten(folder, lambda tensors: tensors.update({"lm_head.weight": tensors["lm_head.weight"][:-1]}))
    (line,), _ = read(folder, catalog)
    assert line.startswith('model.safetensors: lm_head: "319x64"; rule: the numbers of config.json make it 320x64')


def test_an_output_layer_that_is_the_embeddings_may_be_left_out(folder: Path, catalog: Catalog) -> None:
    without(folder, "lm_head")
    changed(folder, tie_word_embeddings=True)
    assert read(folder, catalog) == ([], [])


def test_a_model_of_embeddings_has_no_output_layer(folder: Path, catalog: Catalog) -> None:
    """Such files name their layers without `model.`, as Qwen3-Embedding-8B does."""

    def bare(tensors: Tensors) -> None:
        del tensors["lm_head.weight"]
        for name in list(tensors):
            tensors[name.removeprefix("model.")] = tensors.pop(name)

    rewritten(folder, bare)
    assert read(folder, catalog) == ([], ["has no lm_head: it makes embeddings or scores, no text"])


def test_of_other_architectures_a_layer_with_less_is_told(folder: Path, catalog: Catalog) -> None:
    changed(folder, architectures=["DeciLMForCausalLM"])
    without(folder, "model.layers.1.mlp.up_proj")
    faults, notes = read(folder, catalog)
    assert faults == []
    assert notes[0].startswith("not compared: which weights DeciLMForCausalLM needs")
    assert notes[1] == "layer 1 has no mlp.up_proj, which others have: is a file missing?"


def test_layers_of_two_kinds_are_no_fault(folder: Path, catalog: Catalog) -> None:
    changed(folder, architectures=["DeepseekV2ForCausalLM"])

    def other(tensors: Tensors) -> None:
        for layer in (0, 1):
            for name in ("kv_a_proj_with_mqa", "kv_a_layernorm", "kv_b_proj"):
                tensors[f"model.layers.{layer}.self_attn.{name}.weight"] = np.ones((8, 8), np.float32)
        for name in [name for name in tensors if ".layers.1.mlp." in name]:
            tensors[name.replace(".mlp.", ".mlp.experts.0.")] = tensors.pop(name)

    rewritten(folder, other)
    assert read(folder, catalog)[0] == []


def expert(tensors: Tensors, layer: int, number: int) -> None:
    start = f"model.layers.{layer}.block_sparse_moe"
    tensors[f"{start}.gate.weight"] = np.ones((2, 64), np.float32)
    tensors[f"{start}.experts.{number}.w1.weight"] = np.ones((128, 64), np.float32)


@pytest.mark.parametrize(("experts", "fine"), [((0, 1), True), ((0,), False), ((1,), False), ((0, 1, 2), False)])
def test_experts_are_as_many_as_is_said(folder: Path, catalog: Catalog, experts: tuple[int, ...], fine: bool) -> None:
    changed(folder, architectures=["MixtralForCausalLM"], num_local_experts=2, num_experts_per_tok=1)

    def as_experts(tensors: Tensors) -> None:
        for name in [name for name in tensors if ".mlp." in name]:
            del tensors[name]
        for layer in (0, 1):
            for number in experts:
                expert(tensors, layer, number)

    rewritten(folder, as_experts)
    faults, _ = read(folder, catalog)
    assert (faults == []) is fine
    assert fine or [line.startswith("model.safetensors: model.layers.0: experts: ") for line in faults] == [True]


def test_a_missing_file_is_not_told_again_by_its_weights(folder: Path, catalog: Catalog) -> None:
    first, second = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
    places = {name: second if "up_proj" in name else first for name in load_file(folder / WEIGHTS)}
    without(folder, *[name.removesuffix(".weight") for name, place in places.items() if place == second])
    (folder / WEIGHTS).rename(folder / first)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    (line,), _ = read(folder, catalog)
    assert "names a file that is not there" in line


def test_weights_that_are_packed_count_as_there(folder: Path, catalog: Catalog) -> None:
    changed(folder, quantization_config={"quant_method": "gptq", "bits": 4})

    def packed(tensors: Tensors) -> None:
        stem = "model.layers.0.mlp.up_proj"
        del tensors[f"{stem}.weight"]
        tensors[f"{stem}.qweight"] = np.zeros((8, 128), np.int32)
        tensors[f"{stem}.scales"] = np.zeros((1, 128), np.float16)

    rewritten(folder, packed)
    assert read(folder, catalog)[0] == []


def test_what_is_not_known_is_not_demanded() -> None:
    assert needed("MadeUpForCausalLM") is None
