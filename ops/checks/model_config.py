"""What a model's config.json says of its GPU memory, under the names of the catalog's `config`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NUMBERS = {
    "hidden_size": "hiddenSize",
    "intermediate_size": "intermediateSize",
    "num_hidden_layers": "numHiddenLayers",
    "num_attention_heads": "numAttentionHeads",
    "num_key_value_heads": "numKeyValueHeads",
    "vocab_size": "vocabSize",
    "max_position_embeddings": "maxPositionEmbeddings",
}
"""Keys of config.json that must be there, with the catalog's names."""

_OPTIONAL = {
    "head_dim": ("headDim", int),
    "tie_word_embeddings": ("tieWordEmbeddings", bool),
    "attention_bias": ("attentionBias", bool),
    "kv_lora_rank": ("kvLoraRank", int),
    "qk_rope_head_dim": ("qkRopeHeadDim", int),
}
_EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts")
_WINDOWED = ("mistral", "mixtral", "phi3", "starcoder2")
"""Models whose every layer has the sliding window that the file names, where it says no more about layers."""


def architecture(config: Mapping[str, Any]) -> str | None:
    """The architecture that vLLM runs the model by: the first that config.json names."""
    named = config.get("architectures")
    return named[0] if isinstance(named, list) and named and isinstance(named[0], str) else None


def catalog_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """`config` of a catalog entry; a number that config.json lacks is left out."""
    named = architecture(config)
    found: dict[str, Any] = {} if named is None else {"architecture": named}
    found |= {ours: config[key] for key, ours in NUMBERS.items() if config.get(key) is not None}
    for key, (ours, kind) in _OPTIONAL.items():
        if type(config.get(key)) is kind:
            found[ours] = config[key]
    experts = next((config[key] for key in _EXPERTS if type(config.get(key)) is int), None)
    if experts:
        found["numLocalExperts"] = experts
        if type(config.get("moe_intermediate_size")) is int:
            found["intermediateSize"] = config["moe_intermediate_size"]
    window, windowed = config.get("sliding_window"), _windowed_layers(config)
    if type(window) is int and windowed:
        found["slidingWindow"] = window
        if windowed != config.get("num_hidden_layers"):
            found["slidingWindowLayers"] = windowed
    return found


def quantization(config: Mapping[str, Any]) -> str | None:
    """How the files are quantized; None where they are not."""
    said = config.get("quantization_config")
    method = said.get("quant_method") if isinstance(said, Mapping) else None
    return method.lower() if isinstance(method, str) else None


def _windowed_layers(config: Mapping[str, Any]) -> int:
    """How many layers have the sliding window; 0 where that is not certain: then none is counted as having it."""
    layers, types = config.get("num_hidden_layers"), config.get("layer_types")
    if type(layers) is not int or config.get("use_sliding_window") is False:
        return 0
    if isinstance(types, list):
        return types.count("sliding_attention")
    pattern = config.get("sliding_window_pattern")
    if type(pattern) is int and pattern > 0:
        return layers - layers // pattern
    if config.get("use_sliding_window") is True:
        first = config.get("max_window_layers")
        return max(0, layers - first) if type(first) is int else 0
    return layers if config.get("model_type") in _WINDOWED else 0
