"""The catalog's `config` out of config.json files of several kinds of models, reduced to what is read."""

from __future__ import annotations

from typing import Any

import pytest

from ops.checks.model_config import catalog_config, quantization

NUMBERS = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 48,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 320,
    "max_position_embeddings": 2048,
}
NAMES = {"slidingWindow", "slidingWindowLayers", "numLocalExperts", "intermediateSize", "kvLoraRank", "qkRopeHeadDim"}
DENSE = {"intermediateSize": 128}
TYPES = ["sliding_attention", "full_attention"] * 24


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"model_type": "llama"}, DENSE),
        ({"model_type": "mistral", "sliding_window": 4096}, DENSE | {"slidingWindow": 4096}),
        ({"model_type": "mistral", "sliding_window": None}, DENSE),
        ({"model_type": "qwen2", "sliding_window": 4096, "use_sliding_window": False}, DENSE),
        (
            {"model_type": "qwen2", "sliding_window": 4096, "use_sliding_window": True, "max_window_layers": 28},
            DENSE | {"slidingWindow": 4096, "slidingWindowLayers": 20},
        ),
        (
            {"model_type": "gemma3_text", "sliding_window": 1024, "sliding_window_pattern": 6},
            DENSE | {"slidingWindow": 1024, "slidingWindowLayers": 40},
        ),
        (
            {"model_type": "gpt_oss", "sliding_window": 128, "layer_types": TYPES, "num_local_experts": 32},
            DENSE | {"slidingWindow": 128, "slidingWindowLayers": 24, "numLocalExperts": 32},
        ),
        ({"model_type": "unheard", "sliding_window": 128}, DENSE),
        (
            {"model_type": "qwen3_moe", "num_experts": 128, "moe_intermediate_size": 32},
            {"intermediateSize": 32, "numLocalExperts": 128},
        ),
        (
            {"model_type": "deepseek_v3", "n_routed_experts": 256, "moe_intermediate_size": 32, "kv_lora_rank": 512,
             "qk_rope_head_dim": 64},
            {"intermediateSize": 32, "numLocalExperts": 256, "kvLoraRank": 512, "qkRopeHeadDim": 64},
        ),
    ],
)  # fmt: skip
def test_windows_experts_and_latents_are_those_of_the_layers(config: dict[str, Any], expected: dict[str, Any]) -> None:
    found = catalog_config(NUMBERS | config)
    assert {key: value for key, value in found.items() if key in NAMES} == expected
    assert found["numHiddenLayers"] == 48


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, None),
        ({"quantization_config": {"quant_method": "AWQ", "bits": 4}}, "awq"),
        ({"quantization_config": {"quant_method": "compressed-tensors"}}, "compressed-tensors"),
        ({"quantization_config": {"bits": 4}}, None),
        ({"quantization_config": [1]}, None),
    ],
)
def test_a_quantization_is_what_the_file_names(config: dict[str, Any], expected: str | None) -> None:
    assert quantization(config) == expected


PIXTRAL = {"model_type": "mistral", "hidden_size": 5120, "head_dim": 128, "num_hidden_layers": 40, "vocab_size": 131072}
LLAVA = {"model_type": "llama", "vocab_size": 32064, "max_position_embeddings": 4096}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            PIXTRAL | {"sliding_window": None},
            {"numAttentionHeads": 32, "numKeyValueHeads": 8, "intermediateSize": 14336},
        ),
        (PIXTRAL, {"headDim": 128, "slidingWindow": 4096, "hiddenSize": 5120, "maxPositionEmbeddings": 131072}),
        (LLAVA, {"hiddenSize": 4096, "numHiddenLayers": 32, "numAttentionHeads": 32, "numKeyValueHeads": 32}),
        (LLAVA | {"num_attention_heads": None}, {"numHiddenLayers": 32}),
    ],
)
def test_a_nested_config_leaves_numbers_to_its_class(text: dict[str, Any], expected: dict[str, Any]) -> None:
    found = catalog_config({"model_type": "llava", "text_config": text})
    assert {key: found.get(key) for key in expected} == expected
    assert "headDim" not in found or "head_dim" in text


@pytest.mark.parametrize(
    "config",
    [
        LLAVA,
        {"text_config": {"model_type": "llama"}},
        {"text_config": {"model_type": "unheard", "vocab_size": 320}},
        {"text_config": {"model_type": ["llama"], "vocab_size": 320}},
    ],
)
def test_nothing_else_is_completed(config: dict[str, Any]) -> None:
    assert "numHiddenLayers" not in catalog_config(config)
