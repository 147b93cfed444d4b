"""What is known of a value in a template without rendering it: where it comes from, and which constants are in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce

_FEW = 2
"""Counts up to this tell the first, the last and the only one: positions that every template asks for."""

_SPACE = frozenset(("", " ", "\n", "\n\n", "\r\n", "\t", " \n", "\n "))
"""Texts of no letter that templates look for; another number of them is a mark as good as any word."""


@dataclass(frozen=True, kw_only=True)
class Value:
    """`said`: of what people, tools or documents say; `word`: of a protocol, such as a role; `date`: of the clock.

    `texts` and `numbers` are the constants that it may be made of. `item`: a part that a loop or a number has taken,
    so no text of several letters; `held`: within a list or mapping that the template makes, whose parts may be texts.
    `lookup`: a mapping or list of constants that can be asked for one; `cut`: a list of the pieces of a text; `key`: a
    name within a mapping. `later`: it hangs on a variable of which nothing is known yet.
    """

    said: bool = False
    word: bool = False
    date: bool = False
    item: bool = False
    lookup: bool = False
    cut: bool = False
    key: bool = False
    held: bool = False
    later: bool = False
    texts: frozenset[str] = frozenset()
    numbers: frozenset[float] = frozenset()

    def plain(self) -> Value:
        """The value after a step that makes another of it."""
        return replace(self, item=False, lookup=False, cut=False, key=False)


NOTHING = Value()
CONSTANT = Value(numbers=frozenset((0,)))
"""Of none, true, an empty list and the like: no number that is asked for, and yet of the template's own."""

MADE = "(put together)"
"""Among the texts of a value: one that stands nowhere in the template as it is."""


def made(value: Value) -> Value:
    """The value after a step that makes another text of its constants."""
    return replace(value, texts=value.texts | {MADE})


def part_of(whole: Value, *, intact: bool) -> Value:
    """What a loop or a number takes of a value; `intact`: its constants stay what they are."""
    item = not (whole.cut or whole.lookup or whole.held)
    found = replace(whole, item=item, lookup=False, cut=False, key=False)
    return found if intact or not whole.texts else made(found)


def join(values: Iterable[Value]) -> Value:
    """What is known of a value that is one of these, or is made of them."""
    return reduce(_two, values, NOTHING)


def _two(one: Value, other: Value) -> Value:
    return Value(
        said=one.said or other.said,
        word=one.word or other.word,
        date=one.date or other.date,
        item=(one.item or one == NOTHING) and (other.item or other == NOTHING) and (one.item or other.item),
        lookup=one.lookup or other.lookup,
        held=one.held or other.held,
        later=one.later or other.later,
        cut=one.cut or other.cut,
        key=(one.key or one == NOTHING) and (other.key or other == NOTHING) and (one.key or other.key),
        texts=one.texts | other.texts,
        numbers=one.numbers | other.numbers,
    )


def strange_texts(value: Value, known: frozenset[str]) -> list[str]:
    """The constants of a value that are neither known, with or without ends of lines, nor the space between words."""
    return sorted(text for text in value.texts if text not in _SPACE and text.strip(" \n") not in known)


def strange_numbers(value: Value) -> list[float]:
    """The constants that tell more than the first, the last and the only one."""
    return sorted(number for number in value.numbers if not -_FEW <= number <= _FEW)
