"""A base model as a whole: no code, weights that are complete, and the numbers that the catalog states."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infra.catalog import BaseModel
from infra.catalog.modules import compact
from infra.faults import MISSING, Fault
from ops.checks.adapter_config import FILE as ADAPTER_CONFIG
from ops.checks.files import Content, unsafe_name
from ops.checks.model_config import quantization, text_part
from ops.checks.model_numbers import CONFIG, comparable, notes, number_faults, said_config
from ops.checks.model_weights import SINGLE, TEXT_LAYER, weight_faults, weight_notes
from ops.checks.module_sizes import module_sizes
from ops.checks.patterns import pattern_faults
from ops.checks.pointers import pointer_faults

TOKENIZER = "tokenizer.json"
INDEX = "model.safetensors.index.json"
_LAYER = re.compile(r"(?:^|\.)layers\.([0-9]{1,6})\.")

_EMBEDDINGS = ("embed", "wte")
"""What the names of token embeddings have in them (embed_tokens, word_embeddings, tok_embeddings, wte)."""

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,256}")


def base_model_faults(content: Content, entry: BaseModel | None, *, stand_in: bool) -> list[Fault]:
    """Return every fault of a base model whose files have been read; `entry` is the catalog's, if there is one."""
    faults = [
        *pointer_faults(content.parsed, content.notes),
        *pattern_faults(content.parsed),
        *_weights(content),
        *_tokenizer(content),
        *_other_models_files(content),
    ]
    config = content.parsed.get(CONFIG)
    odd = list(_names(content))
    faults += odd or _modules(content, config, entry)
    if CONFIG not in content.sizes:
        faults.append(Fault(path=CONFIG, value=MISSING, rule="a base model has a config.json", example=CONFIG))
    elif CONFIG in content.parsed and not isinstance(config, dict):
        faults.append(Fault(path=CONFIG, value=config, rule="must be a JSON object", example='{"hidden_size": 4096}'))
    elif config is not None:
        faults += number_faults(content, None if stand_in or entry is None else entry)
        faults += _layers(content, text_part(config)[1].get("num_hidden_layers"))
        content.notes.extend(notes(content))
        whole = not odd and not any(fault.path.startswith(INDEX) for fault in faults)
        if comparable(config) and whole and content.tensors:
            said = said_config(content)
            faults += weight_faults(content, said, quantization(config))
            content.notes.extend(weight_notes(content, said))
    return faults


def _other_models_files(content: Content) -> Iterator[Fault]:
    if ADAPTER_CONFIG in content.sizes:
        rule = "is an adapter's: libraries that find it in a base model load the model that it names instead"
        yield Fault(path=ADAPTER_CONFIG, value=ADAPTER_CONFIG, rule=rule, example=CONFIG)
    for name in (TOKENIZER, "tokenizer_config.json", "generation_config.json"):
        if name in content.parsed and not isinstance(content.parsed[name], dict):
            yield Fault(path=name, value=content.parsed[name], rule="must be a JSON object", example="{...}")


def _tokenizer(content: Content) -> Iterator[Fault]:
    if not {TOKENIZER, "tokenizer.model"} & set(content.sizes):
        rule = "a base model brings its tokenizer: nothing is fetched later"
        yield Fault(path=TOKENIZER, value=MISSING, rule=rule, example=TOKENIZER)


def _layers(content: Content, said: object) -> Iterator[Fault]:
    """Weights must be there for every layer that config.json counts; some models have more, for drafts."""
    names = [name for tensors in content.tensors.values() for name in tensors]
    found = {int(match["number"]) for name in names if (match := TEXT_LAYER.match(name))}
    found = found or {int(match[1]) for name in names if (match := _LAYER.search(name))}
    if found and not any(word in name for name in names for word in _EMBEDDINGS):
        rule = "the weights have layers and no embeddings of tokens: is a file missing?"
        yield Fault(path=SINGLE, value="no embed_tokens.weight", rule=rule, example="model.embed_tokens.weight")
    if not names and content.tensors:
        yield Fault(path=SINGLE, value="no tensor", rule="a base model has weights", example=SINGLE)
    missing = next(
        (number for number in range(said if type(said) is int and found else 0) if number not in found), None
    )
    if missing is not None:
        rule = f"the weights have {len(found)} layers, {missing} is not among them: is a file missing?"
        yield Fault(path=f"{CONFIG}: num_hidden_layers", value=said, rule=rule, example=str(len(found)))


def _names(content: Content) -> Iterator[Fault]:
    """The catalog keeps the tensors' names, and braces stand for numbers there."""
    for file, tensors in content.tensors.items():
        odd = [name for name in tensors if not _NAME.fullmatch(name)]
        if odd:
            more = f" (and {len(odd) - 1} more tensors)" if len(odd) > 1 else ""
            rule = f"the name of a tensor has letters, digits and _.- alone, at most 256{more}"
            value = ascii(odd[0][:120])[1:-1]
            yield Fault(path=f"{file}: tensor", value=value, rule=rule, example="model.layers.0.mlp.up_proj.weight")


def _modules(content: Content, config: object, entry: BaseModel | None) -> Iterator[Fault]:
    """The entry's modules are those of the weights: adapters are compared with the entry alone."""
    if entry is None or not content.tensors:
        return
    if entry.modules is None:
        content.notes.append(
            f"the catalog entry of {entry.ref} has no `modules`: adapters are not compared with its names and sizes "
            "until kitchen model publish of these files has added them"
        )
        return
    method = quantization(config) if isinstance(config, dict) else None
    found, said = compact(module_sizes(content.tensors.values(), method)), entry.modules.patterns
    for name in sorted(found.keys() | said.keys()):
        if found.get(name) != said.get(name):
            rule = "the catalog's entry has other modules than the weights: adapters would be compared with these"
            value, example = found.get(name, MISSING), str(said.get(name, "-"))
            yield Fault(path=f"modules: {name}", value=value, rule=rule, example=example)
            return


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
    gone = sorted(named - set(shards))
    for shard in gone:
        if reason := unsafe_name(shard):
            rule = f"the name {reason}"
            yield Fault(path=f"{INDEX}: weight_map", value=shard, rule=rule, example=shards[0])
    lost = [shard for shard in gone if not unsafe_name(shard)]
    if lost:
        rule = "names a file that is not there" if len(lost) == 1 else f"names {len(lost)} files that are not there"
        value = ", ".join(lost[:3]) + (", ..." if len(lost) > 3 else "")
        yield Fault(path=f"{INDEX}: weight_map", value=value, rule=rule, example=shards[0])
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
