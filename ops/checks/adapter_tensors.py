"""An adapter's tensors by their names, as PEFT gives them: which module each changes, and how.

Names alone are read here (PEFT: src/peft/utils/save_and_load.py; vLLM: parse_fine_tuned_lora_name of
vllm/lora/utils.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ops.checks.safetensors_header import Tensor

PREFIX = "base_model.model."
"""What PEFT puts before a module's name, once for each time it wraps a model; vLLM takes every one of them away."""

_LINEAR = re.compile(r"(?P<module>[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)\.lora_(?P<half>[AB])\.weight")
_EMBEDDING = re.compile(r"(?P<module>[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)\.lora_embedding_(?P<half>[AB])")
_COPY = re.compile(r"(?P<module>(?:[A-Za-z0-9_]+\.)*(?:embed_tokens|lm_head))\.base_layer\.weight")
_COPIES = (".embed_tokens.base_layer.weight", ".lm_head.base_layer.weight")
"""The ends by which vLLM knows copies (is_base_embedding_weights): it ends at `lm_head.base_layer.weight` alone."""

_ONE_EXPERT = re.compile(r"(?P<stem>.+\.experts)\.[0-9]+\.(?P<part>[A-Za-z0-9_]+)")
_LAYER = re.compile(r"(?:^|\.)(?:layers|h|blocks)\.([0-9]{1,6})(?:\.|$)")

LINEAR, EMBEDDING, EXPERTS = "linear", "embedding", "experts"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The matrices that change one module, by half (`A`, `B`), with their tensors.

    `kind` is `linear`, `embedding`, or `experts`: one pair for all experts of a layer, `module` then ends in `.experts`
    and `part` is the weight that it changes there.
    """

    module: str
    kind: str
    part: str = ""
    halves: dict[str, Tensor] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """The beginning of the tensors' names."""
        return f"{self.module}.base_layer" if self.part == "gate_up_proj" else self.module

    @property
    def word(self) -> str:
        """The module as a catalog entry's targetModules names it: experts are one module of vLLM's."""
        return "experts" if self.kind == EXPERTS or self.one_expert else self.module.rsplit(".", 1)[-1]

    @property
    def one_expert(self) -> bool:
        """Whether it changes one expert of a layer."""
        return _ONE_EXPERT.fullmatch(self.module) is not None

    @property
    def layer(self) -> int | None:
        """Number of the layer; None outside of layers."""
        found = _LAYER.search(self.module)
        return int(found[1]) if found else None


@dataclass(frozen=True, kw_only=True)
class Named:
    """Pairs by the beginning of their names, copies of embeddings that PEFT keeps beside, and what is neither.

    `twice` are tensors whose place another one has already: with `base_model.model.` and without it is one name.
    """

    pairs: Mapping[str, Pair]
    copies: Mapping[str, Tensor]
    others: tuple[str, ...]
    twice: tuple[str, ...] = ()

    @property
    def words(self) -> set[str]:
        """Modules that are changed, as targetModules names them."""
        return {pair.word for pair in self.pairs.values()}

    @property
    def layers(self) -> set[int]:
        """Numbers of the layers that are changed."""
        return {pair.layer for pair in self.pairs.values() if pair.layer is not None}


def by_module(tensors: Mapping[str, Tensor]) -> Named:
    """The tensors by module; of names that begin with `base_model.model.` each one is taken, as vLLM does."""
    pairs: dict[str, Pair] = {}
    copies: dict[str, Tensor] = {}
    others: list[str] = []
    twice: list[str] = []
    for whole, tensor in tensors.items():
        name = whole.replace(PREFIX, "") if whole.startswith(PREFIX) else whole
        if found := _LINEAR.fullmatch(name) or _EMBEDDING.fullmatch(name):
            stem = found["module"]
            kind = LINEAR if found.re is _LINEAR else EMBEDDING
            if pairs.setdefault(stem, _pair(stem, kind)).halves.setdefault(found["half"], tensor) is not tensor:
                twice.append(whole)
        elif (found := _COPY.fullmatch(name)) and whole.endswith(_COPIES):
            if copies.setdefault(found["module"], tensor) is not tensor:
                twice.append(whole)
        else:
            others.append(whole)
    return Named(pairs=pairs, copies=copies, others=tuple(others), twice=tuple(twice))


def _pair(stem: str, kind: str) -> Pair:
    """Of all experts' weights in one tensor PEFT wraps the one in the other: `experts.base_layer` is gate_up_proj."""
    if stem.endswith(".experts.base_layer"):
        return Pair(module=stem.removesuffix(".base_layer"), kind=EXPERTS, part="gate_up_proj")
    if stem.endswith(".experts"):
        return Pair(module=stem, kind=EXPERTS, part="down_proj")
    return Pair(module=stem, kind=kind)
