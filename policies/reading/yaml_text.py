"""One document of YAML as kubectl reads it: the events of the parser become values by go-yaml's rules."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import islice
from typing import Any

import yaml

from policies.reading.errors import ReadingError
from policies.reading.scalars import BINARY, STR, TAGS, Scalar, is_text, plain, plain_key, tagged, tagged_key

JsonValue = Any
"""None, bool, number, text, list, or dict with texts as keys."""

MAX_DEPTH = 200
"""Most levels of a value: real objects have up to 60, and what walks through a value goes down into each."""

MAX_NODES = 400_000
"""Most values of one document of YAML with its aliases written out: two seconds of reading. Real ones have some 50,000;
a list of all objects of a cluster can have more, and is read as JSON."""

MAX_ALIASED = 100_000
"""Most values that aliases stand for: rules walk through each of them, and would do so for minutes."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAP, _SEQ = "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"
_MERGE = "<<"
_QUOTES = "put it in quotes"


@dataclass
class _Anchored:
    """A value that aliases may name. While it is open it has no value yet, but the name is taken already."""

    value: JsonValue = None
    size: int = 1
    height: int = 0
    is_open: bool = True

    def close(self, value: JsonValue, size: int, height: int) -> None:
        self.value, self.size, self.height, self.is_open = value, size, height, False


_TAGS = re.compile(r"^%TAG\b", re.M)
_MOST_TAGS, _SHOWN = 50, 80
"""Directives are refused where they are read; libyaml compares each with those before, the square of their number."""


def read_yaml(text: str) -> tuple[JsonValue, int, ReadingError | None]:
    """The value of a document, the line where it begins, and the first thing in it that is refused.

    With a refusal the value is what kubectl may see, good for telling what kind of text it is and for nothing else.
    Raise ReadingError where there is no value at all: no YAML, too deep, endless.
    """
    if odd := next(islice(_TAGS.finditer(text), _MOST_TAGS, None), None):
        rule = f"more than {_MOST_TAGS} directives of %TAG; rule: no directives"
        raise ReadingError(rule, text.count("\n", 0, odd.start()) + 1)
    parser = _LOADER(text)
    try:
        builder = _Builder(parser)
        value, line = builder.document()
        return value, line, builder.refused
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ", ".join(part for part in (error.context, error.problem) if part)
        raise ReadingError(f"is no YAML that can be used: {said}", mark.line + 1 if mark else 1) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ReadingError(f"holds a character that YAML does not: #x{error.character:04x}", line) from error
    finally:
        parser.dispose()


class _Builder:
    """Builds one document; each value's size is known, so that aliases cannot make it endless."""

    def __init__(self, parser: Any) -> None:
        self._next = parser.get_event
        self._anchors: dict[str, _Anchored] = {}
        self._odd: dict[int, JsonValue] = {}
        self._written = 0
        self._aliased = 0
        self._deepest = 0
        self.refused: ReadingError | None = None

    def document(self) -> tuple[JsonValue, int]:
        """The only document of the text; None for a text without one."""
        self._next()
        event = self._next()
        if type(event) is yaml.StreamEndEvent:
            return None, 1
        if event.version or event.tags:
            raise ReadingError("a line that begins with % is refused; rule: no directives", event.start_mark.line + 1)
        event = self._next()
        line = event.start_mark.line + 1
        value, _ = self._value(event, 0)
        self._next()
        try:
            event = self._next()
            after = None if type(event) is yaml.StreamEndEvent else event.start_mark
        except yaml.MarkedYAMLError as error:
            after = error.problem_mark
        if after is not None:
            raise ReadingError(
                "something stands after the end of the document, which kubectl does not read; rule: documents are "
                "separated by lines of ---",
                after.line + 1,
            )
        return value, line

    def _value(self, event: Any, depth: int) -> tuple[JsonValue, int]:
        kind = type(event)
        if kind is yaml.AliasEvent:
            return self._alias(event, depth)
        self._count(1, event)
        anchored, around = None, self._deepest
        if event.anchor:
            anchored = self._anchors[event.anchor] = _Anchored()
            self._deepest = depth
        if kind is yaml.ScalarEvent:
            value: JsonValue = self._scalar(event)
            size = 1
        else:
            is_mapping = kind is yaml.MappingStartEvent
            self._look_at(event, _MAP if is_mapping else _SEQ, depth)
            value, size = self._mapping(depth + 1) if is_mapping else self._sequence(depth + 1)
        if anchored is not None:
            anchored.close(value, size, self._deepest - depth)
            self._deepest = max(self._deepest, around)
        return value, size

    def _look_at(self, event: Any, tag: str, depth: int) -> None:
        self._reach(depth + 1, event)
        if event.tag and event.tag != tag:
            self._refuse_tag(event)

    def _reach(self, depth: int, event: Any) -> None:
        self._deepest = max(self._deepest, depth)
        if depth > MAX_DEPTH:
            raise ReadingError(
                f"is nested too deeply to be read; rule: at most {MAX_DEPTH} levels", event.start_mark.line + 1
            )

    def _alias(self, event: Any, depth: int) -> tuple[JsonValue, int]:
        anchored = self._anchors.get(event.anchor)
        if anchored is None or anchored.is_open:
            where = "names nothing above it" if anchored is None else "stands inside the value that it names"
            raise ReadingError(f"the alias *{event.anchor} {where}; rule: values end", event.start_mark.line + 1)
        self._aliased += anchored.size
        if self._aliased > MAX_ALIASED:
            raise ReadingError(
                f"stands for more than {MAX_ALIASED} values with its aliases written out",
                event.start_mark.line + 1,
            )
        self._count(anchored.size, event)
        self._reach(depth + anchored.height, event)
        return anchored.value, anchored.size

    def _count(self, values: int, event: Any) -> None:
        """Count before anything walks through a value or copies it."""
        self._written += values
        if self._written > MAX_NODES:
            raise ReadingError(
                f"stands for more than {MAX_NODES} values with its aliases written out; rule: parts, or JSON",
                event.start_mark.line + 1,
            )

    def _scalar(self, event: Any) -> Scalar:
        try:
            if event.tag is None:
                value = plain(event.value) if event.implicit[0] else event.value
            elif event.tag in TAGS:
                value = tagged(event.tag, event.value)
            else:
                self._refuse_tag(event)
                return str(event.value)
        except ValueError as error:
            self._refuse(event, f"{error}; rule: no tags in manifests")
            return str(event.value)
        if type(value) is float and not math.isfinite(value):
            self._refuse(
                event, f"{event.value} is no number of JSON; rule: numbers are finite; example: a text in quotes"
            )
        return value

    def _sequence(self, depth: int) -> tuple[list[JsonValue], int]:
        found: list[JsonValue] = []
        total = 1
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            value, size = self._value(event, depth)
            found.append(value)
            total += size
        return found, total

    def _mapping(self, depth: int) -> tuple[dict[str, JsonValue], int]:
        found: dict[str, JsonValue] = {}
        merged: set[str] | None = None
        odd = False
        total = 1
        while type(event := self._next()) is not yaml.MappingEndEvent:
            if _is_merge(event):
                if merged is not None:
                    self._refuse(event, f"the key {_MERGE} stands twice")
                merged, size = self._merge(found, depth)
                total += size
                continue
            key, is_odd = self._key(event)
            odd = odd or is_odd
            value, size = self._value(self._next(), depth)
            total += size + 1
            if key in found and (merged is None or key not in merged):
                self._refuse(event, f"the key {key!r} stands twice")
            if merged:
                merged.discard(key)
            found[key] = value
        if odd:
            self._odd[id(found)] = found
            if merged is not None:
                self._refuse(event, f"a key that is no text stands beside {_MERGE}; rule: {_QUOTES}")
        return found, total

    def _merge(self, found: dict[str, JsonValue], depth: int) -> tuple[set[str], int]:
        """Take in what stands behind `<<`; return its keys, which later ones of the mapping replace.

        For kubectl it also replaces what stands before it, for the standard and for other readers it does not.
        """
        event = self._next()
        value, size = self._value(event, depth)
        sources = value[::-1] if type(event) is yaml.SequenceStartEvent else [value]
        if not all(isinstance(source, dict) for source in sources):
            raise ReadingError(f"{_MERGE} stands before something that is no mapping", event.start_mark.line + 1)
        keys = {key for source in sources for key in source}
        for key in sorted(keys & set(found)):
            self._refuse(
                event, f"the key {key!r} stands before a {_MERGE} that holds it too; rule: {_MERGE} stands first"
            )
        for source in sources:
            if id(source) in self._odd:
                self._refuse(event, f"a key that is no text stands in what {_MERGE} names; rule: {_QUOTES}")
            found.update(source)
        return keys, size

    def _key(self, event: Any) -> tuple[str, bool]:
        """The key's text, and whether it is one only after it has been turned into one."""
        if type(event) is yaml.AliasEvent:
            value, _ = self._alias(event, 0)
            if not isinstance(value, str):
                self._refuse(event, f"the key *{event.anchor} is no text")
            return str(value), False
        if type(event) is not yaml.ScalarEvent:
            raise ReadingError("a key is a list or a mapping; rule: keys are texts", event.start_mark.line + 1)
        text: str = event.value
        if event.tag is None and event.anchor is None and (not event.implicit[0] or is_text(text)):
            return text, False
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(value=self._scalar(event), is_open=False)
        try:
            if event.tag is None:
                return (plain_key(text), type(plain(text)) is not str) if event.implicit[0] else (text, False)
            if event.tag in TAGS:
                return tagged_key(event.tag, text), event.tag not in (STR, BINARY)
            self._refuse_tag(event)
        except ValueError as error:
            self._refuse(event, f"{error}; rule: keys are texts; {_QUOTES}")
        return text, True

    def _refuse_tag(self, event: Any) -> None:
        self._refuse(event, f"the tag {event.tag[:_SHOWN]!r} is not known; rule: no tags in manifests")

    def _refuse(self, event: Any, text: str) -> None:
        if self.refused is None:
            self.refused = ReadingError(text, event.start_mark.line + 1)


def _is_merge(event: Any) -> bool:
    return type(event) is yaml.ScalarEvent and event.value == _MERGE and event.implicit[0] and event.tag is None
