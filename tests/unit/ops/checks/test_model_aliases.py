"""Numbers of config.json files that have names of their own, or are lists."""

from __future__ import annotations

from typing import Any

import pytest

from infra.shapes import shape_of
from ops.checks.model_config import catalog_config

NUMBERS = {
    "hidden_size": 3584,
    "intermediate_size": 14336,
    "num_hidden_layers": 4,
    "num_attention_heads": 32,
    "vocab_size": 32000,
    "max_position_embeddings": 4096,
}


@pytest.mark.parametrize(
    ("config", "heads"),
    [
        ({}, 32),
        ({"num_key_value_heads": 4}, 4),
        ({"num_attention_groups": 8}, 8),
        ({"multi_query_group_num": 2}, 2),
        ({"num_kv_heads": 16, "num_key_value_heads": 4}, 16),
        ({"n_head_kv": 8, "num_kv_heads": 16}, 8),
        ({"num_key_value_heads": 4, "num_attention_groups": 8}, 4),
        ({"num_key_value_heads": None, "num_attention_groups": 8}, 8),
        ({"model_type": "falcon", "multi_query": True}, 1),
        ({"model_type": "falcon", "multi_query": True, "new_decoder_architecture": True, "num_kv_heads": 8}, 8),
    ],
)
def test_key_value_heads_are_found_in_the_order_of_vllm(config: dict[str, Any], heads: int) -> None:
    assert catalog_config(NUMBERS | config)["numKeyValueHeads"] == heads
    assert catalog_config({"text_config": NUMBERS | config})["numKeyValueHeads"] == heads


@pytest.mark.parametrize(
    ("config", "width"),
    [
        ({}, 112),
        ({"model_type": "zamba2", "attention_head_dim": 224}, 224),
        ({"model_type": "zamba2"}, 224),
        ({"hidden_size_per_head": 128}, 128),
        ({"hidden_size_per_head": 128, "head_dim": 64}, 64),
    ],
)
def test_the_width_of_a_head_is_found_under_every_name(config: dict[str, Any], width: int) -> None:
    assert shape_of(catalog_config(NUMBERS | config)).head_dim == width


def test_layers_of_zamba2_keep_heads_of_that_width() -> None:
    zamba = {
        "model_type": "zamba2", "attention_head_dim": 224, "layers_block_type": ["mamba", "hybrid", "mamba", "mamba"],
        "n_mamba_heads": 112, "mamba_headdim": 64, "mamba_ngroups": 2, "mamba_d_state": 64, "mamba_d_conv": 4,
        "mamba_expand": 2,
    }  # fmt: skip
    (kept,) = catalog_config(NUMBERS | zamba)["attentionLayers"]
    assert kept == {"layers": 1, "kvHeads": 32, "headDim": 224}


@pytest.mark.parametrize(
    ("config", "experts", "width", "named"),
    [
        ({"moe_num_experts": [64, 64], "moe_intermediate_size": [1536, 512], "moe_k": 6}, 64, 1536,
         ["experts of moe_num_experts beyond 64"]),
        ({"num_experts": [16], "moe_intermediate_size": 512}, 16, 512, []),
        ({"num_experts": "many"}, 1, 14336, ["experts: num_experts is no number"]),
        ({"num_experts": 0}, None, 14336, []),
        ({"num_experts": [0, 0]}, None, 14336, []),
        ({"num_experts": None}, None, 14336, []),
    ],
)  # fmt: skip
def test_experts_of_a_list_make_a_mixture(
    config: dict[str, Any], experts: int | None, width: int, named: list[str]
) -> None:
    found = catalog_config(NUMBERS | config)
    assert (found.get("numLocalExperts"), found["intermediateSize"]) == (experts, width)
    assert found.get("expertsPerToken") == config.get("moe_k")
    assert found.get("notCounted", []) == named


def test_experts_of_a_token_are_read_from_a_list() -> None:
    assert catalog_config(NUMBERS | {"num_experts": 64, "moe_topk": [8, 8, 4]})["expertsPerToken"] == 8


def test_layers_of_several_widths_count_as_the_widest() -> None:
    assert catalog_config(NUMBERS | {"intermediate_size": [8192, 16384, 8192, 0]})["intermediateSize"] == 16384
    assert catalog_config(NUMBERS | {"intermediate_size": ["x"]})["intermediateSize"] == ["x"]
