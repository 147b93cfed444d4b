"""What a model's config.json says of its GPU memory, under the names of the catalog's `config`.

Models of several parts have a config for their text within: numbers are read there, as vLLM does (get_hf_text_config).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ops.checks.config_defaults import left_out
from ops.checks.model_aliases import read_experts, usual_names
from ops.checks.model_layers import read_layers
from ops.checks.model_media import read_media

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

NESTED = ("text_config", "llm_config", "language_config")
"""Keys under which models of several parts keep the config of their text part."""

_OPTIONAL = {
    "head_dim": ("headDim", int),
    "tie_word_embeddings": ("tieWordEmbeddings", bool),
    "attention_bias": ("attentionBias", bool),
    "kv_lora_rank": ("kvLoraRank", int),
    "qk_rope_head_dim": ("qkRopeHeadDim", int),
    "index_head_dim": ("indexHeadDim", int),
}
_LATENT = (
    "axk1",
    "deepseek_v2",
    "deepseek_v3",
    "deepseek_v32",
    "glm_moe_dsa",
    "glm4_moe_lite",
    "kimi_k2",
    "kimi_linear",
    "longcat_flash",
    "longcat_flash_ngram",
    "pangu_ultra_moe",
    "bailing_hybrid",
)
"""Models of which vLLM caches the latent (vllm/transformers_utils/model_arch_config_convertor.py, is_deepseek_mla); of
others with one it caches whole keys and values."""


def text_part(config: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The part of a config.json that describes the text model, with the way to it; the whole where it has no parts."""
    thinker = config.get("thinker_config")
    if isinstance(thinker, Mapping):
        way, part = text_part(thinker)
        return f"thinker_config.{way}", part
    for key in NESTED:
        nested = config.get(key)
        if isinstance(nested, Mapping):
            return f"{key}.", {**left_out(nested, NUMBERS), **_usual(nested)}
    return "", _usual(config)


def defaults_taken(config: Mapping[str, Any]) -> dict[str, int]:
    """Numbers of NUMBERS that the text part leaves to its config class, with what the class has for them."""
    way, text = text_part(config)
    own: Any = config
    for key in way.split(".")[:-1]:
        own = own[key]
    return {key: text[key] for key in left_out(own, NUMBERS) if key in NUMBERS} if way else {}


def _usual(text: Mapping[str, Any]) -> Mapping[str, Any]:
    """Each number under its usual name, with the one that a file leaves to a list of layers."""
    named = text.get("layers_block_type")
    count = {"num_hidden_layers": len(named)} if isinstance(named, list) and named else {}
    return {**count, **text, **usual_names(text)}


def architecture(config: Mapping[str, Any]) -> str | None:
    """The architecture that vLLM runs the model by: the first that config.json names."""
    named = config.get("architectures")
    return named[0] if isinstance(named, list) and named and isinstance(named[0], str) else None


def catalog_config(config: Mapping[str, Any], preprocessor: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """`config` of a catalog entry; a number that config.json lacks is left out.

    `preprocessor` is the model's preprocessor_config.json, which bounds pictures.
    """
    _, text = text_part(config)
    named = architecture(config)
    found: dict[str, Any] = {} if named is None else {"architecture": named}
    found |= {ours: text[key] for key, ours in NUMBERS.items() if text.get(key) is not None}
    if "numKeyValueHeads" not in found and "num_attention_heads" in text:
        found["numKeyValueHeads"] = text["num_attention_heads"]
    for key, (ours, kind) in _OPTIONAL.items():
        value = text.get(key, config.get(key) if key == "tie_word_embeddings" else None)
        if type(value) is kind:
            found[ours] = value
    if text.get("model_type") not in _LATENT and found.pop("kvLoraRank", None) is not None:
        found["headDim"] = _whole(text.get("qk_nope_head_dim")) + found.pop("qkRopeHeadDim", 0)
    experts, further = read_experts(text)
    found |= experts
    layers = read_layers(text)
    found |= layers.said
    rope, strange = _rope(text)
    found |= {} if rope is None else {"ropeScaling": rope}
    vision, parts = read_media(config, preprocessor or {})
    found |= {} if vision is None else {"vision": vision}
    bits = _bits(config)
    found |= {} if bits is None else {"quantizedBits": bits}
    unknown = [*layers.unknown, *further, *strange, *parts]
    return found | ({"notCounted": unknown} if unknown else {})


def quantization(config: Mapping[str, Any]) -> str | None:
    """How the files are quantized; None where they are not."""
    said = _quantization_config(config)
    method = said.get("quant_method") if isinstance(said, Mapping) else None
    return method.lower() if isinstance(method, str) else None


def _quantization_config(config: Mapping[str, Any]) -> object:
    return config.get("quantization_config") or text_part(config)[1].get("quantization_config")


def _rope(text: Mapping[str, Any]) -> tuple[dict[str, Any] | None, list[str]]:
    """How positions are scaled, under either of the two names that transformers has had for it."""
    said = text.get("rope_scaling") or text.get("rope_parameters")
    if not isinstance(said, Mapping):
        return None, []
    if said and all(isinstance(part, Mapping) for part in said.values()):
        # By kind of layer (Gemma 3): those without a window have the factor.
        said = said.get("full_attention", {})
    kind, factor = said.get("rope_type", said.get("type")), said.get("factor")
    if kind in (None, "default", "mrope", "proportional") or type(factor) not in (int, float):
        return None, []
    known = ("yarn", "linear", "dynamic", "llama3", "longrope", "su", "deepseek_yarn", "deepseek_llama_scaling")
    if kind not in known:
        return None, [f"positions scaled by {str(kind)[:40]}"]
    original = said.get("original_max_position_embeddings")
    found = {"type": kind, "factor": factor}
    return (found | {"original": original} if type(original) is int else found), []


def _whole(value: object) -> int:
    return value if type(value) is int and value > 0 else 0


def _bits(config: Mapping[str, Any]) -> int | None:
    """Bits of a weight where the method's name does not say them (compressed-tensors, auto-round, ModelOpt)."""
    said = _quantization_config(config)
    if not isinstance(said, Mapping):
        return None
    groups = said.get("config_groups")
    parts = list(groups.values()) if isinstance(groups, Mapping) else []
    weights = [part.get("weights") for part in parts if isinstance(part, Mapping)]
    bits = {part.get("num_bits") for part in weights if isinstance(part, Mapping)} or {said.get("bits")}
    if "NVFP4" in str(said.get("quant_algo")):
        bits = {4}
    only = bits.pop() if len(bits) == 1 else None
    return only if only in (4, 8) else None
