"""A base model as a whole: no code, weights that are complete, and the numbers that the catalog states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.catalog import BaseModel
from infra.faults import MISSING, Fault
from ops.checks.files import Content, unsafe_name
from ops.checks.model_config import NUMBERS, catalog_config, quantization

CONFIG = "config.json"
INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"

_SHAPE = {
    "hiddenSize": "hidden_size",
    "intermediateSize": "intermediate_size",
    "numHiddenLayers": "layers",
    "numAttentionHeads": "attention_heads",
    "numKeyValueHeads": "kv_heads",
    "vocabSize": "vocabulary",
    "maxPositionEmbeddings": "max_position_embeddings",
    "headDim": "head_dim",
    "numLocalExperts": "experts",
}
"""Names of the catalog's `config`, with those of the shape that is made of it."""

_CODE_KEYS = ("auto_map", "custom_pipelines", "trust_remote_code")


def base_model_faults(content: Content, entry: BaseModel | None, *, stand_in: bool) -> list[Fault]:
    """Return every fault of a base model whose files have been read; `entry` is the catalog's, if there is one."""
    faults = [*_code(content.parsed), *_weights(content), *_tokenizer(content)]
    config = content.parsed.get(CONFIG)
    if CONFIG not in content.sizes:
        faults.append(Fault(path=CONFIG, value=MISSING, rule="a base model has a config.json", example=CONFIG))
    elif config is not None and not isinstance(config, dict):
        faults.append(Fault(path=CONFIG, value=config, rule="must be a JSON object", example='{"hidden_size": 4096}'))
    elif config is not None:
        faults += _numbers(config, None if stand_in or entry is None else entry)
    return faults


def _code(parsed: Mapping[str, Any]) -> Iterator[Fault]:
    for name, content in parsed.items():
        for key in _CODE_KEYS if isinstance(content, dict) else ():
            if content.get(key):
                rule = "names code to run: servers never run with trust_remote_code, take a model that vLLM knows"
                yield Fault(path=f"{name}: {key}", value=content[key], rule=rule, example="a model without it")


def _tokenizer(content: Content) -> Iterator[Fault]:
    if not {"tokenizer.json", "tokenizer.model"} & set(content.sizes):
        rule = "a base model brings its tokenizer: nothing is fetched later"
        yield Fault(path="tokenizer.json", value=MISSING, rule=rule, example="tokenizer.json")


def _numbers(config: Mapping[str, Any], entry: BaseModel | None) -> Iterator[Fault]:
    for key, ours in NUMBERS.items():
        value = config.get(key, MISSING)
        if type(value) is not int or value < 1:
            rule = "must be a whole number from 1 on"
            yield Fault(path=f"{CONFIG}: {key}", value=value, rule=rule, example=_example(entry, _SHAPE[ours]))
    if entry is None:
        return
    dtype, said = config.get("torch_dtype", config.get("dtype")), catalog_config(config)
    keys = {ours: key for key, ours in NUMBERS.items()}
    for ours, attribute in _SHAPE.items():
        value, expected = said.get(ours), getattr(entry.shape, attribute)
        if type(value) is int and value > 0 and value != expected:
            yield _differs(keys.get(ours, ours), value, expected)
    if dtype is not None and dtype != entry.dtype:
        yield _differs("torch_dtype", dtype, entry.dtype)
    if (method := quantization(config)) != entry.quantization:
        yield _differs("quantization_config.quant_method", method, entry.quantization or "none")


def _example(entry: BaseModel | None, attribute: str) -> str:
    return "4096" if entry is None else str(getattr(entry.shape, attribute))


def _differs(key: str, value: object, expected: object) -> Fault:
    rule = f"the config of the catalog's entry has {expected}: GPU memory is counted with it"
    return Fault(path=f"{CONFIG}: {key}", value=value, rule=rule, example=str(expected))


def _weights(content: Content) -> Iterator[Fault]:
    shards = sorted(name for name in content.sizes if name.endswith(".safetensors"))
    if not shards:
        rule = "a base model has its weights as safetensors, and as nothing else"
        yield Fault(path=SINGLE, value=MISSING, rule=rule, example=SINGLE)
    elif INDEX in content.parsed:
        yield from _index(content, shards)
    elif INDEX not in content.sizes and shards != [SINGLE]:
        rule = f"weights in several files need {INDEX}, which says what is where"
        yield Fault(path=INDEX, value=shards, rule=rule, example=SINGLE)


def _index(content: Content, shards: list[str]) -> Iterator[Fault]:
    """The index names every shard and every tensor, each where it is."""
    index = content.parsed[INDEX]
    weight_map = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(weight_map, dict) or not all(isinstance(shard, str) for shard in weight_map.values()):
        rule = "must have a weight_map from tensors to files"
        yield Fault(path=INDEX, value=weight_map, rule=rule, example='{"weight_map": {"lm_head.weight": "..."}}')
        return
    named = set(weight_map.values())
    for shard in sorted(named - set(shards)):
        reason = unsafe_name(shard)
        rule = f"the name {reason}" if reason else "names a file that is not there"
        yield Fault(path=f"{INDEX}: weight_map", value=shard, rule=rule, example=shards[0])
    for shard in sorted(set(shards) - named):
        yield Fault(path=shard, value=shard, rule=f"is not named in {INDEX}", example=shards[0])
    if any(shard not in content.tensors for shard in shards):
        return
    there = {tensor: shard for shard in shards for tensor in content.tensors[shard]}
    total = sum(len(content.tensors[shard]) for shard in shards)
    wrong = sorted(name for name in {*there, *weight_map} if there.get(name) != weight_map.get(name))
    if wrong and not named - set(shards):
        rule = f"{len(wrong)} tensors are not where the index says, such as {ascii(wrong[0][:80])[1:-1]}"
        found = there.get(wrong[0], MISSING)
        yield Fault(path=f"{INDEX}: weight_map", value=found, rule=rule, example=str(weight_map.get(wrong[0], "-")))
    if total != len(there):
        rule = "a tensor stands in two files: which one is loaded is not said"
        yield Fault(path=INDEX, value=total - len(there), rule=rule, example="each tensor once")
