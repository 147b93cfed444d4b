"""Faults in what a user wrote: each with its path, value, rule and a right example; all told at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

MISSING = object()
"""Stands for the value of a key that is not there."""

HIDDEN = "(not shown)"
"""Stands for a secret in a fault."""

_SHOWN_CHARACTERS = 80
_LOOKED_AT = 512

_KEYS = "jwks"
"""Key below which an issuer's keys stand: a private one may stand there by mistake, in any form."""

_NAMES = frozenset({"keys", "url", "kty", "crv", "kid", "alg", "use", "x", "y", "n", "e", "d", "p", "q", "k"})
"""What a path may say below it; another key may be a secret itself."""

_PLAIN = re.compile(r"\([0-9]+ characters\)|https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[^\s\"'{}]*)?")
"""Texts below it that are shown: how long one is, and a well-formed address."""

_USER = re.compile(r"(?<=//)[^\s\"'@]+@|[^\s\"'/@:]+:[^\s\"'@]+@(?!sha(?:256|512):)")
"""A user with a password before a host, wherever somebody has put them."""

_SECRET_KEY = re.compile(
    r"(?i)(?:^|.*[a-z_-])?(?:password|passwd|passphrase|(?:secret|api)_?key|(?:auth|bearer|access)_?token)"
)
"""The last key of a path below which nobody's word is shown."""

_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Of what Python calls printable: Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties), and empty Braille."""

MOST_FAULTS = 20
"""As many faults fit a screen."""

_KEY_AS_TEXT = re.compile(r"PRIVATE KEY|[\"']kty\\*[\"']")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault. `str()` is one line: path, value, rule, example."""

    path: str
    value: object
    rule: str
    example: str

    def __post_init__(self) -> None:
        """Take out what may be a private key, so that nothing that has the fault can show it."""
        before, mark, after = self.path.partition(f".{_KEYS}.")
        below = bool(mark) or self.path == _KEYS or self.path.endswith(f".{_KEYS}")
        object.__setattr__(self, "value", _shown_key(self.value) if below else _without_keys(self.value))
        parts = [part if part in _NAMES or part.isdecimal() else HIDDEN for part in after.split(".")] if mark else []
        object.__setattr__(self, "path", before + mark + ".".join(parts))

    def __str__(self) -> str:
        """Return `path: value; rule: ...; example: ...`."""
        shown = "missing" if self.value is MISSING else _text(self.value)
        if _KEY_AS_TEXT.search(shown):  # wherever somebody has put one by mistake
            shown = HIDDEN
        shown = _ends_of(shown)
        if isinstance(self.value, str):
            shown = HIDDEN if _SECRET_KEY.fullmatch(self.path.rpartition(".")[2]) else _USER.sub("...@", shown)
        if len(shown) > _SHOWN_CHARACTERS:
            half = (_SHOWN_CHARACTERS - 3) // 2  # a path is told apart by its end, most other values by their start
            shown = f"{shown[:half]}...{shown[-half:]}"
        return printable(f"{self.path}: {shown}; rule: {self.rule}; example: {self.example}")


def _ends_of(text: str) -> str:
    """A long text as far as anybody will see it: what looks for users and passwords takes the square of the length."""
    if len(text) <= 2 * _LOOKED_AT:
        return text
    head, tail = text[:_LOOKED_AT], text[-_LOOKED_AT:]
    return HIDDEN if "@" in text and not re.search(r"[\s\"']", head[_SHOWN_CHARACTERS:]) else f"{head}...{tail}"


def printable(text: str) -> str:
    """The text on one line: each character can be seen, or stands escaped, as `\\x1b` or `\\u202e`.

    Escaped are controls (C0, C1, NEL), separators of lines and paragraphs, marks of direction, spaces that are no
    plain space, halves of pairs, what no Unicode version knows, and what Unicode says to leave unseen.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() and not _UNSEEN.match(c) else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode()


def _shown_key(value: object) -> object:
    """What may be shown of a value that stands where keys do."""
    if value is MISSING or value in ({}, [], "", HIDDEN) or (isinstance(value, str) and _PLAIN.fullmatch(value)):
        return value
    return {"url": _shown_key(value["url"])} if isinstance(value, dict) and set(value) == {"url"} else HIDDEN


def _without_keys(value: object) -> object:
    """A value without the keys within it."""
    try:
        if isinstance(value, dict):
            if "kty" in value:
                return HIDDEN
            return {key: _shown_key(part) if key == _KEYS else _without_keys(part) for key, part in value.items()}
        return [_without_keys(part) for part in value] if isinstance(value, list) else value
    except RecursionError:
        return HIDDEN


def _text(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        return HIDDEN
    except TypeError:  # a key that is no text, such as a date
        return str(value)


class FaultsError(Exception):
    """What a user wrote cannot be used. `faults` are sorted by path; `str()` is the message."""

    def __init__(self, source: str, faults: Iterable[Fault]) -> None:
        """Keep the faults in order; `source` names the file or stack that they lie in."""
        self.source = source
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.path, str(fault))))
        count = len(self.faults)
        head = f"{source}: {count} fault{'' if count == 1 else 's'}, nothing was changed"
        super().__init__("\n".join([printable(head), *(f"  {fault}" for fault in self.faults)]))


def told(error: FaultsError, most: int | None, option: str = "--all") -> str:
    """The message of an error with `most` faults and a count of the others, which `option` shows; None is all."""
    left = 0 if most is None else len(error.faults) - most
    if left <= 0:
        return str(error)
    lines = str(error).splitlines()
    return "\n".join([*lines[: len(lines) - left], f"  and {left} more; {option} shows them"])
