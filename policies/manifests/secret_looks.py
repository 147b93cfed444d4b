"""What looks like a secret: in a word or a file, by its form or by the name that it has, also in base64."""

from __future__ import annotations

import base64
import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from policies.manifests.secret_forms import form, given_to_a_command
from policies.manifests.secret_names import is_reference_in_a_line, is_secret

_LINE = re.compile(
    r"(?m)(?:^[ \t]*(?:- +|export +)?|[{,][ \t]*(?=[^=:]{1,70}:))"
    r"[\"']?(?P<name>[A-Za-z][\w.-]{2,60})[\"']?[ \t]*[:=][ \t]*[\"']?(?P<value>[^\s\"',;]{4,})"
)
_ELEMENT = re.compile(r"<(?P<name>[A-Za-z][\w.-]{2,60})>(?P<value>[^<\s]{4,})</")
_PAIR = re.compile(
    r"\bname:[ \t]*[\"']?(?P<name>[A-Za-z][\w.-]{2,60})[\"']?[ \t]*\n[ \t]*value:[ \t]*[\"']?(?P<value>[^\s\"',;]{4,})"
)
_ATTRIBUTES = re.compile(r"\b(?:name|key)=\"(?P<name>[A-Za-z][\w.-]{2,60})\"\s{1,9}value=\"(?P<value>[^\s\"]{4,})\"")
_CALL = re.compile(
    r"\b(?:define|putenv|setenv|setProperty|put|set)\(\s{0,9}[\"'](?P<name>[A-Za-z][\w.-]{2,60})[\"']\s{0,9},\s{0,9}"
    r"[\"'](?P<value>[^\s\"']{4,})[\"']"
)
_FORMS_OF_SETTINGS = ((_LINE, ""), (_ELEMENT, "</"), (_PAIR, "value:"), (_ATTRIBUTES, "value="), (_CALL, "("))
"""How files write a name and its value, each with a part that such a text has: lines, elements and attributes of XML,
the pairs of Kubernetes, calls."""

_RANDOM = re.compile(r"[A-Za-z0-9/+=]{40}")
_ENTROPY = 4.5
"""Bits a character; of 100 random texts of 40 characters 99 have more, long names in camel case less."""

_SHORTEST = len("a://:c@")
"""No text of one of the forms is shorter."""

_WORD = 200
"""Most characters of a name, label or word of a command. Files come again, too: of them, a few are remembered."""

_CODED = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{20,}={0,2}(?![A-Za-z0-9+/=])")
_GAPS = re.compile(r"[\s\"'=:,;@]+")
_SHORTEST_VALUE = 6

_WELL_KNOWN = {"minioadmin", "minio123", "changeme", "password", "admin", "secret", "test1234", "minio"}
CODE = (".py", ".js", ".lua", ".jinja", ".pem", ".crt")
"""Ends of a file's name that say that its lines are no settings."""


def form_of(text: str) -> str | None:
    """What kind of secret a text holds by its form, also in base64, or None."""
    if len(text) < _SHORTEST:
        return None
    return _of_word(text) if len(text) <= _WORD else _of_file(text)


def _found(text: str) -> str | None:
    found = _form(text)
    if found:
        return found
    for run in _CODED.findall(text):
        form = _form(decoded(run))
        if form:
            return f"{form} in base64"
    return None


_of_word, _of_file = lru_cache(maxsize=4096)(_found), lru_cache(maxsize=32)(_found)


def _form(text: str) -> str | None:
    found = form(text) or given_to_a_command(text)
    if found:
        return found
    # In a file of many lines, such as a certificate, a line may have this form by chance.
    words = [] if "\n" in text.strip() else _GAPS.split(text)
    return "a random text of the form of a secret key" if any(map(_is_random_key, words)) else None


def decoded(text: str) -> str:
    """What a text says in base64; empty where it is no base64 or says no text."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:  # also of a text that is not ASCII
        return ""


def lines_with_secrets(text: str) -> list[str]:
    """Names of settings in a file's text that hold a secret."""
    # A class of the secrets store driver says by this name which field of a secret it takes.
    given = ("secretKey",) if "objectName" in text else ()
    return [name for name, value, rest in _settings(text) if name not in given and _is_secret(name, value, rest)]


def _settings(text: str) -> Iterator[tuple[str, str, str]]:
    for pattern, part in _FORMS_OF_SETTINGS:
        for match in pattern.finditer(text) if part in text else ():
            end = text.find("\n", match.start("value"))
            yield match["name"], match["value"], text[match.start("value") : end if end >= 0 else len(text)]


def _is_secret(name: str, value: str, rest: str) -> bool:
    if _is_random_key(value):
        return True
    said = len(value) >= _SHORTEST_VALUE or is_well_known(value)
    # A short number is a row of a vocabulary, a port, a count.
    if not said or is_reference_in_a_line(value, rest) or (value.isdecimal() and len(value) <= _SHORTEST_VALUE):
        return False
    return is_secret(name, value)


def is_well_known(text: str) -> bool:
    """Whether everybody knows this password."""
    return text.strip().lower() in _WELL_KNOWN


def _is_random_key(text: str) -> bool:
    classes = (str.isupper, str.islower, str.isdigit)
    if not _RANDOM.fullmatch(text) or not all(any(map(kind, text)) for kind in classes):
        return False
    counts = Counter(text).values()
    return -sum(count / 40 * math.log2(count / 40) for count in counts) >= _ENTROPY
