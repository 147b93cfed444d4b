"""Expressions for paths as the beginnings that they can match, where a reader of any dialect finds the same ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

_MOST = 64
"""Beginnings of one expression that are told apart; with more it is not understood."""

_CLASS = re.compile(
    r"\[(?:\^[/?#&:]*/[/?#&:]*|(?:a-z|A-Z|0-9|\\w|[A-Za-z0-9_.:]|-(?=\]))+)\](?:[+*]|\{[0-9]+,?[0-9]*\})?(?![?+*{])"
)
_ESCAPED = re.compile(r"\\([-./:_~])")
_REST = re.compile(r"\(\.[*+]\)|\.[*+](?![?+*{])")
_PLAIN = re.compile(r"[A-Za-z0-9/_:~.-]")
PART = "{}"
"""Stands for some text without a `/` in it."""


@cache
def beginnings(pattern: str) -> tuple[str, ...] | None:
    """What a path that the expression matches can begin with; None where the expression is not understood.

    Understood are letters, a point for itself (it stands for any other sign as well), alternatives in groups, what may
    be left out, classes without `/`, and `.*` as the end of what is said. Anything may follow a beginning.
    """
    try:
        found, place = _Reader(pattern.removeprefix("^")).alternatives(0)
    except _NotUnderstoodError:
        return None
    return tuple(sorted(text for text, _ in found)) if place == len(pattern.removeprefix("^")) else None


class _NotUnderstoodError(Exception):
    """The expression is of a form that is read differently, or that says more than this module reads."""


_Found = set[tuple[str, bool]]
"""Texts so far, and whether anything may follow."""


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text

    def alternatives(self, place: int) -> tuple[_Found, int]:
        """Every text of the alternatives from a place up to the end of their group."""
        found: _Found = set()
        while True:
            more, place = self._sequence(place)
            found |= more
            if len(found) > _MOST:
                raise _NotUnderstoodError
            if self.text[place : place + 1] != "|":
                return found, place
            place += 1

    def _sequence(self, place: int) -> tuple[_Found, int]:
        found: _Found = {("", False)}
        while place < len(self.text) and self.text[place] not in "|)":
            item, place = self._item(place)
            found = {pair for head in found for pair in _joined(head, item)}
            if len(found) > _MOST:
                raise _NotUnderstoodError
        return found, place

    def _item(self, place: int) -> tuple[_Found, int]:
        """What stands at a place, with a `?` behind it."""
        if self.text[place] == "$":
            if self.text[place + 1 : place + 2] not in ("", ")", "|"):
                raise _NotUnderstoodError
            return {("", False)}, place + 1
        rest = _REST.match(self.text, place)
        if rest:
            return {("", True)}, rest.end()
        item, place = self._one(place)
        follows = self.text[place : place + 1]
        if follows == "?":
            return item | {("", False)}, place + 1
        if follows in ("*", "+", "{"):
            raise _NotUnderstoodError
        return item, place

    def _one(self, place: int) -> tuple[_Found, int]:
        if self.text[place] == "(":
            start = place + (3 if self.text.startswith("(?:", place) else 1)
            found, place = self.alternatives(start)
            if self.text[place : place + 1] != ")":
                raise _NotUnderstoodError
            return found, place + 1
        known = _CLASS.match(self.text, place)
        if known:
            return {(PART, False)}, known.end()
        escaped = _ESCAPED.match(self.text, place)
        if escaped:
            return {(escaped[1], False)}, escaped.end()
        if _PLAIN.match(self.text, place):
            return {(self.text[place], False)}, place + 1
        raise _NotUnderstoodError


def _joined(head: tuple[str, bool], item: _Found) -> Iterator[tuple[str, bool]]:
    text, is_open = head
    if is_open:
        yield head
    else:
        yield from ((f"{text}{more}", opens) for more, opens in item)
