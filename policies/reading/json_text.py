"""A value of JSON as kubectl reads it, which takes one after the other as long as they follow each other."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from policies.reading.errors import ReadingError
from policies.reading.scalars import plain
from policies.reading.yaml_text import MAX_DEPTH, JsonValue

_SURROGATE = re.compile("[\ud800-\udfff]")
_SHORT_DIGITS = 15
_SPACE = re.compile(r"[ \t\r\n]*")


class NoJsonError(ValueError):
    """The text is not JSON; it may be YAML."""


def space(text: str, start: int) -> int:
    """Where the white space ends that begins at `start`."""
    match = _SPACE.match(text, start)
    return match.end() if match else start


def read_json(text: str, start: int, line: int) -> tuple[JsonValue, int, ReadingError | None]:
    """The value that begins at `start`, where it ends, and the first thing in it that is refused.

    `line` is the one on which it begins, and that of a refusal. Raise NoJsonError where there is no JSON, ReadingError
    for a value that is nested too deeply.
    """
    reader = _Reader(line)
    try:
        value, end = json.JSONDecoder(
            object_pairs_hook=reader.mapping, parse_int=reader.number, parse_float=reader.number,
            parse_constant=reader.constant,
        ).raw_decode(text, start)  # fmt: skip
    except RecursionError as error:
        raise reader.abyss() from error
    except ValueError as error:
        raise NoJsonError(str(error)) from error
    if _is_too_deep(value):
        raise reader.abyss()
    if "\\u" in text[start:end] and _SURROGATE.search(json.dumps(value, ensure_ascii=False)):
        reader.refuse("half a character stands in a text; rule: texts are Unicode")
    return value, end, reader.refused


class _Reader:
    """Makes values and keeps the first thing that is refused."""

    def __init__(self, line: int) -> None:
        self._line = line
        self.refused: ReadingError | None = None

    def refuse(self, text: str) -> None:
        if self.refused is None:
            self.refused = ReadingError(text, self._line)

    def mapping(self, pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
            self.refuse(f"the key {twice!r} stands twice")
        return found

    def number(self, text: str) -> JsonValue:
        if len(text) <= _SHORT_DIGITS and text.isdecimal():  # most numbers, and a tenth of the time
            return int(text)
        value = plain(text)
        if isinstance(value, str):
            self.refuse("a number is larger than any; rule: numbers are finite")
        return value

    def constant(self, text: str) -> Any:
        raise ValueError(f"{text} is no JSON")

    def abyss(self) -> ReadingError:
        return ReadingError(f"is nested too deeply to be read; rule: at most {MAX_DEPTH} levels", self._line)


def _is_too_deep(value: JsonValue) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        level = [
            entry
            for holder in level
            for entry in (holder.values() if isinstance(holder, dict) else holder)
            if isinstance(entry, dict | list)
        ]
        if not level:
            return False
    return True
