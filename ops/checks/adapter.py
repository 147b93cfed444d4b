"""An adapter as a whole: the pair of files, its tensors, its configuration, the catalog and the base model agree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from infra.catalog import Adapter, BaseModel, Catalog
from infra.faults import MISSING, Fault
from ops.checks.adapter_config import ALL_LINEAR, FILE, LoraConfig, read_config
from ops.checks.files import Content
from ops.checks.safetensors_header import Tensor

WEIGHTS = "adapter_model.safetensors"
_PROMPTS = ("tokenizer", "tekken", "tiktoken", "vocab", "merges", "added_tokens", "special_tokens_map", "chat_template")
_PROMPT_SUFFIXES = (".jinja", ".model")
"""Beginnings and ends of the names of files that change how text becomes tokens or a conversation becomes text."""

MODULES = {
    "self_attn": ("q_proj", "k_proj", "v_proj", "o_proj"),
    "mlp": ("gate_proj", "up_proj", "down_proj"),
}
"""Linear layers of a Llama-like decoder (transformers/models/llama/modeling_llama.py), by the block that holds them."""

_TENSOR = re.compile(
    r"base_model\.model\.(?:[a-z_]{1,40}\.){0,3}layers\.([0-9]{1,6})\.([a-z_]+)\.(\w+)\.lora_([AB])\.weight"
)
_FLOATS = ("F32", "F16", "BF16")


@dataclass(frozen=True, kw_only=True)
class _Expected:
    """What the tensors must agree with; `sizes` says whether with the base model's as well."""

    config: LoraConfig
    entry: Adapter | None
    base: BaseModel | None
    modules: Mapping[str, tuple[int, int]]
    sizes: bool


def adapter_faults(
    content: Content, entry: Adapter | None, catalog: Catalog, *, stand_in: bool, own_tokenizer: bool
) -> list[Fault]:
    """Return every fault of an adapter whose files have been read.

    `entry` is the catalog's, or None before there is one. Sizes are not compared for a
    stand-in, nor on a base model that is one: its `config` is that of the model that it stands for.
    """
    faults = [*_pair(content), *([] if own_tokenizer else _tokenizer(content))]
    config = LoraConfig(rank=None, modules=None, base_model=None)
    if FILE in content.parsed:
        config, found = read_config(content.parsed[FILE])
        faults += found
    base = _base_model(config, entry, catalog)
    faults += _identity(config, entry, catalog)
    if entry is not None and config.rank not in (None, entry.rank):
        faults.append(_differs(f"{FILE}: r", config.rank, "rank", entry.rank))
    if WEIGHTS in content.tensors:
        modules = modules_of(base)
        sizes = not stand_in and base is not None and not base.stand_in
        expected = _Expected(config=config, entry=entry, base=base, modules=modules, sizes=sizes)
        faults += _weights(content.tensors[WEIGHTS], expected)
    return faults


def _pair(content: Content) -> Iterator[Fault]:
    for name in (FILE, WEIGHTS):
        if name not in content.sizes:
            rule = "an adapter is the pair of adapter_config.json and adapter_model.safetensors"
            yield Fault(path=name, value=MISSING, rule=rule, example=name)
    for name in content.tensors:
        if name != WEIGHTS:
            rule = f"an adapter has one file of weights, {WEIGHTS}"
            yield Fault(path=name, value=name, rule=rule, example=WEIGHTS)


def _tokenizer(content: Content) -> Iterator[Fault]:
    for name in content.sizes:
        if name.lower().startswith(_PROMPTS) or name.lower().endswith(_PROMPT_SUFFIXES):
            rule = (
                "changes how prompts are read, for this adapter alone: leave it out, or have it accepted "
                "(--own-tokenizer, ownTokenizer: true in the catalog)"
            )
            yield Fault(path=name, value=f"{content.sizes[name]} bytes", rule=rule, example="the base model's own")


def _base_model(config: LoraConfig, entry: Adapter | None, catalog: Catalog) -> BaseModel | None:
    return catalog.base_models.get(entry.base_model if entry else config.base_model or "")


def _identity(config: LoraConfig, entry: Adapter | None, catalog: Catalog) -> Iterator[Fault]:
    """The base model is named by the catalog's reference: a hub's name or a path says no version."""
    path = f"{FILE}: base_model_name_or_path"
    if config.base_model is None:
        return
    if entry is not None and config.base_model != entry.base_model:
        yield _differs(path, config.base_model, "baseModel", entry.base_model)
    elif entry is None and config.base_model not in catalog.base_models:
        rule = f"must be a base model of the catalog with its version: {', '.join(catalog.base_models)}"
        example = next(iter(catalog.base_models), "tsuzumi-7b-instruct/v1")
        yield Fault(path=path, value=config.base_model, rule=rule, example=example)


def _differs(path: str, value: object, key: str, expected: object) -> Fault:
    return Fault(path=path, value=value, rule=f"the catalog's entry has {key} {expected}", example=str(expected))


def _weights(tensors: Mapping[str, Tensor], expected: _Expected) -> Iterator[Fault]:
    """Faults of the tensors; many layers with one fault are told once, with their number."""
    told: dict[str, list[tuple[str, object, str]]] = {}
    halves: dict[str, set[str]] = {}
    found: set[str] = set()
    layers: set[int] = set()
    for name, tensor in tensors.items():
        match = _TENSOR.fullmatch(name)
        if not match:
            rule = (
                "must be a LoRA matrix of a layer, as PEFT names it: no embeddings, no whole modules, no DoRA vectors"
            )
            example = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
            told.setdefault(rule, []).append((name, list(tensor.shape), example))
            continue
        layer, block, module, half = match.groups()
        halves.setdefault(name[: -len(".lora_A.weight")], set()).add(half)
        found.add(module)
        layers.add(int(layer))
        faults = [*_place(tensor, int(layer), expected), *_size(tensor, f"{block}.{module}", half, expected)]
        for rule, value, example in faults:
            told.setdefault(rule, []).append((name, value, example))
    for name, there in halves.items():
        if len(there) == 1:
            told.setdefault("lora_A and lora_B come in pairs", []).append((name, f"lora_{min(there)} alone", "both"))
    yield from _grouped(told)
    yield from _modules(found, expected)
    said = expected.config.layers
    if said is not None and layers and set(said) != layers:
        rule = f"the tensors change layers {', '.join(map(str, sorted(layers)))}: both must name the same"
        example = str(sorted(layers))
        yield Fault(path=f"{FILE}: layers_to_transform", value=list(said), rule=rule, example=example)


def _grouped(told: Mapping[str, list[tuple[str, object, str]]]) -> Iterator[Fault]:
    for rule, places in told.items():
        name, value, example = places[0]
        more = f" (and {len(places) - 1} more tensors)" if len(places) > 1 else ""
        yield Fault(path=f"{WEIGHTS}: {ascii(name[:120])[1:-1]}", value=value, rule=f"{rule}{more}", example=example)


def _place(tensor: Tensor, layer: int, expected: _Expected) -> Iterator[tuple[str, object, str]]:
    """Rule, value and example of what is wrong with a matrix wherever it stands."""
    base = expected.base
    if tensor.dtype not in _FLOATS:
        yield f"its data type must be one of {', '.join(_FLOATS)}", tensor.dtype, "BF16"
    if base is not None and layer >= base.shape.layers:
        yield f"{base.ref} has {base.shape.layers} layers, counted from 0", layer, str(base.shape.layers - 1)


def _size(tensor: Tensor, module: str, half: str, expected: _Expected) -> Iterator[tuple[str, object, str]]:
    """Rule, value and example of what is wrong with a matrix in its module: lora_A is [r, in], lora_B [out, r]."""
    known, base, r = expected.modules, expected.base, expected.config.rank
    if module not in known:
        yield f"is no linear layer of the base model: {', '.join(sorted(known))}", module, "self_attn.q_proj"
        return
    if len(tensor.shape) != 2:
        yield "must have two dimensions", list(tensor.shape), "[8, 4096]"
        return
    rank, size = tensor.shape if half == "A" else tensor.shape[::-1]
    if r is not None and rank != r:
        yield f"its rank is not the r of {FILE}, {r}", list(tensor.shape), f"rank {r}"
    right = known[module][0 if half == "A" else 1]
    if expected.sizes and base is not None and size != right:
        side = "inputs" if half == "A" else "outputs"
        yield f"{module} of {base.ref} has {right} {side}, by the config of the catalog", size, str(right)


def modules_of(base: BaseModel | None) -> dict[str, tuple[int, int]]:
    """Inputs and outputs of each linear layer that LoRA can change, by `block.module`; zeros where nothing is known.

    In a mixture of experts those of the attention only: experts have other names in every model.
    """
    if base is None:
        return {f"{block}.{module}": (0, 0) for block, modules in MODULES.items() for module in modules}
    shape = base.shape
    hidden, inner = shape.hidden_size, shape.intermediate_size
    heads, groups = shape.attention_heads * shape.head_dim, shape.kv_heads * shape.head_dim
    attention = {"q_proj": (hidden, heads), "k_proj": (hidden, groups), "v_proj": (hidden, groups)}
    known = {f"self_attn.{name}": size for name, size in (attention | {"o_proj": (heads, hidden)}).items()}
    if shape.experts:
        return known
    return known | {"mlp.gate_proj": (hidden, inner), "mlp.up_proj": (hidden, inner), "mlp.down_proj": (inner, hidden)}


def _modules(found: set[str], expected: _Expected) -> Iterator[Fault]:
    names = {module.rsplit(".", 1)[-1] for module in expected.modules}
    said = None if expected.config.modules is None else set(expected.config.modules)
    if said == {ALL_LINEAR}:
        said = names
    if said is not None:
        for module in sorted(said - names):
            rule = f"is no linear layer of the base model: {', '.join(sorted(names))}"
            yield Fault(path=f"{FILE}: target_modules", value=module, rule=rule, example="q_proj")
        if found != said:
            rule = f"the tensors change {', '.join(sorted(found)) or 'nothing'}: both must name the same modules"
            yield Fault(path=f"{FILE}: target_modules", value=sorted(said), rule=rule, example=str(sorted(found)))
    entry = expected.entry
    if entry is not None and found != set(entry.target_modules):
        rule = f"the catalog's entry has targetModules {', '.join(sorted(entry.target_modules))}"
        yield Fault(path=WEIGHTS, value=sorted(found), rule=rule, example=str(sorted(entry.target_modules)))
