"""Names and sizes of a base model's modules, compactly: what an adapter's tensors are compared with.

One line stands for a module in many layers: `model.layers.{0-31}.self_attn.q_proj: 4096x4096`. Numbers of layers and
experts stand in braces, as ranges and single ones. Sizes are outputs x inputs, as `torch.nn.Linear` keeps its weight,
with the number of experts before them where all are one tensor; `?` is what the files do not say, as of packed weights.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

Size = tuple[int, ...]
"""0 is a size that is not known."""

_SLOT = re.compile(r"\{([0-9,-]+)\}")
_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class Modules:
    """The modules by pattern, as the catalog has them."""

    patterns: Mapping[str, str]

    def size(self, name: str) -> Size | None:
        """The size of a module; None where the model has none of that name."""
        template, numbers = _template(name)
        for allowed, size in self._by_template.get(template, ()):
            if all(number in some for number, some in zip(numbers, allowed, strict=True)):
                return size
        return None

    def knows_but_for_numbers(self, name: str) -> list[str]:
        """Patterns that differ from the name in numbers alone: the model lacks this layer or this expert."""
        template = _template(name)[0]
        return [pattern for pattern in self.patterns if _SLOT.sub("{}", pattern) == template]

    def alike(self, name: str) -> list[str]:
        """Patterns whose last word is the name's, or else those that begin most like it."""
        last = name.rsplit(".", 1)[-1]
        found = [pattern for pattern in self.patterns if pattern.rsplit(".", 1)[-1] == last]
        if not found:
            parts = name.split(".")
            found = sorted(self.patterns, key=lambda pattern: -_in_common(parts, pattern.split(".")))
        return found[:_SHOWN]

    def names(self) -> Iterator[str]:
        """Every module by its whole name."""
        for pattern in self.patterns:
            parts = _SLOT.split(pattern)
            slots = [sorted(_numbers(text)) for text in parts[1::2]]
            for chosen in itertools.product(*slots):
                yield "".join(itertools.chain(*zip(parts[::2], [*map(str, chosen), ""], strict=True)))

    @cached_property
    def _by_template(self) -> dict[str, list[tuple[list[frozenset[int]], Size]]]:
        found: dict[str, list[tuple[list[frozenset[int]], Size]]] = {}
        for pattern, size in self.patterns.items():
            allowed = [_numbers(match[1]) for match in _SLOT.finditer(pattern)]
            found.setdefault(_SLOT.sub("{}", pattern), []).append((allowed, size_of(size)))
        return found


def _in_common(parts: list[str], others: list[str]) -> int:
    """How many words from the first on are the same, numbers aside."""
    pairs = zip(parts, others, strict=False)
    return len(list(itertools.takewhile(lambda pair: pair[0] == pair[1] or "{" in pair[1], pairs)))


def size_of(text: str) -> Size:
    """Numbers of a size as the catalog writes it."""
    return tuple(0 if word == "?" else int(word) for word in text.split("x"))


def compact(modules: Mapping[str, Size]) -> dict[str, str]:
    """Patterns of whole names with their sizes, in the order in which the names come first."""
    groups: dict[tuple[str, Size], set[tuple[int, ...]]] = {}
    for name, size in modules.items():
        template, numbers = _template(name)
        groups.setdefault((template, size), set()).add(numbers)
    return {
        template.format(*("{" + _ranges(some) + "}" for some in slots)): "x".join(str(part or "?") for part in size)
        for (template, size), found in groups.items()
        for slots in _products(found)
    }


def _template(name: str) -> tuple[str, tuple[int, ...]]:
    """The name with `{}` for each of its numbers, and these."""
    parts = name.split(".")
    numbers = tuple(int(part) for part in parts if _is_number(part))
    return ".".join("{}" if _is_number(part) else part for part in parts), numbers


def _is_number(part: str) -> bool:
    """Whether it is a number as frameworks write it: `01` is another name than `1`, and no module has it."""
    return part.isascii() and part.isdigit() and len(part) <= 6 and part == str(int(part))


def _products(found: set[tuple[int, ...]]) -> Iterator[list[frozenset[int]]]:
    """The numbers as products of sets, one set a slot."""
    if found == {()}:
        yield []
        return
    below: dict[int, set[tuple[int, ...]]] = {}
    for first, *rest in found:
        below.setdefault(first, set()).add(tuple(rest))
    alike: dict[frozenset[tuple[int, ...]], set[int]] = {}
    for first in sorted(below):
        alike.setdefault(frozenset(below[first]), set()).add(first)
    for rests, firsts in alike.items():
        for slots in _products(set(rests)):
            yield [frozenset(firsts), *slots]


def _ranges(numbers: Iterable[int]) -> str:
    """`0-3,5` for 0, 1, 2, 3 and 5."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in found)


def _numbers(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return frozenset(found)
