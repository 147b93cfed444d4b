"""JSON as two readers cannot read it differently: no key twice, no NaN, no number that overflows, no deep nesting.

Python's, Rust's and C++'s readers disagree on exactly these, and what was checked must be what is loaded (RFC 8259,
sections 4, 6 and 9, leave them to the reader).
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

MAX_DEPTH = 64
"""Nesting that a config or tokenizer file does not reach; serde_json stops at 128."""

_MAX_DIGITS = 20
"""An unsigned number of 64 bits has at most 20."""

_MAX_EXACT_DIGITS = 40
"""Longer ones are read as a double, which all readers do alike where it is exactly that number: transformers writes
int(1e30) as `model_max_length` of tokenizers that have none (VERY_LARGE_INTEGER)."""


class JsonError(ValueError):
    """Why a text is no strict JSON; `str()` is one phrase that follows the name of the file."""


def parse(content: bytes) -> Any:
    """Return the value of a UTF-8 text; raise JsonError."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonError(f"is not UTF-8 at byte {error.start}") from None
    if text.startswith("\ufeff"):
        raise JsonError("begins with a byte order mark")
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_float
        )
    except json.JSONDecodeError as error:
        raise JsonError(f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise JsonError(f"is nested deeper than {MAX_DEPTH} levels") from None
    _refuse_depth(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise JsonError(f"has the key {_shown(twice)} twice in one object")
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
    value = float(text)
    if not math.isfinite(value):
        raise JsonError("has a number that is too large for 64 bits")
    return value


def _refuse_depth(value: Any) -> None:
    """Walk by levels, not by calls: the text decides how deep it goes. Half characters are found on the way."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
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
    raise JsonError(f"is nested deeper than {MAX_DEPTH} levels")


def _refuse_half_characters(texts: Any) -> None:
    for text in texts:
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise JsonError("has half of a surrogate pair in a text")


def _shown(text: str) -> str:
    shown = json.dumps(text)
    return shown if len(shown) <= 60 else shown[:57] + "..."
