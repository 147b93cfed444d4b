"""Kinds of layers in a config.json: which keep keys and values, with which heads and windows, and which keep a state.

Names and sizes are those that vLLM 0.27.1 reads: the model classes of vllm/model_executor/models (config.layer_types,
get_mamba_state_shape_from_config) and the config classes of transformers, whose defaults count where a file is silent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

FULL, SLIDING, STATE, BOTH, NEITHER = "full", "sliding", "state", "both", "neither"

_KINDS = {
    "full_attention": FULL,
    "attention": FULL,
    # vLLM keeps every token of chunked attention: its hybrid manager is off for it (vllm/config/vllm.py).
    "chunked_attention": FULL,
    "sliding_attention": SLIDING,
    "linear_attention": STATE,
    "mamba": STATE,
    "mamba2": STATE,
    "conv": STATE,
    "hybrid": BOTH,
    "mlp": NEITHER,
    "moe": NEITHER,
}
"""What layers of a name keep (`layer_types`, `layers_block_type`); another name is not known."""

_PATTERN = {"M": STATE, "*": FULL, "-": NEITHER, "E": NEITHER}
"""The letters of hybrid_override_pattern (transformers, nemotron_h)."""

_INTERVALS = {"gemma3_text": 6, "gemma3": 6, "gemma2": 2, "cohere2": 4, "exaone4": 4, "gemma4_text": 6, "olmo3": 4}
"""Every so many layers one has no window, where the file does not name layers (transformers, the config classes)."""

_WINDOWED = ("mistral", "mixtral", "phi3", "starcoder2")
"""Models whose every layer has the sliding window that the file names, where it says no more about layers."""

_ALL_STATE = ("mamba", "mamba2", "falcon_mamba")
_BOTH = ("falcon_h1",)
"""Models whose every layer keeps keys and values and a state as well."""

_OWN_SPLIT = ("deepseek_v4",)
"""Models whose layers keep compressed keys: what they keep is not counted."""


@dataclass
class Layers:
    """What was found: counts by kind, keys of the catalog, and names of what is not known."""

    counts: Counter[str] = field(default_factory=Counter)
    said: dict[str, Any] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


def read_layers(config: Mapping[str, Any]) -> Layers:
    """The layers of a (text) config as the catalog has them; nothing where all layers are alike."""
    kind, count = config.get("model_type"), _whole(config.get("num_hidden_layers"))
    found = Layers()
    if kind in _OWN_SPLIT:
        found.unknown.append(f"compressed keys of {kind}")
        return found
    kinds = _kinds(config, count, found)
    kept = kinds[: len(kinds) - (_whole(config.get("num_kv_shared_layers")) or 0)]
    found.counts = Counter(kept)
    if kind in _BOTH:
        found.counts = Counter({BOTH: count})
    both = found.counts.pop(BOTH, 0)
    found.counts[FULL] += both
    found.counts[STATE] += both
    if found.counts[STATE]:
        state = _state(config)
        if state is None:
            found.unknown.append(f"the state of {found.counts[STATE]} layers without attention")
            return found
        found.said["recurrentLayers"] = {"layers": found.counts[STATE], **state}
    window = _whole(config.get("sliding_window"))
    shared = len(kept) != count
    if found.counts[SLIDING] and not window:
        found.unknown.append(f"the window of {found.counts[SLIDING]} layers")
    elif found.counts[STATE] or found.counts[NEITHER] or shared or _own_full_heads(config):
        found.said["attentionLayers"] = _attention(config, found.counts, window)
    elif window and found.counts[SLIDING]:
        found.said["slidingWindow"] = window
        if found.counts[SLIDING] != count:
            found.said["slidingWindowLayers"] = found.counts[SLIDING]
    return found


def _kinds(config: Mapping[str, Any], count: int, found: Layers) -> list[str]:
    """What each layer keeps: by name where the file names them, else by its rule for them."""
    names = config.get("layer_types") or config.get("layers_block_type")
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        if len(names) != count:
            found.unknown.append(f"layers: {len(names)} are named, num_hidden_layers is {count}")
            return [FULL] * count
        strange = sorted(set(names) - set(_KINDS))
        if strange:
            found.unknown.append(f"layers of kind {', '.join(strange)[:80]}")
        kinds = [_KINDS.get(name, FULL) for name in names]
        return [FULL if kind == SLIDING and _windows_off(config) else kind for kind in kinds]
    pattern = config.get("hybrid_override_pattern")
    if isinstance(pattern, str) and set(pattern) <= set(_PATTERN):
        if len(pattern) != count:
            found.unknown.append(f"layers: hybrid_override_pattern has {len(pattern)}, num_hidden_layers is {count}")
            return [FULL] * count
        return [_PATTERN[letter] for letter in pattern]
    keeping = _keeping(config, count)
    if keeping is not None:
        return [FULL if number in keeping else STATE for number in range(count)]
    windowed = _windowed_layers(config, count)
    return [SLIDING] * windowed + [FULL] * (count - windowed)


def _keeping(config: Mapping[str, Any], count: int) -> set[int] | None:
    """Layers that keep keys and values where the others keep a state; None where the file has no rule for it."""
    kimi = config.get("linear_attn_config")
    if isinstance(kimi, Mapping) and isinstance(kimi.get("full_attn_layers"), list):
        return {number - 1 for number in kimi["full_attn_layers"] if type(number) is int}
    if every := _whole(config.get("full_attention_interval")):
        return {number for number in range(count) if (number + 1) % every == 0}
    if period := _whole(config.get("attn_layer_period")):
        offset = _whole(config.get("attn_layer_offset"))
        return {number for number in range(count) if number % period == offset}
    return set() if config.get("model_type") in _ALL_STATE else None


def _windows_off(config: Mapping[str, Any]) -> bool:
    return config.get("use_sliding_window") is False


def _windowed_layers(config: Mapping[str, Any], count: int) -> int:
    """How many layers have the sliding window; 0 where that is not certain: then none is counted as having it."""
    if _windows_off(config) or not _whole(config.get("sliding_window")):
        return 0
    every = _whole(config.get("sliding_window_pattern")) or _whole(config.get("_sliding_window_pattern"))
    pattern = config.get("sliding_window_pattern")
    if isinstance(pattern, str) and set(pattern) <= {"L", "G"}:
        every = len(pattern)
    every = every or _INTERVALS.get(str(config.get("model_type")), 0)
    if every:
        return count - count // every
    if config.get("use_sliding_window") is True:
        first = config.get("max_window_layers")
        return max(0, count - first) if type(first) is int else 0
    return count if config.get("model_type") in _WINDOWED else 0


def _own_full_heads(config: Mapping[str, Any]) -> bool:
    """Whether layers without a window have heads of their own (Gemma 4)."""
    wide = _whole(config.get("global_head_dim"))
    few = _whole(config.get("num_global_key_value_heads"))
    return bool(wide or few) and (
        (wide or config.get("head_dim")) != config.get("head_dim")
        or (few or config.get("num_key_value_heads")) != config.get("num_key_value_heads")
    )


def _attention(config: Mapping[str, Any], counts: Counter[str], window: int) -> list[dict[str, Any]]:
    heads = _whole(config.get("num_attention_heads"))
    plain = {
        "kvHeads": _whole(config.get("num_key_value_heads")) or heads,
        "headDim": _whole(config.get("head_dim")) or (_whole(config.get("hidden_size")) // heads if heads else 0),
    }
    full = dict(plain)
    if _own_full_heads(config):
        full["headDim"] = _whole(config.get("global_head_dim")) or plain["headDim"]
        # vllm/model_executor/models/gemma4.py: the few heads count only where values are the keys.
        if config.get("attention_k_eq_v") is True:
            full["kvHeads"] = _whole(config.get("num_global_key_value_heads")) or plain["kvHeads"]
    parts = []
    if counts[SLIDING]:
        parts.append({"layers": counts[SLIDING], **plain, "window": window})
    if counts[FULL]:
        parts.append({"layers": counts[FULL], **full})
    return parts


def _state(config: Mapping[str, Any]) -> dict[str, Any] | None:
    """What one layer keeps of a request; None where the file has no sizes that are known."""
    for read in (_gated_delta, _mamba2, _mamba1, _short_conv, _delta):
        found = read(config)
        if found is not None:
            return found
    return None


def _numbers(config: Mapping[str, Any], names: Sequence[str]) -> list[int] | None:
    values = [_whole(config.get(name)) for name in names]
    return None if 0 in values else values


def _gated_delta(config: Mapping[str, Any]) -> dict[str, Any] | None:
    names = ("linear_num_key_heads", "linear_num_value_heads", "linear_key_head_dim", "linear_value_head_dim")
    found = _numbers(config, (*names, "linear_conv_kernel_dim"))
    if found is None:
        return None
    keys, values, key, value, kernel = found
    conv = (2 * key * keys + value * values) * (kernel - 1)
    return _said(conv, values * key * value, values * value, config.get("mamba_ssm_dtype"))


def _mamba2(config: Mapping[str, Any]) -> dict[str, Any] | None:
    hidden = _whole(config.get("hidden_size"))
    for heads, head, groups, state, kernel, width in (
        ("mamba_n_heads", "mamba_d_head", "mamba_n_groups", "mamba_d_state", "mamba_d_conv", "mamba_expand"),
        ("n_mamba_heads", "mamba_headdim", "mamba_ngroups", "mamba_d_state", "mamba_d_conv", "mamba_expand"),
        ("mamba_num_heads", "mamba_head_dim", "n_groups", "ssm_state_size", "conv_kernel", ""),
        ("num_heads", "head_dim", "n_groups", "state_size", "conv_kernel", "expand"),
    ):
        found = _numbers(config, (heads, head, groups, state, kernel))
        if found is None:
            continue
        inner = found[0] * found[1]
        if width and not _whole(config.get("mamba_d_ssm")):
            inner = hidden * (_whole(config.get(width)) or 2)
        conv = (inner + 2 * found[2] * found[3]) * (found[4] - 1)
        own = config.get("mamba_ssm_cache_dtype")
        # vllm/model_executor/models/config.py, NemotronHForCausalLMConfig: float32 where the file says nothing.
        kind = own or ("float32" if heads == "mamba_num_heads" else None)
        return _said(conv, found[0] * found[1] * found[3], inner, kind)
    return None


def _mamba1(config: Mapping[str, Any]) -> dict[str, Any] | None:
    hidden = _whole(config.get("hidden_size"))
    jamba = _numbers(config, ("mamba_expand", "mamba_d_state", "mamba_d_conv"))
    if jamba is not None:
        inner, state, kernel = jamba[0] * hidden, jamba[1], jamba[2]
    else:
        own = _numbers(config, ("intermediate_size", "state_size", "conv_kernel"))
        if own is None:
            return None
        inner, state, kernel = own
    return _said(inner * (kernel - 1), inner * state, inner, None)


def _short_conv(config: Mapping[str, Any]) -> dict[str, Any] | None:
    kernel = _whole(config.get("conv_L_cache"))
    width = _whole(config.get("conv_dim")) or _whole(config.get("hidden_size"))
    return _said(width * (kernel - 1), 0, width, None) if kernel and width else None


def _delta(config: Mapping[str, Any]) -> dict[str, Any] | None:
    kimi = config.get("linear_attn_config")
    found = _numbers(kimi, ("num_heads", "head_dim", "short_conv_kernel_size")) if isinstance(kimi, Mapping) else None
    if found is None:
        return None
    heads, head, kernel = found
    return _said(3 * heads * head * (kernel - 1), heads * head * head, heads * head, "float32")


def _said(conv: int, state: int, inner: int, kind: object) -> dict[str, Any]:
    said: dict[str, Any] = {"convValues": conv, "stateValues": state, "innerSize": inner}
    return said | ({"stateType": kind} if kind in ("float32", "float16", "bfloat16") else {})


def _whole(value: object) -> int:
    return value if type(value) is int and value > 0 else 0
