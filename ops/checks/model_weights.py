"""Whether a base model's files have all its weights, in the sizes of its config.json.

vLLM ends at a norm that no file has, and not at a linear layer, the output layer or the embeddings: those it serves out
of whatever the memory held.
What an architecture needs is data (infra/catalog/weights.yaml); of others a layer that lacks what another has is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.catalog.modules import Size
from infra.catalog.weights import Needed, needed, sizes_by_numbers
from infra.faults import MISSING, Fault
from infra.shapes import shape_of
from ops.checks.files import Content
from ops.checks.module_sizes import module_sizes

SINGLE = "model.safetensors"

TEXT_LAYER = re.compile(r"(?P<before>(?:model\.)?(?:language_model\.)?(?:model\.)?)layers\.(?P<number>[0-9]{1,6})\.")
"""Layers that are surely the language model's: towers and drafts have layers beside them."""

_HEAD = "lm_head"
_ENDS = (_HEAD, "model.embed_tokens")
_EXPERT = re.compile(r"(?:^|\.)experts\.([0-9]{1,6})(?:\.|$)")
_NO_WEIGHTS = ("rotary_emb",)
"""Parts of layers that older files have and no model loads."""


@dataclass(frozen=True, kw_only=True)
class _Found:
    """Modules below each layer of the language model, and what stands before `layers.` in their names."""

    layers: Mapping[int, frozenset[str]]
    before: str
    stems: frozenset[str]


def weight_faults(content: Content, said: Mapping[str, Any], method: str | None) -> Iterator[Fault]:
    """What lacks or has another size; `said` is the entry's config that these files make, `method` how they are packed.

    `said` has its numbers.
    """
    wanted, found = needed(said.get("architecture", "")), _read(content, said["numHiddenLayers"])
    if wanted is None or not _by_these_names(wanted, found):
        return
    yield from _lacking(wanted, found)
    yield from _experts(found, said.get("numLocalExperts", 0))
    yield from _ends(wanted, found, said)
    yield from _other_sizes(wanted, content, said, method)


def weight_notes(content: Content, said: Mapping[str, Any]) -> Iterator[str]:
    """What is worth knowing where an architecture's weights are not known, or the files make no text."""
    named = said.get("architecture", "")
    wanted, found = needed(named), _read(content, said["numHiddenLayers"])
    if wanted is None or not _by_these_names(wanted, found):
        yield f"not compared: which weights {named or 'this architecture'} needs, and in which sizes, by these names"
        yield from (
            f"layer {number} has no {gone}, which others have: is a file missing?" for number, gone in _less(found)
        )
    elif not _tied(wanted, said) and not found.before and not _has_head(found):
        yield f"has no {_HEAD}: it makes embeddings or scores, no text"


def _read(content: Content, count: int) -> _Found:
    stems = {name.rpartition(".")[0] or name for tensors in content.tensors.values() for name in tensors}
    layers: dict[int, set[str]] = {}
    before = ""
    for stem in stems:
        match = TEXT_LAYER.match(f"{stem}.")
        if match and int(match["number"]) < count and not any(word in stem for word in _NO_WEIGHTS):
            layers.setdefault(int(match["number"]), set()).add(stem[match.end() :])
            before = match["before"]
    kept = {number: frozenset(names) for number, names in sorted(layers.items())}
    return _Found(layers=kept, before=before, stems=frozenset(stems))


def _by_these_names(wanted: Needed, found: _Found) -> bool:
    """Whether the files have the names at all: some have those of another program."""
    return any(names & set(wanted.layer) for names in found.layers.values())


def _lacking(wanted: Needed, found: _Found) -> Iterator[Fault]:
    gone = {
        f"{found.before}layers.{number}.{name}": None
        for number, names in found.layers.items()
        for name in wanted.layer
        if name not in names
    }
    gone |= {f"{found.before}layers.{number}.{name}": None for number, name in _less(found)}
    if gone:
        first, *more = gone
        rule = f"each layer of this architecture has it, and vLLM may serve without: is a file missing?{_and(more)}"
        yield Fault(path=f"{SINGLE}: {first}", value=MISSING, rule=rule, example=f"{first}.weight")


def _experts(found: _Found, count: int) -> Iterator[Fault]:
    """Experts that stand one by one are as many as config.json says, in each layer that has some."""
    for number, names in found.layers.items():
        there = {int(match[1]) for name in names if (match := _EXPERT.search(name))}
        if there and count and there != set(range(count)):
            rule = f"config.json says that a layer has {count} experts: is a file missing?"
            path = f"{SINGLE}: {found.before}layers.{number}: experts"
            yield Fault(path=path, value=f"{len(there)} of them", rule=rule, example=str(count))
            return


def _less(found: _Found) -> Iterator[tuple[int, str]]:
    """Layers that have a part of what another one has and nothing else: its number, and the first that it lacks."""
    kinds = sorted(set(found.layers.values()), key=lambda names: (len(names), sorted(names)))
    for number, names in found.layers.items():
        larger = next((kind for kind in kinds if names < kind), None)
        if larger is not None:
            yield number, sorted(larger - names)[0]


def _ends(wanted: Needed, found: _Found, said: Mapping[str, Any]) -> Iterator[Fault]:
    """The norm behind the last layer, and an output layer that is not the embeddings'."""
    if (norm := f"{found.before}norm") not in found.stems:
        rule = "this architecture has it behind the last layer: is a file missing?"
        yield Fault(path=f"{SINGLE}: {norm}", value=MISSING, rule=rule, example=f"{norm}.weight")
    if found.before and not _tied(wanted, said) and not _has_head(found):
        rule = "the output layer is not the embeddings' (tie_word_embeddings), and vLLM would answer without one"
        yield Fault(path=f"{SINGLE}: {_HEAD}", value=MISSING, rule=rule, example=f"{_HEAD}.weight")


def _has_head(found: _Found) -> bool:
    return any(stem.rsplit(".", 1)[-1] == _HEAD for stem in found.stems)


def _tied(wanted: Needed, said: Mapping[str, Any]) -> bool:
    return bool(said.get("tieWordEmbeddings", wanted.tied))


def _other_sizes(wanted: Needed, content: Content, said: Mapping[str, Any], method: str | None) -> Iterator[Fault]:
    shape = shape_of(said)
    if shape.attention:  # heads of their own in some layers
        return
    sizes = sizes_by_numbers(shape)
    right = {name: size for name, size in sizes.items() if name.startswith(wanted.sizes)}
    wrong: list[tuple[str, Size, Size]] = []
    for name, size in module_sizes(content.tensors.values(), method).items():
        match = TEXT_LAYER.match(name)
        due = right.get(name[match.end() :]) if match and int(match["number"]) < shape.layers else None
        due = sizes[name] if name in _ENDS else due
        if due is not None and any(one and one != other for one, other in zip(size, due, strict=True)):
            wrong.append((name, size, due))
    if wrong and not any(name.endswith("embed_tokens") for name, *_ in wrong):  # which is told of already
        (name, size, due), *more = wrong
        rule = (
            f"the numbers of config.json make it {_shown(due)}: it is another model's, or the weights are{_and(more)}"
        )
        yield Fault(path=f"{SINGLE}: {name}", value=_shown(size), rule=rule, example=_shown(due))


def _shown(size: Size) -> str:
    return "x".join(str(part or "?") for part in size)


def _and(more: list[Any]) -> str:
    return f" (and {len(more)} more)" if more else ""
