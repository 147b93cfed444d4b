"""The line of each value of a document, for messages that name its path."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INDEX = re.compile(r"""\[(?:(\d+)|"([^"]*)"|'([^']*)')\]""")
_ENDS = re.compile(r"[.\[: ,;]")


@dataclass
class Place:
    """A value's line, and the places of what it holds, by key or by index as a text."""

    line: int
    held: dict[str, Place] = field(default_factory=dict)

    def at(self, path: str) -> Place:
        """The place of the path with which the text begins, as `spec.containers[0].image`; as deep as it is there.

        A key may hold points: the longest one that fits is taken.
        """
        place, rest = self, path
        while True:
            found, length = place._step(rest)
            if found is None:
                return place
            place, rest = found, rest[length:].removeprefix(".")

    def _step(self, rest: str) -> tuple[Place | None, int]:
        match = _INDEX.match(rest)
        if match:
            return self.held.get(match[1] or match[2] or match[3] or ""), match.end()
        for end in (*(match.start() for match in _ENDS.finditer(rest)), len(rest))[::-1]:
            if end and rest[:end] in self.held:
                return self.held[rest[:end]], end
        return None, 0


def places(text: str, first_line: int) -> Place:
    """The place of a document that could be read, and of everything in it; without any where that fails.

    A key's line counts, and for an alias or a merged mapping the line of what they name.
    """
    parser = _LOADER(text)
    try:
        parser.get_event()
        if type(parser.get_event()) is not yaml.DocumentStartEvent:
            return Place(first_line)
        return _Builder(parser, first_line).value(parser.get_event())
    except yaml.YAMLError:  # JSON that is no YAML
        return Place(first_line)
    finally:
        parser.dispose()


class _Builder:
    def __init__(self, parser: Any, first_line: int) -> None:
        self._next = parser.get_event
        self._first_line = first_line
        self._anchors: dict[str, Place] = {}

    def value(self, event: Any, line: int | None = None) -> Place:
        """The place of a value; `line` is that of its key."""
        if type(event) is yaml.AliasEvent:
            named = self._anchors.get(event.anchor or "", Place(self._first_line))
            return Place(named.line if line is None else line, named.held)
        place = Place(event.start_mark.line + self._first_line if line is None else line)
        if event.anchor:
            self._anchors[event.anchor] = place
        if type(event) is yaml.MappingStartEvent:
            self._mapping(place.held)
        elif type(event) is yaml.SequenceStartEvent:
            while type(entry := self._next()) is not yaml.SequenceEndEvent:
                place.held[str(len(place.held))] = self.value(entry)
        return place

    def _mapping(self, held: dict[str, Place]) -> None:
        while type(key := self._next()) is not yaml.MappingEndEvent:
            line = key.start_mark.line + self._first_line
            if type(key) is not yaml.ScalarEvent:
                self.value(key)
                self.value(self._next())
                continue
            value = self._next()
            if key.value == "<<" and key.implicit[0]:
                place = self.value(value)
                sources = place.held.values() if type(value) is yaml.SequenceStartEvent else (place,)
                for source in sources:
                    held.update({name: found for name, found in source.held.items() if name not in held})
            else:
                held[key.value] = self.value(value, line)
