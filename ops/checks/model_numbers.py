"""The numbers of a base model's config.json: there, right in themselves, those of its weights and of its entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.architectures import said_of, serves_lora, tasks, why_not
from infra.catalog import BaseModel
from infra.faults import MISSING, Fault
from infra.shapes import shape_of
from ops.checks.files import Content
from ops.checks.model_config import NUMBERS, architecture, catalog_config, defaults_taken, quantization, text_part
from ops.checks.model_draft import draft_bytes
from ops.checks.model_further import MOST, further_faults, quantization_faults

CONFIG = "config.json"
PREPROCESSOR = "preprocessor_config.json"
_MOST_LAYERS = 10_000
"""What the kinds of layers are written out for, one by one; the deepest models have some hundred."""

DTYPES = ("bfloat16", "float16", "float32")
"""Data types that a catalog entry can have."""

_WHOLE = "must be a whole number from 1 on"

_APART = 3
"""Most missing numbers that are told each in a line of its own."""

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

_KINDS = {
    "architecture": "architecture",
    "attentionLayers": "attention",
    "recurrentLayers": "recurrent",
    "indexHeadDim": "index_head_dim",
    "ropeScaling": "rope",
    "vision": "vision",
    "draftBytes": "draft_bytes",
    "quantizedBits": "quantized_bits",
    "notCounted": "uncounted",
}
"""The same for what an entry has since it names its architecture."""


def said_config(content: Content) -> dict[str, Any]:
    """`config` of the catalog entry of a model whose config.json is a JSON object."""
    preprocessor = content.parsed.get(PREPROCESSOR)
    said = catalog_config(content.parsed[CONFIG], preprocessor if isinstance(preprocessor, dict) else None)
    draft = draft_bytes(content.tensors, said.get("numHiddenLayers"))
    return said | ({"draftBytes": draft} if draft else {})


def number_faults(content: Content, entry: BaseModel | None) -> Iterator[Fault]:
    """Every fault of the numbers; `entry` is the catalog's, unless it stands for another model."""
    config: Mapping[str, Any] = content.parsed[CONFIG]
    yield from _architecture(config)
    numbers = list(_numbers(config, entry))
    yield from numbers
    way, text = text_part(config)
    heads, groups = text.get("num_attention_heads"), text.get("num_key_value_heads")
    if type(heads) is int and type(groups) is int and groups > 0 and heads > 0 and heads % groups:
        rule = f"must divide num_attention_heads, {heads}: query heads share key and value heads in equal groups"
        yield Fault(path=f"{CONFIG}: num_key_value_heads", value=groups, rule=rule, example=str(heads))
    yield from further_faults(f"{CONFIG}: {way}", text)
    yield from quantization_faults(f"{CONFIG}: quantization_config", config.get("quantization_config"))
    dtype = stated_dtype(config)
    if dtype is not None and dtype not in DTYPES:
        rule = f"must be one of {', '.join(DTYPES)}"
        yield Fault(path=f"{CONFIG}: torch_dtype", value=dtype, rule=rule, example=DTYPES[0])
    if not numbers:
        yield from _other_weights(content, text)
    if entry is not None:
        yield from _other_than_the_entry(content, entry, comparable=not numbers)


def notes(content: Content) -> list[str]:
    """What a reader of a fine model should know: what memory is not counted, and what it cannot be used for."""
    config = content.parsed.get(CONFIG)
    if not isinstance(config, dict) or not comparable(config):
        return []
    shape, named = shape_of(said_config(content)), architecture(config) or ""
    found = [f"not counted: {part}" for part in shape.uncounted]
    if taken := defaults_taken(config):
        said = ", ".join(f"{key} {value}" for key, value in taken.items())
        found.append(f"{CONFIG} leaves numbers of its text part to their class, which has {said}")
    if tasks(named) == ("pool",):
        found.append(f"{named} makes embeddings or scores, no text")
    if said_of(named) and not serves_lora(named):
        found.append(f"vLLM serves no adapters of {named}")
    return found


def comparable(config: Mapping[str, Any]) -> bool:
    """Whether config.json has every number, each of them readable, so that a shape can be made of it."""
    return not [*_numbers(config, None), *further_faults("", text_part(config)[1])]


def stated_dtype(config: Mapping[str, Any]) -> object:
    """The type of the files as config.json states it, at its top or in its text part; None where it does not."""
    parts = (config, text_part(config)[1])
    return next((part[key] for part in parts for key in ("torch_dtype", "dtype") if part.get(key) is not None), None)


def _architecture(config: Mapping[str, Any]) -> Iterator[Fault]:
    named, path = architecture(config), f"{CONFIG}: architectures"
    if named is None:
        rule = "must name the architecture: vLLM chooses by it how the model runs"
        value = config.get("architectures", MISSING)
        yield Fault(path=path, value=value, rule=rule, example='["LlamaForCausalLM"]')
    elif reason := why_not(named):
        yield Fault(path=path, value=named, rule=reason, example='["LlamaForCausalLM"]')
    elif "stateOnly" in said_of(named):
        rule = "has no attention: what its layers keep is not counted, and the catalog does not take it"
        yield Fault(path=path, value=named, rule=rule, example='["LlamaForCausalLM"]')


def _numbers(config: Mapping[str, Any], entry: BaseModel | None) -> Iterator[Fault]:
    """Numbers that are missing or none; of a nested config, or of one without any, in one line."""
    way, text = text_part(config)
    wrong = [key for key in NUMBERS if not _is_whole(text.get(key, _else(key, text)))]
    missing = [key for key in wrong if text.get(key) is None]
    if missing and (way or len(missing) > _APART):
        why = ": is it the config.json of something else?" if len(missing) == len(NUMBERS) and not way else ""
        rule = f"must have whole numbers from 1 on as {', '.join(missing)}{why}"
        path = f"{CONFIG}: {way}".rstrip(": .")
        yield Fault(path=path, value=f"lacks {len(missing)} of them", rule=rule, example='"hidden_size": 4096')
        wrong = [key for key in wrong if key not in missing]
    layers = text.get("num_hidden_layers")
    if type(layers) is int and layers > _MOST_LAYERS:
        rule = f"must be at most {_MOST_LAYERS}: no model that vLLM serves has as many"
        yield Fault(path=f"{CONFIG}: {way}num_hidden_layers", value=layers, rule=rule, example="32")
    for key in wrong:
        value = text.get(key, MISSING)
        huge = type(value) is int and value > MOST
        rule = f"must be at most {MOST}: no model that vLLM serves has as many" if huge else _WHOLE
        example = "4096" if entry is None else str(getattr(entry.shape, _SHAPE[NUMBERS[key]]))
        yield Fault(path=f"{CONFIG}: {way}{key}", value=str(value)[:40] if huge else value, rule=rule, example=example)


def _else(key: str, text: Mapping[str, Any]) -> object:
    """What vLLM takes for a number that is not there: as many key-value heads as heads."""
    return text.get("num_attention_heads") if key == "num_key_value_heads" else None


def _is_whole(value: object) -> bool:
    return type(value) is int and 0 < value <= MOST


def _other_weights(content: Content, text: Mapping[str, Any]) -> Iterator[Fault]:
    """The token embedding says whether the weights are those of this config.json."""
    expected = [text["vocab_size"], text["hidden_size"]]
    for tensors in content.tensors.values():
        for name, tensor in tensors.items():
            if name.endswith("embed_tokens.weight") and len(tensor.shape) == 2 and list(tensor.shape) != expected:
                if "vision" in name or "audio" in name:
                    continue
                rule = f"the weights are another model's: {name[:60]} has {list(tensor.shape)}"
                yield Fault(
                    path=CONFIG, value=f"vocab_size x hidden_size {expected}", rule=rule, example="its own file"
                )
                return


def _other_than_the_entry(content: Content, entry: BaseModel, *, comparable: bool) -> Iterator[Fault]:
    config = content.parsed[CONFIG]
    said, keys = said_config(content), {ours: key for key, ours in NUMBERS.items()}
    for ours, attribute in _SHAPE.items():
        value, expected = said.get(ours), getattr(entry.shape, attribute)
        if type(value) is int and value > 0 and value != expected:
            yield _differs(keys.get(ours, ours), value, expected)
    if comparable and entry.shape.architecture:
        shape = shape_of(said)
        for ours, attribute in _KINDS.items():
            value, expected = getattr(shape, attribute), getattr(entry.shape, attribute)
            if value != expected:
                yield _differs(ours, said.get(ours, MISSING), _plain(expected))
    dtype = stated_dtype(config)
    if dtype in DTYPES and dtype != entry.dtype:
        yield _differs("torch_dtype", dtype, entry.dtype)
    if (method := quantization(config)) != entry.quantization:
        yield _differs("quantization_config.quant_method", method, entry.quantization or "none")


def _plain(value: object) -> object:
    return value if isinstance(value, str | int) and value else "another or none"


def _differs(key: str, value: object, expected: object) -> Fault:
    rule = f"the config of the catalog's entry has {expected}: GPU memory is counted with it"
    return Fault(path=f"{CONFIG}: {key}", value=value, rule=rule, example=str(expected))
