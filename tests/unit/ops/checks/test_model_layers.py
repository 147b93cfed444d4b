"""Kinds of layers, heads and states out of config.json files as models are published, nested ones too."""

from __future__ import annotations

from typing import Any

import pytest

from infra.shapes import shape_of
from ops.checks.model_config import catalog_config

NUMBERS = {
    "hidden_size": 4096,
    "intermediate_size": 12288,
    "num_hidden_layers": 40,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "vocab_size": 100352,
    "max_position_embeddings": 131072,
}
KEYS = {"attentionLayers", "recurrentLayers", "slidingWindow", "slidingWindowLayers", "notCounted"}
PLAIN = {"kvHeads": 8, "headDim": 128}
GATED = {
    "linear_num_key_heads": 16,
    "linear_num_value_heads": 48,
    "linear_key_head_dim": 128,
    "linear_value_head_dim": 128,
    "linear_conv_kernel_dim": 4,
    "mamba_ssm_dtype": "float32",
}
DELTA = {"convValues": 30720, "stateValues": 786432, "innerSize": 6144, "stateType": "float32"}
MAMBA = {
    "mamba_n_heads": 128,
    "mamba_d_head": 64,
    "mamba_n_groups": 1,
    "mamba_d_state": 128,
    "mamba_d_conv": 4,
    "mamba_expand": 2,
}
STATE = {"convValues": 25344, "stateValues": 1048576, "innerSize": 8192}
NEMOTRON = {"mamba_num_heads": 128, "mamba_head_dim": 64, "n_groups": 8, "ssm_state_size": 128, "conv_kernel": 4}
SLIDING = ["sliding_attention"] * 4 + ["full_attention"]


def read(config: dict[str, Any]) -> dict[str, Any]:
    """What is said of the layers of a model that has these keys beside the numbers."""
    return {key: value for key, value in catalog_config(NUMBERS | config).items() if key in KEYS}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"model_type": "llama"}, {}),
        ({"model_type": "llama", "layer_types": ["full_attention"] * 40}, {}),
        (
            {"model_type": "qwen3_5_text", "full_attention_interval": 4, **GATED},
            {"attentionLayers": [{"layers": 10, **PLAIN}], "recurrentLayers": {"layers": 30, **DELTA}},
        ),
        (
            {"model_type": "qwen3_next", "layer_types": (["linear_attention"] * 3 + ["full_attention"]) * 10, **GATED},
            {"attentionLayers": [{"layers": 10, **PLAIN}], "recurrentLayers": {"layers": 30, **DELTA}},
        ),
        (
            {"model_type": "granitemoehybrid", "layer_types": (["mamba"] * 9 + ["attention"]) * 4, **MAMBA},
            {"attentionLayers": [{"layers": 4, **PLAIN}], "recurrentLayers": {"layers": 36, **STATE}},
        ),
        (
            {"model_type": "falcon_h1", **MAMBA},
            {"attentionLayers": [{"layers": 40, **PLAIN}], "recurrentLayers": {"layers": 40, **STATE}},
        ),
        (
            {"model_type": "nemotron_h", "hybrid_override_pattern": "M-M*-MEM*E" * 4, **NEMOTRON},
            {
                "attentionLayers": [{"layers": 8, **PLAIN}],
                "recurrentLayers": {
                    "layers": 16,
                    "convValues": 30720,
                    "stateValues": 1048576,
                    "innerSize": 8192,
                    "stateType": "float32",
                },
            },
        ),
        (
            {
                "model_type": "jamba",
                "attn_layer_period": 8,
                "attn_layer_offset": 4,
                "mamba_expand": 2,
                "mamba_d_state": 16,
                "mamba_d_conv": 4,
            },
            {
                "attentionLayers": [{"layers": 5, **PLAIN}],
                "recurrentLayers": {"layers": 35, "convValues": 24576, "stateValues": 131072, "innerSize": 8192},
            },
        ),
        (
            {"model_type": "lfm2", "layer_types": ["conv", "full_attention"] * 20, "conv_L_cache": 3},
            {
                "attentionLayers": [{"layers": 20, **PLAIN}],
                "recurrentLayers": {"layers": 20, "convValues": 8192, "stateValues": 0, "innerSize": 4096},
            },
        ),
        (
            {
                "model_type": "gemma4_text",
                "sliding_window": 1024,
                "layer_types": SLIDING * 8,
                "global_head_dim": 512,
                "num_global_key_value_heads": 4,
                "attention_k_eq_v": True,
            },
            {
                "attentionLayers": [
                    {"layers": 32, **PLAIN, "window": 1024},
                    {"layers": 8, "kvHeads": 4, "headDim": 512},
                ]
            },
        ),
        (
            {"model_type": "gemma4_text", "sliding_window": 1024, "layer_types": SLIDING * 8, "global_head_dim": 512},
            {
                "attentionLayers": [
                    {"layers": 32, **PLAIN, "window": 1024},
                    {"layers": 8, "kvHeads": 8, "headDim": 512},
                ]
            },
        ),
        (
            {
                "model_type": "gemma3n_text",
                "sliding_window": 512,
                "layer_types": SLIDING * 8,
                "num_kv_shared_layers": 15,
            },
            {"attentionLayers": [{"layers": 20, **PLAIN, "window": 512}, {"layers": 5, **PLAIN}]},
        ),
        ({"model_type": "gemma2", "sliding_window": 4096}, {"slidingWindow": 4096, "slidingWindowLayers": 20}),
        ({"model_type": "cohere2", "sliding_window": 4096}, {"slidingWindow": 4096, "slidingWindowLayers": 30}),
        (
            {"model_type": "exaone4", "sliding_window": 4096, "sliding_window_pattern": "LLLG"},
            {"slidingWindow": 4096, "slidingWindowLayers": 30},
        ),
        ({"model_type": "llama4_text", "layer_types": ["chunked_attention", "full_attention"] * 20}, {}),
    ],
    ids=lambda value: str(value.get("model_type", "")) if isinstance(value, dict) else "",
)
def test_each_kind_of_layer_is_read(config: dict[str, Any], expected: dict[str, Any]) -> None:
    assert read(config) == expected


@pytest.mark.parametrize(
    ("config", "part"),
    [
        ({"layer_types": ["full_attention", "retention"] * 20}, "layers of kind retention"),
        ({"layer_types": ["full_attention"] * 3}, "layers: 3 are named, num_hidden_layers is 40"),
        ({"hybrid_override_pattern": "M-M*"}, "layers: hybrid_override_pattern has 4, num_hidden_layers is 40"),
        ({"layer_types": ["mamba", "attention"] * 20}, "the state of 20 layers without attention"),
        ({"model_type": "mamba2"}, "the state of 40 layers without attention"),
        ({"layer_types": SLIDING * 8, "sliding_window": None}, "the window of 32 layers"),
        ({"model_type": "deepseek_v4", "compress_ratios": [4]}, "compressed keys of deepseek_v4"),
        ({"rope_scaling": {"type": "spiral", "factor": 3}}, "positions scaled by spiral"),
        ({"audio_config": {"d_model": 1280}}, "audio encoder"),
        ({"vision_config": {"hidden_size": 1024}}, "vision encoder"),
    ],
)
def test_what_is_not_known_is_named(config: dict[str, Any], part: str) -> None:
    found = catalog_config(NUMBERS | config)
    assert found["notCounted"] == [part]
    assert shape_of(found).uncounted == (part,)


@pytest.mark.parametrize(
    ("config", "vision"),
    [
        (
            {"model_type": "qwen2_5_vl", "vision_config": {"hidden_size": 1280, "patch_size": 14}},
            {"hiddenSize": 1280, "patchesPerToken": 4, "itemTokens": 16384, "video": 7},
        ),
        (
            {"model_type": "qwen2_vl", "vision_config": {"embed_dim": 1280, "hidden_size": 3584, "patch_size": 14}},
            {"hiddenSize": 1280, "patchesPerToken": 4, "itemTokens": 16384, "video": 7},
        ),
        (
            {"model_type": "qwen3_vl", "vision_config": {"hidden_size": 1152, "patch_size": 16}},
            {"hiddenSize": 1152, "patchesPerToken": 4, "itemTokens": 16384},
        ),
        (
            {"model_type": "gemma3", "vision_config": {"hidden_size": 1152, "patch_size": 14, "image_size": 896}},
            {"hiddenSize": 1152, "patchesPerToken": 16, "itemTokens": 256},
        ),
        (
            {
                "model_type": "mistral3",
                "spatial_merge_size": 2,
                "vision_config": {"hidden_size": 1024, "patch_size": 14, "image_size": 1540},
            },
            {"hiddenSize": 1024, "patchesPerToken": 4, "itemTokens": 3025},
        ),
    ],
)
def test_encoders_that_are_known_are_counted(config: dict[str, Any], vision: dict[str, Any]) -> None:
    found = catalog_config(NUMBERS | config)
    assert found["vision"] == vision
    assert "notCounted" not in found


def test_the_preprocessor_bounds_pictures() -> None:
    config = NUMBERS | {"model_type": "qwen2_5_vl", "vision_config": {"hidden_size": 1280, "patch_size": 14}}
    assert catalog_config(config, {"max_pixels": 784 * 256})["vision"]["itemTokens"] == 256


@pytest.mark.parametrize("key", ["text_config", "llm_config", "language_config"])
def test_numbers_of_models_of_several_parts_are_read_within(key: str) -> None:
    nested = {"architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3", key: NUMBERS}
    flat = catalog_config({"architectures": ["Gemma3ForConditionalGeneration"], **NUMBERS})
    assert catalog_config(nested) == flat
    assert flat["architecture"] == "Gemma3ForConditionalGeneration"


def test_the_talker_s_thinker_is_what_is_served() -> None:
    nested = {"thinker_config": {"text_config": NUMBERS, "audio_config": {"d_model": 1280}}, "talker_config": {"x": 1}}
    found = catalog_config(nested)
    assert found["hiddenSize"] == 4096
    assert found["notCounted"] == ["audio encoder", "speech generator"]


def test_gemma_3_leaves_numbers_to_its_class() -> None:
    """google/gemma-3-4b-it says neither heads nor vocabulary."""
    said = {"model_type": "gemma3_text", "hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 34}
    found = catalog_config({"model_type": "gemma3", "text_config": {**said, "sliding_window": 1024}})
    assert (found["numAttentionHeads"], found["numKeyValueHeads"], found["headDim"]) == (8, 4, 256)
    assert (found["slidingWindow"], found["slidingWindowLayers"]) == (1024, 29)


@pytest.mark.parametrize(
    ("said", "longest"),
    [
        ({"rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}}, 131072),
        ({"rope_parameters": {"rope_type": "yarn", "factor": 2, "original_max_position_embeddings": 65536}}, 131072),
        ({"rope_scaling": {"rope_type": "llama3", "factor": 8.0, "original_max_position_embeddings": 8192}}, 40960),
        ({"rope_parameters": {"rope_type": "default", "rope_theta": 1e7}}, 40960),
        ({"rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 24]}}, 40960),
        ({"rope_parameters": {"full_attention": {"rope_type": "linear", "factor": 2}, "sliding_attention": {}}}, 81920),
        ({"rope_scaling": None}, 40960),
    ],
)
def test_the_longest_context_follows_the_scaling(said: dict[str, Any], longest: int) -> None:
    config = NUMBERS | {"max_position_embeddings": 40960} | said
    assert shape_of(catalog_config(config)).longest_context() == longest


@pytest.mark.parametrize(
    ("said", "bits"),
    [
        ({"quant_method": "compressed-tensors", "config_groups": {"g": {"weights": {"num_bits": 4}}}}, 4),
        ({"quant_method": "compressed-tensors", "config_groups": {"g": {"weights": {"num_bits": 8}}}}, 8),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, 4),
        ({"quant_method": "auto-round", "bits": 4}, 4),
        ({"quant_method": "compressed-tensors", "config_groups": {"a": {"weights": {"num_bits": 4}},
                                                                  "b": {"weights": {"num_bits": 8}}}}, None),
        ({"quant_method": "fp8"}, None),
    ],
)  # fmt: skip
def test_bits_are_read_where_the_method_does_not_say_them(said: dict[str, Any], bits: int | None) -> None:
    assert catalog_config(NUMBERS | {"quantization_config": said}).get("quantizedBits") == bits


def test_only_what_vllm_caches_as_a_latent_is_one() -> None:
    latent = {"kv_lora_rank": 512, "qk_rope_head_dim": 64, "qk_nope_head_dim": 128}
    assert shape_of(catalog_config(NUMBERS | latent | {"model_type": "deepseek_v3"})).kv_latent == 576
    other = shape_of(catalog_config(NUMBERS | latent | {"model_type": "minicpm3"}))
    assert (other.kv_latent, other.head_dim) == (0, 192)
