"""adapter_config.json: PEFT's LoRA configuration, as far as the pinned vLLM serves it.

vLLM reads a few keys and drops every other one in silence: an adapter that needs one of those would load and answer
wrongly, so what vLLM refuses and what it ignores are both faults here. Which key is which is data, by vLLM's version
(infra/catalog/serves.yaml). Where the tensors say the same as a key, as with the names of modules, the tensors count.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.catalog.serves import Serves
from infra.faults import MISSING, Fault

FILE = "adapter_config.json"
MAX_RANK = 512
"""The largest `--max-lora-rank` of vLLM (vllm/config/lora.py)."""

ALL_LINEAR = "all-linear"
"""PEFT's word for every linear layer but the output's."""

_NO_MATTER = frozenset(
    (
        *("peft_type", "r", "lora_alpha", "target_modules", "bias", "base_model_name_or_path", "use_rslora"),
        *("task_type", "inference_mode", "lora_dropout", "init_lora_weights", "layers_pattern", "layers_to_transform"),
        *("exclude_modules", "revision", "peft_version", "megatron_core", "qalora_group_size", "loftq_config"),
        *("corda_config", "eva_config", "lora_ga_config", "ensure_weight_tying", "runtime_config"),
        *("auto_mapping", "fan_in_fan_out", "target_parameters"),
    )
)
_CHANGES_BASE = ("pissa", "olora", "corda", "loftq", "lora_ga")
MAX_ALPHA = 1_000_000
"""Far above any that is trained with; a few powers of ten more, and alpha / r is infinite in the weights' own type."""

MIN_ALPHA = 1e-6
"""Far below any that is trained with; divided by r it leaves of weights what no served type holds."""

_TRANSFORMERS = re.compile(r"transformers(\.[A-Za-z_][A-Za-z0-9_]*)*")
_PATTERNS = frozenset(("rank_pattern", "alpha_pattern"))
_TEXT = ((str, type(None)), "must be a text or null", "null")
_TEXTS = ((str, list, type(None)), "must be a text, a list of texts or null", "null")
_MAPPING = ((dict, type(None)), "must be an object or null", "null")
_FLAG = ((bool, type(None)), "must be true or false", "false")
_TYPES: dict[str, tuple[tuple[type, ...], str, str]] = {
    **dict.fromkeys(("peft_version", "revision", "megatron_core"), _TEXT),
    **dict.fromkeys(("layers_pattern", "exclude_modules"), _TEXTS),
    **dict.fromkeys(("loftq_config", "corda_config", "eva_config", "lora_ga_config", "runtime_config"), _MAPPING),
    **dict.fromkeys(("auto_mapping", "rank_pattern", "alpha_pattern"), _MAPPING),
    **dict.fromkeys(("inference_mode", "use_rslora", "ensure_weight_tying", "fan_in_fan_out"), _FLAG),
    "target_parameters": ((list, type(None)), "must be a list of texts or null", "null"),
    "init_lora_weights": ((bool, str, type(None)), "must be true, false or the name of a start", "true"),
    "qalora_group_size": ((int, type(None)), "must be a whole number", "16"),
}
"""Keys that change nothing here: with a value of another type PEFT did not write the file."""


@dataclass(frozen=True, kw_only=True)
class LoraConfig:
    """What of an adapter_config.json the other checks need; None is what could not be read, or is not said.

    `modules` are the names in target_modules, without the path before them; None for a regular expression, and where
    parameters are named beside. `layers` are the only ones that the adapter changes.
    """

    rank: int | None
    modules: tuple[str, ...] | None
    base_model: str | None
    layers: tuple[int, ...] | None = None
    rslora: bool = False


def read_config(config: object, serves: Serves) -> tuple[LoraConfig, list[Fault]]:
    """Return the configuration and every fault of the parsed file, for a version of vLLM."""
    if not isinstance(config, dict):
        fault = Fault(path=FILE, value=config, rule="must be a JSON object", example='{"peft_type": "LORA", ...}')
        return LoraConfig(rank=None, modules=None, base_model=None), [fault]
    faults = [*_needed(config), *_switched_off(config, serves), *_mistyped(config), *_unknown(config, serves)]
    base, rank = config.get("base_model_name_or_path"), config.get("r")
    found = LoraConfig(
        rank=rank if _is_rank(rank) else None,
        modules=_modules(config),
        base_model=base if isinstance(base, str) else None,
        layers=_layers(config.get("layers_to_transform")),
        rslora=config.get("use_rslora") is True,
    )
    return found, faults


def _needed(config: Mapping[str, Any]) -> Iterator[Fault]:
    right = {
        "peft_type": (config.get("peft_type") == "LORA", "must be LORA", '"LORA"'),
        "r": (_is_rank(config.get("r")), f"must be a whole number from 1 to {MAX_RANK}", "8"),
        "lora_alpha": (
            _is_scale(config.get("lora_alpha")),
            f"must be a finite number from {MIN_ALPHA} to {MAX_ALPHA}: below, the adapter changes nothing",
            "16",
        ),
        "task_type": (
            config.get("task_type") in (None, "CAUSAL_LM"),
            "must be CAUSAL_LM or null: what other tasks train besides, such as a head, is not judged here",
            '"CAUSAL_LM"',
        ),
        "target_modules": (
            _names_something(config),
            f"must list the modules by name, or be {ALL_LINEAR} or a regular expression: vLLM wants the key, and goes "
            "by the tensors' names",
            '["q_proj", "v_proj"]',
        ),
        "base_model_name_or_path": (
            isinstance(config.get("base_model_name_or_path"), str),
            "must be the catalog's name and version of the base model (kitchen adapter adopt sets it)",
            '"tsuzumi-7b-instruct/v1"',
        ),
    }
    for key, (fine, rule, example) in right.items():
        if not fine:
            yield _fault(config, key, rule, example)


def _switched_off(config: Mapping[str, Any], serves: Serves) -> Iterator[Fault]:
    for key, (reason, example) in serves.off.items():
        if config.get(key):
            yield _fault(config, key, f"must be off: {reason}", example)
    for key, (same, reason) in serves.wrong_scale.items():
        pattern = config.get(key)
        if pattern and not (isinstance(pattern, dict) and all(value == config.get(same) for value in pattern.values())):
            yield _fault(config, key, f"must be off, or repeat {same}: {reason}", "{}")
    if config.get("bias", "none") != "none":
        yield _fault(config, "bias", "must be none: vLLM refuses biases", '"none"')
    yield from _imports(config)
    start = config.get("init_lora_weights")
    if isinstance(start, str) and start.lower().startswith(_CHANGES_BASE):
        rule = (
            "this start changed the base model's weights: save it converted (path_initial_model_for_weight_conversion)"
        )
        yield _fault(config, "init_lora_weights", rule, "true")


def _imports(config: Mapping[str, Any]) -> Iterator[Fault]:
    """PEFT imports the modules that these name: another one than its own would be code of the adapter's choice."""
    if config.get("megatron_core") not in (None, "megatron.core"):
        rule = "must be null or megatron.core: PEFT imports the module that stands here"
        yield _fault(config, "megatron_core", rule, '"megatron.core"')
    mapping = config.get("auto_mapping")
    library = mapping.get("parent_library") if isinstance(mapping, dict) else None
    if library is not None and not (isinstance(library, str) and _TRANSFORMERS.fullmatch(library)):
        rule = "must name a module of transformers as parent_library, or be null: PEFT imports what stands here"
        yield _fault(config, "auto_mapping", rule, "null")


def _mistyped(config: Mapping[str, Any]) -> Iterator[Fault]:
    for key, (types, rule, example) in _TYPES.items():
        value = config.get(key)
        wrong = not isinstance(value, types) or (isinstance(value, bool) and bool not in types)
        if wrong or (isinstance(value, list) and not all(isinstance(entry, str) for entry in value)):
            yield _fault(config, key, rule, example)
    dropout = config.get("lora_dropout")
    if dropout is not None and (type(dropout) not in (int, float) or not 0 <= dropout <= 1):
        yield _fault(config, "lora_dropout", "must be a number from 0 to 1, or null", "0.05")
    layers = config.get("layers_to_transform")
    if layers not in (None, []) and _layers(layers) is None:
        yield _fault(config, "layers_to_transform", "must be null, a layer's number, or a list of them", "[0, 1]")


def _unknown(config: Mapping[str, Any], serves: Serves) -> Iterator[Fault]:
    """A key that is not known and is on may mean anything; one that is off is a newer PEFT's default."""
    known = _NO_MATTER | serves.off.keys() | set(serves.understood) | _PATTERNS
    for key, value in config.items():
        if key not in known and value:
            rule = "is no key of PEFT's LoRA that is known here, and vLLM ignores it: what it does cannot be judged"
            yield Fault(path=f"{FILE}: {key[:80]!r}", value=value, rule=rule, example="null")


def _fault(config: Mapping[str, Any], key: str, rule: str, example: str) -> Fault:
    return Fault(path=f"{FILE}: {key}", value=config.get(key, MISSING), rule=rule, example=example)


def _is_rank(value: object) -> bool:
    return type(value) is int and 1 <= value <= MAX_RANK


def _is_scale(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and MIN_ALPHA <= value <= MAX_ALPHA  # type: ignore[arg-type,operator]


def _names_something(config: Mapping[str, Any]) -> bool:
    """Whether target_modules can be PEFT's: a text, or a list of texts that is empty only beside target_parameters."""
    value = config.get("target_modules")
    if isinstance(value, str):
        return bool(value)
    if value is None or value == []:
        return "target_modules" in config and bool(config.get("target_parameters"))
    return isinstance(value, list) and all(isinstance(name, str) and name for name in value)


def _modules(config: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Last words of the names; None where they are an expression, or not all that is changed.

    PEFT takes a name for the end of a module's, whole words of it (check_target_module_exists of
    src/peft/tuners/tuners_utils.py).
    """
    value = config.get("target_modules")
    if not isinstance(value, list) or not _names_something(config) or config.get("target_parameters"):
        return None
    return tuple(dict.fromkeys(name.rsplit(".", 1)[-1] for name in value))


def _layers(value: object) -> tuple[int, ...] | None:
    numbers = value if isinstance(value, list) else [value]
    if not numbers or not all(type(number) is int and number >= 0 for number in numbers):
        return None
    return tuple(numbers)
