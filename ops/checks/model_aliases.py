"""Numbers of a config.json that stand under other names, or as lists, under the names that most models have.

Sources: vllm/transformers_utils/model_arch_config_convertor.py (get_total_num_kv_heads, get_head_size, get_num_experts,
the classes for Falcon and Zamba2) of vLLM 0.27.1, and configuration_zamba2.py of transformers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KV_HEADS = ("n_head_kv", "num_kv_heads", "num_key_value_heads", "multi_query_group_num", "num_attention_groups")
"""Names of the number of key-value heads, in the order in which vLLM looks for them."""

_EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")
_EXPERTS_PER_TOKEN = ("num_experts_per_tok", "top_k_experts", "moe_top_k", "num_experts_per_token", "moe_k", "moe_topk")


def usual_names(text: Mapping[str, Any]) -> dict[str, Any]:
    """What of a (text) config is added or replaced so that each number stands under its usual name.

    Layers of several widths (Gemma 3n) all count as the widest.
    """
    found: dict[str, Any] = {}
    if isinstance(text.get("intermediate_size"), list) and (widest := _largest(text["intermediate_size"])):
        found["intermediate_size"] = widest
    if "intermediate_size" not in text and (wide := _largest(text.get("moe_intermediate_size"))):
        # Where every layer has experts (Qwen3.5) there is no other width.
        found["intermediate_size"] = wide
    if (kv_heads := _kv_heads(text)) is not None:
        found["num_key_value_heads"] = kv_heads
    if (head_dim := _head_dim(text)) is not None:
        found["head_dim"] = head_dim
    return found


def read_experts(text: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The experts of a (text) config under the catalog's names, and names of those that are not counted.

    Of a list, one entry for each kind of token (ERNIE 4.5 VL), the largest counts and the others are named. A model
    whose number of experts cannot be read is a mixture of at least one: ranks are bounded as for every mixture.
    """
    key = next((key for key in _EXPERTS if text.get(key)), None)
    if key is None or (said := _largest(text[key])) == 0:
        return {}, []
    found, unknown = {"numLocalExperts": said or 1}, []
    if said is None:
        unknown.append(f"experts: {key} is no number")
    elif isinstance(text[key], list) and len(text[key]) > 1:
        unknown.append(f"experts of {key} beyond {said}")
    if wide := _largest(text.get("moe_intermediate_size")):
        found["intermediateSize"] = wide
    seen = next((most for key in _EXPERTS_PER_TOKEN if (most := _largest(text.get(key)))), None)
    return (found if seen is None else found | {"expertsPerToken": seen}), unknown


def _kv_heads(text: Mapping[str, Any]) -> object:
    if text.get("model_type") == "falcon" and text.get("multi_query") and not text.get("new_decoder_architecture"):
        return 1
    return next((text[key] for key in _KV_HEADS if text.get(key) is not None), None)


def _head_dim(text: Mapping[str, Any]) -> int | None:
    if text.get("model_type") == "zamba2":
        # Attention sees the hidden state beside the embedding: heads are twice as wide.
        hidden, heads = text.get("hidden_size"), text.get("num_attention_heads")
        said = text.get("attention_head_dim")
        twice = 2 * hidden // heads if type(hidden) is int and type(heads) is int and heads > 0 else None
        return said if _whole(said) else twice
    said = text.get("hidden_size_per_head")
    return said if _whole(said) and not _whole(text.get("head_dim")) else None


def _whole(value: object) -> bool:
    return type(value) is int and value > 0


def _largest(value: object) -> int | None:
    """A number, or the largest of a list of numbers; None where it is neither."""
    entries = value if isinstance(value, list) else [value]
    return max(entries) if entries and all(type(entry) is int and entry >= 0 for entry in entries) else None
