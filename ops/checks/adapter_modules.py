"""An adapter's tensors against the modules of its base model, as the pinned vLLM brings the two together.

vLLM drops a tensor whose module it does not have without a word, and then answers as the base model, wholly or in part
(vllm#34186, vllm#48019, vllm#34591). The base model's own names and sizes decide here; where its catalog entry has
none, what follows `model.layers.<number>.` is not compared, and a note says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from infra.catalog import BaseModel
from infra.catalog.modules import Modules, Size
from infra.catalog.serves import Architecture, Serves
from infra.catalog.weights import sizes_by_numbers
from ops.checks.adapter_experts import DOWN, UP, rank_faults, sides, whole_experts
from ops.checks.adapter_tensors import EMBEDDING, EXPERTS, PREFIX, Named, Pair

Told = tuple[str, str, object, str]
"""Name of a tensor's beginning, rule, value and a right example."""

_PLAIN = re.compile(r"model\.layers\.[0-9]{1,6}\.[A-Za-z0-9_.]+|lm_head|model\.embed_tokens")
"""Modules of a model of one part, as transformers names them."""

_LAYER = re.compile(r"model\.layers\.[0-9]{1,6}\.")

_IN_ONE = {"qkv_proj": ("q_proj", "k_proj", "v_proj"), "gate_up_proj": ("gate_proj", "up_proj")}
"""Modules that files of some architectures have as one, with the names of the parts that those of others have."""

_HEAD, _TIED = "lm_head", "model.embed_tokens"
_HEADS = (_HEAD, "output", "output_layer", "embed_out")
"""Names of output layers, where they stand outside of layers: no linear layers of vLLM's."""

_BARE = "model."
_ONE_BY_ONE = ".experts.{"
_EMBEDDINGS = ("embed_tokens", "wte", "wpe", "word_embeddings", "embeddings", "embedding", "tok_embeddings")


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What an adapter is compared with. `sizes`: whether sizes are, too; `rank`: the r of its configuration, if any.

    Sizes are outputs before inputs whatever `fan_in_fan_out` says: PEFT takes it back on linear layers
    (dispatch_default of src/peft/tuners/lora/layer.py), and vLLM serves no adapters of models with others.
    """

    base: BaseModel
    serves: Serves
    sizes: bool
    rank: int | None = None

    @property
    def how(self) -> Architecture | None:
        """What is known of its architecture."""
        return self.serves.architectures.get(self.base.architecture)


def module_faults(named: Named, compared: Compared) -> Iterator[Told]:
    """What vLLM would drop, refuse or take for something else."""
    modules = compared.base.modules
    yield from _same_module(named, compared.how or Architecture())
    if modules is None:
        yield from _plain(named, compared)
        return
    tied = compared.base.architecture in compared.serves.tied_head
    meets = _Meets(modules=modules, how=compared.how or Architecture(), tied=tied)
    for name, pair in named.pairs.items():
        found = meets.size(pair)
        if found is None:
            yield (name, *_unmet(pair, modules, compared.base.ref))
            continue
        yield from ((name, *told) for told in _taken(pair, found, meets, compared))
    for name, tensor in named.copies.items():
        size = modules.size(name) or meets.size(Pair(module=name, kind=EMBEDDING))
        if size is None or (compared.sizes and _other(tensor.shape, size)):
            rule = f"is a copy of a weight that {compared.base.ref} has in another size, or not at all"
            yield name, rule, list(tensor.shape), str(list(size or ()))
    yield from whole_experts(named, modules, compared.base.ref)


def _same_module(named: Named, how: Architecture) -> Iterator[Told]:
    """Pairs that vLLM keeps under one name, though they have two here: the later one would take the place."""
    first: dict[tuple[str, str], str] = {}
    for name, pair in named.pairs.items():
        served = (how.module(pair.module) or pair.module).removeprefix(_BARE)
        other = first.setdefault((served, pair.part), name)
        if other != name:
            yield name, "stands twice: vLLM gives both names to one module, and takes one", f"{name}, {other}", other


def notes_of(named: Named, compared: Compared) -> Iterator[str]:
    """What was not compared, and what vLLM leaves out without harm."""
    base, serves = compared.base, compared.serves
    if base.modules is None:
        yield (
            f"not compared: the catalog entry of {base.ref} has no `modules`; kitchen model publish of the same files "
            "adds them. vLLM leaves out what meets none, in silence"
        )
    elif not base.architecture:
        yield f"not compared: the catalog entry of {base.ref} has no architecture; names are taken as they are"
    elif compared.how is None:
        yield f"not compared: vLLM {serves.listed} serves no adapters of {base.architecture}, as far as is known here"
    if serves.asked != serves.version:
        yield f"what vLLM {serves.asked} does with adapters is not known; judged as {serves.version}"
    if serves.listed != serves.version:
        yield (
            f"names of modules are judged as vLLM {serves.listed} takes them: its list is not of {serves.version} "
            "(make adapter-names)"
        )
    if named.copies:
        yield f"{', '.join(sorted(named.copies))}: PEFT's copy of the base model's weight, which vLLM leaves out"
    for word in sorted(named.words & serves.notes.keys()):
        yield f"{word}: {serves.notes[word]}"


@dataclass(frozen=True, kw_only=True)
class _Meets:
    """Finds what an adapter's module is in the base model, by vLLM's names of both."""

    modules: Modules
    how: Architecture
    tied: bool = False

    def size(self, pair: Pair) -> Size | None:
        """The size of the weight that a pair changes; None where there is none."""
        stem = pair.module if pair.kind != EXPERTS else f"{pair.module}.{pair.part}"
        if stem == _HEAD and self.tied and self.modules.size(_HEAD) is None:
            return self.modules.size(_TIED)
        if not self.how.names:
            return self.modules.size(stem) or self._of_bare_files(stem)
        wanted = self.how.module(pair.module)
        suffix = f".{pair.part}" if pair.kind == EXPERTS else ""
        return None if wanted is None else self._by_served.get(f"{wanted}{suffix}")

    def _of_bare_files(self, stem: str) -> Size | None:
        """The size by files of a model of embeddings, whose names lack the `model.` that vLLM's modules have."""
        below = stem.removeprefix(_BARE)
        return self.modules.size(below) if stem != below and below.startswith("layers.") else None

    def sides(self, pair: Pair) -> Size:
        """Outputs and inputs of the weight that a pair for all experts changes."""
        up, down = (self.size(replace(pair, part=part)) or () for part in (UP, DOWN))
        return sides(pair.part, up, down)

    @cached_property
    def _by_served(self) -> Mapping[str, Size]:
        """Sizes by vLLM's names."""
        found: dict[str, Size] = {}
        for name in self.modules.names():
            stem, _, part = name.rpartition(".")
            experts = stem.endswith(".experts") and not part.isdigit()
            served, size = self.how.module(stem) if experts else self.how.weight(name), self.modules.size(name)
            if served is not None and size is not None:
                found[f"{served}.{part}" if experts else served] = size
        return found


def _unmet(pair: Pair, modules: Modules, ref: str) -> tuple[str, object, str]:
    """Rule, value and example for tensors that meet no module."""
    stem = pair.module if pair.kind != EXPERTS else f"{pair.module}.{pair.part}"
    if pair.kind == EXPERTS and any(_ONE_BY_ONE in name for name in modules.patterns):
        rule = f"{ref} has its experts one by one, and vLLM takes adapters of them so, not one pair for all of a layer"
        return f"{rule}: train without target_parameters", pair.shown, "experts.0.gate_proj"
    if modules.size(stem) is not None:
        return (
            "vLLM gives the weight of this name to a module of another, and takes no adapter by this one",
            stem,
            "q_proj",
        )
    if near := modules.knows_but_for_numbers(stem):
        return f"{ref} lacks this layer or expert: vLLM would leave it out; it has {', '.join(near)}", stem, near[0]
    alike = modules.alike(stem)
    expected = ", ".join(f"{PREFIX}{name}" for name in alike)
    rule = f"meets no module of {ref}: vLLM would leave it out in silence, and answer as the base model; expected: "
    return f"{rule}{expected}", stem, f"{PREFIX}{alike[0]}" if alike else PREFIX


def _taken(pair: Pair, size: Size, meets: _Meets, compared: Compared) -> Iterator[tuple[str, object, str]]:
    """What is wrong with a pair whose module is there."""
    yield from _kinds(pair, meets.how, compared)
    if compared.sizes and pair.kind == EXPERTS:
        yield from rank_faults(pair, size, compared.rank)
        yield from _sides(pair, meets.sides(pair), compared.base.ref)
    elif compared.sizes:
        yield from _sizes(pair, size, compared)


def _kinds(pair: Pair, how: Architecture, compared: Compared) -> Iterator[tuple[str, object, str]]:
    """What is wrong with a pair by its name alone, as the architecture takes adapters."""
    known = compared.how is not None
    last, served = pair.module.rsplit(".", 1)[-1], how.module(pair.module) or pair.module
    if known and how.language and not served.startswith(how.language):
        yield "vLLM applies adapters to the language model alone, and would leave this out", last, how.language
    if any(f".{start}" in f".{pair.module}." for start in how.skipped):
        yield "vLLM leaves out what begins so, in silence", pair.module, "a layer of the model"
    for end in compared.serves.renamed.get(compared.base.architecture, ()):
        if f".{pair.module}".endswith(f".{end}"):
            yield (
                "vLLM has it under another name or takes no adapter of it, and this would have no effect",
                end,
                "q_proj",
            )
    yield from _beyond(pair, compared.base)
    parts = how.packed.get(served.rsplit(".", 1)[-1])
    if parts and last not in parts:
        yield f"vLLM takes it in its parts: {', '.join(parts)}", last, parts[0]
    for whole, some in _IN_ONE.items():
        if last in some and how.packed.get(whole) == (whole,):
            yield f"{compared.base.architecture} has {whole} in its place, and vLLM takes that alone", last, whole
    outside = last in _EMBEDDINGS or last == _HEAD or (last in _HEADS and pair.layer is None)
    if known and outside and served.rsplit(".", 1)[-1] not in how.embeddings:
        yield f"vLLM {compared.serves.version} takes no adapter of it in {compared.base.architecture}", last, "q_proj"
    if (pair.kind == EMBEDDING) is not (last in _EMBEDDINGS):
        right = "lora_embedding_A and lora_embedding_B" if last in _EMBEDDINGS else "lora_A.weight and lora_B.weight"
        yield f"matrices of {last} are called {right}", last, right
    if known and pair.kind == EXPERTS and not how.experts_3d:
        yield f"{compared.base.architecture} takes adapters expert by expert", "one pair for all", "experts.0.gate_proj"
    if known and pair.one_expert and how.experts_3d:
        yield f"{compared.base.architecture} takes one pair for all experts", "one expert", "experts.lora_A.weight"


def _beyond(pair: Pair, base: BaseModel) -> Iterator[tuple[str, object, str]]:
    """Layers behind the last that the configuration counts: files keep drafts there, which vLLM does not load."""
    if pair.layer is not None and not base.stand_in and pair.layer >= base.shape.layers:
        yield f"{base.ref} has {base.shape.layers} layers, counted from 0", pair.layer, str(base.shape.layers - 1)


def _sizes(pair: Pair, size: Size, compared: Compared) -> Iterator[tuple[str, object, str]]:
    """lora_A is [rank, in] and lora_B [out, rank]; of an embedding the rows of the weight are its inputs."""
    outputs, inputs = size[-2:]
    if pair.kind == EMBEDDING:
        outputs, inputs = inputs, outputs
    yield from _sides(pair, (outputs, inputs), compared.base.ref)


def _sides(pair: Pair, size: Size, ref: str) -> Iterator[tuple[str, object, str]]:
    outputs, inputs = size
    for half, side, right in (("A", "inputs", inputs), ("B", "outputs", outputs)):
        tensor = pair.halves.get(half)
        if tensor is None or len(tensor.shape) != 2 or not right:
            continue
        found = tensor.shape[1] if half == "A" else tensor.shape[0]
        if found != right:
            last = pair.part or pair.module.rsplit(".", 1)[-1]
            yield f"{last} of {ref} has {right} {side}, by its files", found, str(right)


def _other(shape: tuple[int, ...], size: Size) -> bool:
    return len(shape) != len(size) or any(right and right != found for found, right in zip(shape, size, strict=True))


def _plain(named: Named, compared: Compared) -> Iterator[Told]:
    """Without the base model's own names, those alone are known that every model of one part has."""
    for name, pair in named.pairs.items():
        if not _PLAIN.fullmatch(pair.module):
            rule = (
                f"the catalog entry of {compared.base.ref} has no `modules` (kitchen model publish of the same files "
                f"adds them), and without them {PREFIX}model.layers.<number>. alone is known to be served"
            )
            yield name, rule, pair.module, f"{PREFIX}model.layers.0.self_attn.q_proj"
        elif wrong := [*_kinds(pair, compared.how or Architecture(), compared)]:
            yield from ((name, *told) for told in wrong)
        elif compared.sizes and pair.kind != EXPERTS and (size := _by_config(compared.base, pair)) is not None:
            yield from ((name, *told) for told in _sizes(pair, size, compared))


def _by_config(base: BaseModel, pair: Pair) -> Size | None:
    """Sizes of a Llama-like model's layers by the numbers of its config; None where they say nothing of the module."""
    shape, below = base.shape, _LAYER.sub("", pair.module)
    unlike = ("self_attn.",) * bool(shape.kv_latent) + ("mlp.",) * bool(shape.experts)
    return None if below.startswith(unlike) else sizes_by_numbers(shape).get(below)
