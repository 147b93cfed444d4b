"""A text of many documents, parted as kubectl parts it (k8s.io/apimachinery, pkg/util/yaml/decoder.go)."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import cached_property

from policies.reading.errors import ReadingError
from policies.reading.json_text import NoJsonError, read_json, space
from policies.reading.places import Place, places
from policies.reading.yaml_text import JsonValue, read_yaml

_BOM = "\ufeff"
_SEPARATOR = re.compile(r"^---(.*)$", re.M)
_NOTHING = re.compile(r"[ \t]*(?:[ \t]#[^\r\x85\u2028\u2029]*)?\r?")
_PEEKED = 4096
"""Bytes in which kubectl looks for the brace that begins JSON."""


@dataclass(frozen=True, kw_only=True)
class Read:
    """One document: its value, the line of the text where it begins, and why it is refused, if it is.

    Of a refused one `value` is what kubectl may see, or None: good for telling what kind of text it is. `text` is what
    the document was read from, and `first_line` is the line on which that begins.
    """

    value: JsonValue
    line: int
    text: str
    first_line: int
    refused: ReadingError | None = None

    @cached_property
    def place(self) -> Place:
        """The lines of what it holds."""
        return places(self.text, self.first_line)


def read_stream(text: str) -> Iterator[Read]:
    """Yield every document that holds something; one that cannot be read does not hide the others.

    A mark of the byte order may stand first. Lines, also those of refusals, count from 1 within the text.
    """
    text = text.removeprefix(_BOM)
    start = space(text, 0)
    if text.startswith("{", start) and start < _PEEKED:
        end = yield from _values_of_json(text, start)
        start = (yield from _behind_json(text, end)) if end else 0
    elif start < len(text) and text[start].isspace():
        yield _refused(text, 1, ReadingError("begins with a character that is no space in YAML; rule: plain spaces"))
        return
    else:
        start = 0
    yield from _documents(text, start)


def _values_of_json(text: str, start: int) -> Generator[Read, None, int]:
    """Yield values of JSON that follow each other; returns where the last one ends, 0 if there is none."""
    end = 0
    first_line = text.count("\n", 0, start) + 1
    while text.startswith("{", start):
        try:
            value, end, refused = read_json(text, start, first_line)
        except NoJsonError:
            break
        except ReadingError as error:
            yield _refused(text[start:], first_line, error)
            return len(text)
        yield Read(value=value, line=first_line, text=text[start:end], first_line=first_line, refused=refused)
        begun, start = start, space(text, end)
        first_line += text.count("\n", begun, start)
    return end


def _behind_json(text: str, end: int) -> Generator[Read, None, int]:
    """Refuse what follows JSON up to the next line of `---`: kubectl's versions differ on it. Return where that is."""
    separator = _SEPARATOR.search(text, end)
    start = separator.start() if separator else len(text)
    if not all(map(_is_remark, text[end:start].split("\n"))):
        line = text.count("\n", 0, space(text, end)) + 1
        said = "something stands behind an object of JSON; rule: the next document begins behind a line of ---"
        yield _refused(text[end:start], line, ReadingError(said, line))
    return start


def _is_remark(line: str) -> bool:
    line = line.strip(" \t\r")
    return not line or (line.startswith("#") and len(line.splitlines()) == 1)


def _documents(text: str, start: int) -> Iterator[Read]:
    """Yield what stands between lines of `---`."""
    first_line = text.count("\n", 0, start) + 1
    for separator in _SEPARATOR.finditer(text, start):
        yield from _document(text[start : separator.start()], first_line)
        first_line += text.count("\n", start, separator.start())
        start = min(separator.end() + 1, len(text))
        if not _NOTHING.fullmatch(separator[1]):
            said = "more than a comment stands behind ---; rule: a document begins on the next line"
            yield _refused(separator[0], first_line, ReadingError(said, first_line))
        first_line += 1
    yield from _document(text[start:], first_line)


def _document(text: str, first_line: int) -> Iterator[Read]:
    if not text or text.isspace():
        return
    if text.rfind(_BOM) > 0:
        line = first_line + text.count("\n", 0, text.rfind(_BOM))
        yield _refused(
            text, first_line, ReadingError("a byte order mark stands within the text; rule: remove it", line)
        )
        return
    try:
        # kubectl reads lines, and ends each of them, also the last one.
        value, line, refused = read_yaml(text if text.endswith("\n") else f"{text}\n")
    except ReadingError as error:
        yield _refused(text, first_line, ReadingError(error.text, error.line + first_line - 1))
        return
    if refused is not None:
        refused = ReadingError(refused.text, refused.line + first_line - 1)
    if value is not None or refused is not None:
        yield Read(value=value, line=line + first_line - 1, text=text, first_line=first_line, refused=refused)


def _refused(text: str, first_line: int, error: ReadingError) -> Read:
    return Read(value=None, line=error.line, text=text, first_line=first_line, refused=error)
