"""An adapter as a whole: the pair of files, its tensors, its configuration, the catalog and the base model agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from infra.architectures import VERSION, said_of, serves_lora
from infra.catalog import SERVER_IMAGE, Adapter, BaseModel, Catalog
from infra.catalog.serves import Serves, serves
from infra.faults import MISSING, Fault
from ops.checks.adapter_config import FILE, LoraConfig, read_config
from ops.checks.adapter_modules import Compared, module_faults, notes_of
from ops.checks.adapter_tensors import EXPERTS, PREFIX, Named, Pair, by_module
from ops.checks.adopted import ADOPTED, adopted_faults
from ops.checks.files import Content
from ops.checks.pointers import pointer_faults
from ops.checks.safetensors_header import Tensor

WEIGHTS = "adapter_model.safetensors"
_PROMPTS = (
    *("tokenizer", "tekken", "tiktoken", "vocab", "merges", "added_tokens", "special_tokens_map", "chat_template"),
    *("bpe", "sentencepiece", "spiece"),
)
_PROMPT_SUFFIXES = (".jinja", ".model")
"""Parts and ends of the names of files that change how text becomes tokens or a conversation becomes text."""

_FLOATS = ("F32", "F16", "BF16")


@dataclass(frozen=True, kw_only=True)
class _Expected:
    """What the tensors must agree with; `sizes` says whether with the base model's as well."""

    config: LoraConfig
    entry: Adapter | None
    base: BaseModel | None
    serves: Serves
    sizes: bool


def adapter_faults(
    content: Content, entry: Adapter | None, catalog: Catalog, *, stand_in: bool, own_tokenizer: bool
) -> list[Fault]:
    """Return every fault of an adapter whose files have been read; `content` gets notes on what was not compared.

    `entry` is the catalog's, or None before there is one. Sizes are not compared for a stand-in; on a base model that
    is one, only with its files: its `config` is that of the model that it stands for.
    """
    said = serving_version(catalog)
    faults = [*_pair(content), *_companions(content), *_tokenizer(content, said, accepted=own_tokenizer)]
    config = LoraConfig(rank=None, modules=None, base_model=None)
    if FILE in content.parsed:
        config, found = read_config(content.parsed[FILE], said)
        faults += found
    base = base_model_of(content, entry, catalog)
    faults += [*_identity(config, entry, catalog), *_served(base), *adopted_faults(content)]
    if entry is not None and config.rank not in (None, entry.rank):
        faults.append(_differs(f"{FILE}: r", config.rank, "rank", entry.rank))
    if WEIGHTS in content.tensors:
        sizes = not stand_in and base is not None and (base.modules is not None or not base.stand_in)
        expected = _Expected(config=config, entry=entry, base=base, serves=said, sizes=sizes)
        faults += _weights(content, expected)
    return faults


def serving_version(catalog: Catalog) -> Serves:
    """What the catalog's server does with adapters."""
    image = catalog.images.get(SERVER_IMAGE)
    return serves("" if image is None else image.version)


def base_model_of(content: Content, entry: Adapter | None, catalog: Catalog) -> BaseModel | None:
    """The base model of an adapter: its entry's, or the one that its configuration names."""
    config = content.parsed.get(FILE)
    named = config.get("base_model_name_or_path") if isinstance(config, dict) else None
    ref = entry.base_model if entry else named
    return catalog.base_models.get(ref) if isinstance(ref, str) else None


def _pair(content: Content) -> Iterator[Fault]:
    for name in (FILE, WEIGHTS):
        if name not in content.sizes:
            rule = "an adapter is the pair of adapter_config.json and adapter_model.safetensors"
            yield Fault(path=name, value=MISSING, rule=rule, example=name)
    for name in content.tensors:
        if name != WEIGHTS:
            rule = f"an adapter has one file of weights, {WEIGHTS} (kitchen adapter adopt joins several)"
            yield Fault(path=name, value=name, rule=rule, example=WEIGHTS)


def _tokenizer(content: Content, said: Serves, *, accepted: bool) -> Iterator[Fault]:
    """Files that a reader would take for how prompts are read, though the server reads the base model's alone."""
    names = [name for name in content.sizes if _reads_prompts(name)]
    if accepted:
        yield from pointer_faults(
            {name: content.parsed[name] for name in names if name in content.parsed}, content.notes
        )
    without = f"vLLM {said.version} never reads it: prompts are read with the base model's tokenizer and template"
    if accepted and names and not said.reads_tokenizer:
        content.notes.append(f"{', '.join(names)}: accepted, and without effect: {without}")
    for name in () if accepted else names:
        rule = (
            f"changes how prompts are read where it was trained, and {without}. Leave it out (kitchen adapter adopt "
            "does), or have it kept without effect (--own-tokenizer, ownTokenizer: true in the catalog)"
        )
        yield Fault(path=name, value=f"{content.sizes[name]} bytes", rule=rule, example="the base model's own")


def _reads_prompts(name: str) -> bool:
    return any(part in name.lower() for part in _PROMPTS) or name.lower().endswith(_PROMPT_SUFFIXES)


def _companions(content: Content) -> Iterator[Fault]:
    """Settings beside the adapter's own: whoever finds them there takes them for what it is served with."""
    for name in content.sizes:
        if name.lower().endswith(".json") and name not in (FILE, ADOPTED) and not _reads_prompts(name):
            rule = (
                "is no file of an adapter: it is served with the base model's settings, and vLLM never reads this. "
                "Leave it out (kitchen adapter adopt does)"
            )
            yield Fault(path=name, value=f"{content.sizes[name]} bytes", rule=rule, example=FILE)


def _identity(config: LoraConfig, entry: Adapter | None, catalog: Catalog) -> Iterator[Fault]:
    """The base model is named by the catalog's reference: a hub's name or a path says no version."""
    path = f"{FILE}: base_model_name_or_path"
    if config.base_model is None:
        return
    if entry is not None and config.base_model != entry.base_model:
        yield _differs(path, config.base_model, "baseModel", entry.base_model)
    elif entry is None and config.base_model not in catalog.base_models:
        known = ", ".join(catalog.base_models)
        rule = f"must be a base model of the catalog with its version (kitchen adapter adopt sets it): {known}"
        example = next(iter(catalog.base_models), "tsuzumi-7b-instruct/v1")
        yield Fault(path=path, value=config.base_model, rule=rule, example=example)


def _served(base: BaseModel | None) -> Iterator[Fault]:
    """An adapter that no server could ever load, whatever is in it."""
    if base is not None and said_of(base.architecture) and not serves_lora(base.architecture):
        rule = f"vLLM {VERSION} serves no adapters of {base.architecture}, the architecture of {base.ref}"
        example = "a base model of another architecture"
        yield Fault(path=f"{FILE}: base_model_name_or_path", value=base.ref, rule=rule, example=example)


def _differs(path: str, value: object, key: str, expected: object) -> Fault:
    return Fault(path=path, value=value, rule=f"the catalog's entry has {key} {expected}", example=str(expected))


def _weights(content: Content, expected: _Expected) -> Iterator[Fault]:
    """Faults of the tensors; many modules with one fault are told once, with their number."""
    named = by_module(content.tensors[WEIGHTS])
    told: dict[str, list[tuple[str, object, str]]] = {}
    for name in named.others:
        rule = "must be a LoRA matrix of a module, as PEFT names it: no whole modules, no biases, no DoRA vectors"
        shape = list(content.tensors[WEIGHTS][name].shape)
        example = f"{PREFIX}model.layers.0.self_attn.q_proj.lora_A.weight"
        told.setdefault(rule, []).append((name, shape, example))
    for name in named.twice:
        rule = f"stands twice, with {PREFIX} and without it: vLLM would take one of the two, and which is not said"
        told.setdefault(rule, []).append((name, name, "once"))
    for pair in named.pairs.values():
        for half, tensor in sorted(pair.halves.items()):
            for rule, value, example in _matrix(pair, half, tensor, expected.config.rank):
                told.setdefault(rule, []).append((tensor.name, value, example))
        if len(pair.halves) == 1:
            alone = f"lora_{min(pair.halves)} alone"
            told.setdefault("lora_A and lora_B come in pairs", []).append((f"{PREFIX}{pair.shown}", alone, "both"))
    if expected.base is not None:
        rank = expected.config.rank
        compared = Compared(base=expected.base, serves=expected.serves, sizes=expected.sizes, rank=rank)
        for name, rule, value, example in module_faults(named, compared):
            told.setdefault(rule, []).append((f"{PREFIX}{name}", value, example))
        content.notes.extend(notes_of(named, compared))
    yield from _grouped(told)
    yield from _configured(named, expected)


def _grouped(told: Mapping[str, list[tuple[str, object, str]]]) -> Iterator[Fault]:
    for rule, places in told.items():
        name, value, example = places[0]
        more = f" (and {len(places) - 1} more tensors)" if len(places) > 1 else ""
        yield Fault(path=f"{WEIGHTS}: {ascii(name[:120])[1:-1]}", value=value, rule=f"{rule}{more}", example=example)


def _matrix(pair: Pair, half: str, tensor: Tensor, r: int | None) -> Iterator[tuple[str, object, str]]:
    """Rule, value and example of what is wrong with a matrix wherever it stands: lora_A is [r, in], lora_B [out, r]."""
    if tensor.dtype not in _FLOATS:
        yield f"its data type must be one of {', '.join(_FLOATS)}", tensor.dtype, "BF16"
    if len(tensor.shape) != 2 or 0 in tensor.shape:
        yield "must have two dimensions, none of them 0", list(tensor.shape), "[8, 4096]"
        return
    rank = tensor.shape[0 if half == "A" else 1]
    if r is not None and (rank != r if pair.kind != EXPERTS else rank % r):
        times = "" if pair.kind != EXPERTS else ", times the number of experts"
        yield f"its rank is not the r of {FILE}, {r}{times}", list(tensor.shape), f"rank {r}"


def _configured(named: Named, expected: _Expected) -> Iterator[Fault]:
    """What the configuration and the catalog's entry say of the modules, against the tensors."""
    found, said = named.words, expected.config.modules
    if not named.pairs:
        rule = "the tensors change nothing: an adapter has LoRA matrices"
        yield Fault(path=WEIGHTS, value="no pair of lora_A and lora_B", rule=rule, example="lora_A, lora_B")
    by_name = {pair.module.rsplit(".", 1)[-1] for pair in named.pairs.values()}
    if said is not None and (unnamed := sorted(by_name - set(said))):
        rule = f"the tensors change {', '.join(unnamed)} too: PEFT would not load what is not named"
        yield Fault(path=f"{FILE}: target_modules", value=list(said), rule=rule, example=str(sorted(by_name)))
    layers = expected.config.layers
    if layers is not None and not named.layers <= set(layers):
        rule = f"the tensors change layers {', '.join(map(str, sorted(named.layers)))}: both must name the same"
        example = str(sorted(named.layers))
        yield Fault(path=f"{FILE}: layers_to_transform", value=list(layers), rule=rule, example=example)
    if expected.config.rslora and expected.serves.rslora_on_experts and any(p.one_expert for p in named.pairs.values()):
        rule = f"must be off with experts: {expected.serves.rslora_on_experts}"
        yield Fault(path=f"{FILE}: use_rslora", value=True, rule=rule, example="false")
    entry = expected.entry
    if entry is not None and found != set(entry.target_modules):
        rule = f"the catalog's entry has targetModules {', '.join(sorted(entry.target_modules))}"
        yield Fault(path=WEIGHTS, value=sorted(found), rule=rule, example=str(sorted(entry.target_modules)))
