"""Base models that lack a weight, or have it in a size that their config.json does not make."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from infra.catalog import Catalog, load_catalog
from infra.catalog.weights import needed
from ops.checks import read_artifact
from tests.support.artifacts import MODEL, catalog_folder, write
from tools import fixtures

Tensors = dict[str, np.ndarray[Any, Any]]
WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return load_catalog(catalog_folder(tmp_path_factory.mktemp("catalog") / "catalog"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "model", fixtures.base_model_files(MODEL))


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
    changed(folder, architectures=["MixtralForCausalLM"])

    def other(tensors: Tensors) -> None:
        for name in [name for name in tensors if ".layers.1.mlp." in name]:
            tensors[name.replace(".mlp.", ".block_sparse_moe.experts.0.")] = tensors.pop(name)

    rewritten(folder, other)
    assert read(folder, catalog)[0] == []


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
