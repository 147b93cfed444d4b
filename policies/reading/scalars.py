"""What a scalar of YAML stands for, as go-yaml v2 and then JSON make it (sigs.k8s.io/yaml v1.4.0, goyaml.v2).

Numbers come out as the API server sees them: whole numbers of 64 bits are `int`, whatever way they are written, and
every other number is `float`.
"""

from __future__ import annotations

import binascii
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal

Scalar = str | int | float | bool | None

_WORDS: Mapping[str, Scalar] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_BEGINS = frozenset("+-0123456789yYnNtTfFoO~.")
"""Whatever begins otherwise is a text."""

_WHOLE = re.compile(r"([+-]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|([1-9][0-9]*|0))")
_BASES = (16, 2, 8, 10)
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_FRACTION = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?")
_SIGN_INSIDE = re.compile(r"0b([+-][01]+)")
"""A number to go-yaml, which reads what follows `0b` as one."""

_SHORT_KEY = re.compile(r"-?([0-9]{1,6})\.([0-9]{1,6})")
_SMALLEST_KEY = 1e-4
_FLOAT32_DIGITS = 6
"""A number of so many digits comes back out of a float of 32 bits as it went in."""

_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_LOWEST, _HIGHEST, _HIGHEST_UNSIGNED = -(2**63), 2**63 - 1, 2**64 - 1
_EXACT = 2**53
"""Below it each whole number is a float of its own."""

_DIGITS = 20
"""Of the highest number that 64 bits hold."""

STR, INT, FLOAT, BOOL, NULL, BINARY = (
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "binary")
)


def is_text(text: str) -> bool:
    """Whether a scalar without quotes and without a tag is a text by its first letter alone."""
    return bool(text) and text[0] not in _BEGINS


def plain(text: str) -> Scalar:
    """The value of a scalar without quotes and without a tag."""
    if is_text(text):
        return text
    if text in _WORDS:
        return _WORDS[text]
    first = text[0]
    if first == ".":
        return _number(text.replace("_", ""), text) if _FRACTION.fullmatch(text) else text
    if first in "yYnNtTfFoO~":
        return text
    bare = text.replace("_", "")
    whole = _whole(bare)
    if whole is not None:
        return whole
    return _number(bare, text) if _DECIMAL.fullmatch(bare) else text


def _whole(text: str) -> int | float | None:
    """The number, if it is a whole one that 64 bits hold, signed or not; it is a float where a signed one does not."""
    match = _WHOLE.fullmatch(text)
    if match is None or len(match[5] or "") > _DIGITS:
        inside = _SIGN_INSIDE.fullmatch(text)
        return int(inside[1], 2) if inside and _LOWEST <= int(inside[1], 2) <= _HIGHEST else None
    sign, *groups = match.groups()
    base, digits = next((base, digits) for base, digits in zip(_BASES, groups, strict=True) if digits is not None)
    number = int(sign + digits, base)
    if _LOWEST <= number <= _HIGHEST:
        return number
    return float(number) if not sign and number <= _HIGHEST_UNSIGNED else None


def _number(text: str, otherwise: str) -> Scalar:
    """The float as JSON carries it; a text where it is too large for one."""
    value = float(text)
    return otherwise if math.isinf(value) else whole_if_so(value)


def whole_if_so(value: float) -> int | float:
    """The number as an `int` if JSON writes it as one of 64 bits: with the fewest digits that mean this float."""
    if not value.is_integer():
        return value
    written = int(value) if abs(value) < _EXACT else int(Decimal(repr(value)))
    return written if _LOWEST <= written <= _HIGHEST else value


def tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with one of the tags of TAGS; raise ValueError where the tag does not fit the text."""
    return TAGS[tag](text)


def _integer(text: str) -> Scalar:
    value = _of_type(text, "!!int", int, float)
    # A decimal that only a float holds is none.
    if _whole(text.replace("_", "")) is None:
        raise ValueError("!!int stands before something else")
    return value


def _floating(text: str) -> Scalar:
    value = _of_type(text, "!!float", int, float)
    if isinstance(value, float) and _whole(text.replace("_", "")) is not None:
        raise ValueError("!!float stands before a whole number that is too large")
    return whole_if_so(float(value)) if isinstance(value, int | float) and math.isfinite(value) else value


def _of_type(text: str, tag: str, *types: type) -> Scalar:
    value = plain(text)
    if type(value) not in types:
        raise ValueError(f"{tag} stands before something else")
    return value


def _bytes(text: str) -> str:
    """What base64 stands for, if it is text; kubectl takes it for the text itself."""
    bare = text.replace("\r", "").replace("\n", "")
    if not _BASE64.fullmatch(bare):
        raise ValueError("!!binary stands before something that is no base64")
    try:
        return binascii.a2b_base64(bare).decode()
    except ValueError:
        raise ValueError("!!binary stands before bytes that are no UTF-8 text") from None


TAGS: Mapping[str, Callable[[str], Scalar]] = {
    STR: str,
    INT: _integer,
    FLOAT: _floating,
    BOOL: lambda text: _of_type(text, "!!bool", bool),
    NULL: lambda text: _of_type(text, "!!null", type(None)),
    BINARY: _bytes,
}
"""Explicit tags that are read; every other one is refused."""


def plain_key(text: str) -> str:
    """The text that a key without quotes and without a tag becomes in JSON; raise ValueError for one that has none."""
    value = plain(text)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number_key(text, value)
    return _key(value)


def tagged_key(tag: str, text: str) -> str:
    """The text that a key with a tag becomes in JSON; raise ValueError for one that has none."""
    if tag == FLOAT:
        raise ValueError("!!float stands before a key")
    return _key(tagged(tag, text))


def _key(value: Scalar) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    raise ValueError("a key is empty" if value is None else "a key is a number that JSON has no whole number for")


def _number_key(text: str, value: int | float) -> str:
    """kubectl writes a fraction as a float of 32 bits: what is short comes back, without the zeros at its end."""
    whole = _whole(text.replace("_", ""))
    if whole is not None:
        return _key(whole)
    match = _SHORT_KEY.fullmatch(text)
    digits = (match[1] + match[2].rstrip("0")).lstrip("0") if match else ""
    if not digits or len(digits) > _FLOAT32_DIGITS or abs(value) < _SMALLEST_KEY:
        raise ValueError("a key is a number with a point or an exponent")
    return str(value)
