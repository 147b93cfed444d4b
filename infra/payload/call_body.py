"""Read the body of a call in the one way in which nobody can read it otherwise, or refuse it.

vLLM reads a body by Python's `json.loads`, which takes the last of two equal keys, NaN, and text in UTF-16. Envoy has
a reader of its own. What both would read alike passes: one JSON object in UTF-8, no key twice, none that differs from
another by case alone, finite numbers, not too deep.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

CONTENT_TYPE = re.compile(r"application/json(;\s*charset=utf-8)?", re.IGNORECASE)
"""As Envoy has it, and as vLLM reads it: nothing may stand between the type and the semicolon."""

DEEPEST = 64
LONGEST_KEY = 256


class Refused(Exception):  # noqa: N818 - a verdict, not a failure
    """A body that does not go to a server. `param` is the part of it, or None; the text never repeats a value."""

    def __init__(self, message: str, param: str | None = None, code: str = "invalid_body") -> None:
        """Keep what is told."""
        super().__init__(message)
        self.param, self.code = param, code


def read(raw: bytes, content_type: str, content_encoding: str = "") -> dict[str, Any]:
    """The object that the body is; raise Refused where it is none, or could be read otherwise."""
    if not CONTENT_TYPE.fullmatch(content_type.strip()):
        raise Refused("the body must be JSON in UTF-8: Content-Type: application/json")
    if content_encoding.strip().lower() not in ("", "identity"):
        raise Refused("the body must not be compressed: no Content-Encoding")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("the body must be UTF-8") from None
    if text.startswith("\ufeff") or "\x00" in text:
        raise Refused("the body must be plain UTF-8, without a byte order mark and without NUL")
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)
    except (ValueError, RecursionError):
        raise Refused("the body must be one JSON value") from None
    if not isinstance(value, dict):
        raise Refused("the body must be a JSON object")
    if _deeper(value, DEEPEST):
        raise Refused(f"the body may be nested {DEEPEST} levels deep")
    if _HALVES.search(text) and not _whole(value):
        raise Refused("a text has half of a character: \\ud800 to \\udfff stand in pairs")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys nobody can mix up."""
    found = dict(pairs)
    if len({key.casefold().strip() for key in found}) != len(pairs):
        raise Refused("a key stands twice in an object, perhaps in another case")
    if any(len(key) > LONGEST_KEY for key in found):
        raise Refused(f"a key may have {LONGEST_KEY} characters")
    return found


def _constant(_text: str) -> NoReturn:
    raise Refused("NaN and Infinity are no JSON")


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise Refused("a number is too large")
    return value


_HALVES = re.compile(r"\\u[dD][89a-fA-F]")


def _deeper(value: Any, deepest: int) -> bool:
    """Whether lists and objects lie in each other deeper than that. Python's reader has its own limit before it."""
    level = [value]
    for _ in range(deepest):
        inner = (part.values() if isinstance(part, dict) else part for part in level)
        level = [part for parts in inner for part in parts if isinstance(part, (dict, list))]
        if not level:
            return False
    return True


def _whole(value: Any) -> bool:
    """Whether every text can be written as UTF-8."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
