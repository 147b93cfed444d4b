"""Numbers and parts of a config.json that may be left out: what stands there and cannot be read is a fault.

What is passed over in silence would be counted as if it were not there, and the verdict on memory would not say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.faults import Fault

MOST = 2**40
"""No number of a model that vLLM serves is larger."""

_LEAST = {
    **dict.fromkeys(("head_dim", "global_head_dim", "qk_rope_head_dim", "qk_nope_head_dim", "v_head_dim"), 0),
    **dict.fromkeys(("kv_lora_rank", "index_head_dim", "num_kv_shared_layers", "num_global_key_value_heads"), 0),
    **dict.fromkeys(("full_attention_interval", "attn_layer_period", "attn_layer_offset"), 0),
    "sliding_window": -1,
}
"""Numbers that a text config may have, with the least that is read; 0 and -1 are how files say that there is none."""

_EXPERTS = (
    *("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts"),
    "moe_intermediate_size",
)
"""The same where a list of numbers is read as well."""

_FACTORS = 1e6


def further_faults(path: str, text: Mapping[str, Any]) -> Iterator[Fault]:
    """One fault for each number or part below `path` that stands there and cannot be read; null is nothing."""
    for key, least in _LEAST.items():
        value = text.get(key)
        if value is not None and not _within(value, least):
            yield Fault(path=f"{path}{key}", value=_shown(value), rule=_rule(least), example=f'"{key}": 128, or null')
    for key in _EXPERTS:
        value = text.get(key)
        values = value if isinstance(value, list) else [value]
        if value is not None and not all(_within(one, 0) for one in values):
            yield Fault(path=f"{path}{key}", value=_shown(value), rule=_rule(0), example=f'"{key}": 128')
    yield from _shared(path, text)
    for key in ("layer_types", "layers_block_type"):
        names = text.get(key)
        if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
            rule = "must be a list of names, one for each layer: what a layer keeps is not guessed"
            yield Fault(path=f"{path}{key}", value=_shown(names), rule=rule, example='["full_attention", ...]')
    for key in ("rope_scaling", "rope_parameters"):
        yield from _rope(f"{path}{key}", text.get(key))


def quantization_faults(path: str, said: object) -> Iterator[Fault]:
    """What of a quantization_config says in no readable way how the files are quantized."""
    method = said.get("quant_method") if isinstance(said, Mapping) else None
    if said is not None and not isinstance(said, Mapping):
        yield Fault(path=path, value=_shown(said), rule="must be an object, or not there", example="null")
    elif method is not None and not isinstance(method, str):
        rule = "must be the name of a method: the bytes of the weights go by it"
        yield Fault(path=f"{path}.quant_method", value=_shown(method), rule=rule, example='"fp8"')


def _shared(path: str, text: Mapping[str, Any]) -> Iterator[Fault]:
    shared, layers = text.get("num_kv_shared_layers"), text.get("num_hidden_layers")
    if type(shared) is int and type(layers) is int and 0 < layers <= shared:
        rule = f"must be below num_hidden_layers, {layers}: some layer must keep what others share"
        yield Fault(path=f"{path}num_kv_shared_layers", value=_shown(shared), rule=rule, example="0")


def _rope(path: str, said: object) -> Iterator[Fault]:
    if said is None:
        return
    if not isinstance(said, Mapping):
        rule = "must be an object, or null: how long the context may be goes by it"
        yield Fault(path=path, value=_shown(said), rule=rule, example="null")
        return
    for key, part in [("", said), *((f".{key}", part) for key, part in said.items() if isinstance(part, Mapping))]:
        factor = part.get("factor")
        number = type(factor) in (int, float)
        if factor is not None and not (number and 0 < factor <= _FACTORS):
            rule = f"must be a number above 0, at most {_FACTORS:g}: how long the context may be goes by it"
            yield Fault(path=f"{path}{key}.factor", value=_shown(factor), rule=rule, example="4.0")


def _within(value: object, least: int) -> bool:
    return type(value) is int and least <= value <= MOST


def _rule(least: int) -> str:
    return f"must be a whole number from {least} to {MOST}, or not there: it would be passed over"


def _shown(value: object) -> object:
    """A value short enough for a line."""
    return value if len(str(value)) <= 40 else f"{str(value)[:40]}..."
