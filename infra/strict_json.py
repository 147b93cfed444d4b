"""The house's one reader of JSON: as two readers cannot read it differently, and at once.

No key twice, no NaN, no number that overflows, no half character, no mark of the byte order, limited depth and size.
Python's, Rust's and C++'s readers disagree on exactly these, and what was checked must be what is loaded (RFC 8259,
sections 4, 6 and 9, leave them to the reader). Time and memory grow with the size of the text alone.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NoReturn

MAX_BYTES = 8 * 1024**2
"""Most bytes that are read where the caller says nothing else: a second of work at most."""

MAX_DEPTH = 64
"""Nesting that a config or tokenizer file does not reach; serde_json stops at 128."""

MAX_OBJECT_DEPTH = 200
"""Nesting of Kubernetes objects and of what the engine writes, which hold schemas of others."""

_BYTES_A_VALUE = 20
"""A text has no more commas than one for each 20 of the bytes that it may have: files of lists of numbers alone do."""

_MAX_DIGITS = 20
"""An unsigned number of 64 bits has at most 20."""

_MAX_EXACT_DIGITS = 40
"""Longer ones are read as a double, which all readers do alike where it is exactly that number: transformers writes
int(1e30) as `model_max_length` of tokenizers that have none (VERY_LARGE_INTEGER)."""

_MAX_FLOAT_CHARACTERS = 400
"""The longest that a writer makes of a number of 64 bits is 326 characters; reading a longer one takes its square."""


class JsonError(ValueError):
    """Why a text is no strict JSON; `str()` is one phrase that follows the name of the file, and holds no value."""


class TwiceError(JsonError):
    """A key stands twice in one object."""

    def __init__(self, key: str) -> None:
        """Keep the key."""
        super().__init__(f"has the key {_shown(key)} twice in one object")
        self.key = key


def parse(content: bytes | str, *, most: int = MAX_BYTES, depth: int = MAX_DEPTH) -> Any:
    """Return the value of a UTF-8 text of at most `most` bytes and `depth` levels; raise JsonError."""
    if len(content) > most:
        raise JsonError(f"has more than {most} bytes, and no more are read")
    text = _text(content)
    if text.startswith("\ufeff"):
        raise JsonError("begins with a byte order mark")
    if text.count(",") > (values := max(most, MAX_BYTES) // _BYTES_A_VALUE):
        raise JsonError(f"has more than {values} values, and no more are read")
    if not text.strip(" \t\r\n"):
        raise JsonError("is empty")
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_float
        )
    except json.JSONDecodeError as error:
        raise JsonError(f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise JsonError(f"is nested deeper than {depth} levels") from None
    _refuse_depth(value, depth)
    return value


def read(path: Path, *, most: int = MAX_BYTES) -> Any:
    """Return the value of a file, of which no more than `most` bytes are read; raise JsonError, OSError."""
    with path.open("rb") as file:
        return parse(file.read(most + 1), most=most)


def _text(content: bytes | str) -> str:
    if isinstance(content, str):
        return content
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonError(f"is not UTF-8 at byte {error.start}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise TwiceError(twice)
    return built


def _constant(name: str) -> NoReturn:
    raise JsonError(f"has {name}, which is no JSON number")


def _integer(text: str) -> int:
    digits = len(text.lstrip("-"))
    if digits > _MAX_DIGITS and not (digits <= _MAX_EXACT_DIGITS and int(float(text)) == int(text)):
        raise JsonError(f"has a number of {len(text.lstrip('-'))} digits")
    if text == "-0":
        raise JsonError("has the number -0, which readers take differently")
    return int(text)


def _float(text: str) -> float:
    if len(text) > _MAX_FLOAT_CHARACTERS:
        raise JsonError(f"has a number of {len(text)} characters")
    value = float(text)
    if not math.isfinite(value):
        raise JsonError("has a number that is too large for 64 bits")
    return value


def _refuse_depth(value: Any, depth: int) -> None:
    """Walk by levels, not by calls: the text decides how deep it goes. Half characters are found on the way."""
    level = [value]
    for _ in range(depth + 1):
        below: list[Any] = []
        for entry in level:
            if isinstance(entry, dict):
                _refuse_half_characters(entry)
                below += entry.values()
            elif isinstance(entry, list):
                below += entry
            elif isinstance(entry, str):
                _refuse_half_characters((entry,))
        if not below:
            return
        level = below
    raise JsonError(f"is nested deeper than {depth} levels")


def _refuse_half_characters(texts: Any) -> None:
    for text in texts:
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise JsonError("has half of a surrogate pair in a text")


def _shown(text: str) -> str:
    shown = json.dumps(text)
    return shown if len(shown) <= 60 else shown[:57] + "..."
