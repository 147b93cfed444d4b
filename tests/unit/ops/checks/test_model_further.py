"""What may be left out of a config.json is a fault where it stands there and cannot be read: it is not passed over."""

from __future__ import annotations

from typing import Any

import pytest

from ops.checks.model_config import text_part
from ops.checks.model_further import further_faults, quantization_faults

PLAIN = {"num_hidden_layers": 4, "num_attention_heads": 4}


@pytest.mark.parametrize(
    ("said", "place", "rule"),
    [
        ({"head_dim": "128"}, "head_dim", "must be a whole number from 0 to 1099511627776, or not there"),
        ({"head_dim": -5}, "head_dim", "must be a whole number from 0"),
        ({"head_dim": True}, "head_dim", "must be a whole number from 0"),
        ({"head_dim": 10**25}, "head_dim", "must be a whole number from 0"),
        ({"kv_lora_rank": "512"}, "kv_lora_rank", "must be a whole number from 0"),
        ({"sliding_window": "4096"}, "sliding_window", "must be a whole number from -1"),
        ({"sliding_window": 10**30}, "sliding_window", "must be a whole number from -1"),
        ({"full_attention_interval": -4}, "full_attention_interval", "must be a whole number from 0"),
        ({"num_local_experts": "8"}, "num_local_experts", "must be a whole number from 0"),
        ({"moe_intermediate_size": [512, -1]}, "moe_intermediate_size", "must be a whole number from 0"),
        ({"num_kv_shared_layers": 4}, "num_kv_shared_layers", "must be below num_hidden_layers, 4"),
        ({"layer_types": ["full_attention", None]}, "layer_types", "must be a list of names"),
        ({"layer_types": "full_attention"}, "layer_types", "must be a list of names"),
        ({"rope_scaling": [1]}, "rope_scaling", "must be an object, or null"),
        ({"rope_scaling": {"type": "yarn", "factor": "4"}}, "rope_scaling.factor", "must be a number above 0"),
        ({"rope_scaling": {"type": "yarn", "factor": -4.0}}, "rope_scaling.factor", "must be a number above 0"),
        ({"rope_parameters": {"full_attention": {"factor": 0}}}, "rope_parameters.full_attention.factor", "above 0"),
    ],
)
def test_what_cannot_be_read_is_one_line(said: dict[str, Any], place: str, rule: str) -> None:
    (fault,) = further_faults("config.json: text_config.", PLAIN | said)
    assert fault.path == f"config.json: text_config.{place}"
    assert rule in fault.rule
    assert len(str(fault)) < 300


@pytest.mark.parametrize(
    "said",
    [
        {},
        dict.fromkeys(("head_dim", "sliding_window", "kv_lora_rank", "num_experts", "layer_types", "rope_scaling")),
        {"sliding_window": -1, "num_kv_shared_layers": 0, "num_local_experts": 0, "full_attention_interval": 4},
        {"moe_intermediate_size": [1536, 512], "num_experts": 64, "rope_scaling": {"type": "yarn", "factor": 4}},
        {"rope_parameters": {"full_attention": {"factor": 8.0}, "sliding_attention": {}}, "layer_types": []},
    ],
)
def test_what_files_have_is_taken(said: dict[str, Any]) -> None:
    assert list(further_faults("", PLAIN | said)) == []


@pytest.mark.parametrize(
    ("said", "faults"), [(None, 0), ({}, 0), ({"quant_method": "fp8"}, 0), ([1], 1), ({"quant_method": 7}, 1)]
)
def test_how_files_are_quantized_is_readable(said: object, faults: int) -> None:
    assert len(list(quantization_faults("config.json: quantization_config", said))) == faults


def test_a_mixture_without_another_width_has_that_of_its_experts() -> None:
    """Qwen3.5's mixtures say moe_intermediate_size alone."""
    text = {"model_type": "qwen3_5_moe_text", "moe_intermediate_size": 512, "num_experts": 256}
    assert text_part({"text_config": text})[1]["intermediate_size"] == 512
