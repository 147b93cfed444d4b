"""What looks like a secret: by its form, or by the name that it has."""

from __future__ import annotations

import base64
import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

FORMS = {
    "an AWS access key": re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[0-9A-Z]{16}(?![A-Za-z0-9])"),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    "credentials of a registry": re.compile(r'"auth"\s*:\s*"[A-Za-z0-9+/=]{8,}"'),
    "a JSON web token": re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    "an access token": re.compile(
        r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{22,}|glpat-[\w-]{20,}|hf_[A-Za-z]{30,}"
        r"|xox[abeprs]-[A-Za-z0-9-]{10,}|sk-(?=[A-Za-z_-]{0,60}[0-9])[\w-]{20,}|AIza[\w-]{35}|nvapi-[\w-]{32,}"
        r"|npm_[A-Za-z0-9]{36})"
    ),
    "a password in an address": re.compile(r"[a-z][a-z0-9+.-]{0,30}://[^\s/:@]*:(?![$<{])[^\s/@]+@"),
    "a header that authorizes": re.compile(
        r"(?i)\bauthorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic)\s+[\w.~+/=-]{8}"
    ),
    "a password that everybody knows": re.compile(r"(?<![\w./-])minioadmin(?![\w./-])"),
}
"""Texts that are secrets whatever they are called. No part of a pattern runs over a whole text, which may be long."""

_NAMES = re.compile(
    r"(?:password|passwd|passphrase|(?:^|[^a-z])(?:pass|pwd|secret|secret[_-]?access[_-]?key|access[_-]?key|api[_-]?key"
    r"|(?:secret|private|encryption|signing|master)[_-]?key|secret[_-]?key[_-]?base|(?:auth|access|bearer)[_-]?token"
    r"|token|credentials?))[_-]?[0-9]*$"
)
_NAMES_AN_OBJECT = re.compile(
    r"(?:existing|pull|password|tls|ca|cert|certificate|credentials?|creds|token|key|auth)[_-]?secret$"
)
"""Fields that hold the name of a Secret, as charts and operators call them."""

_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LINE = re.compile(
    r"(?m)(?:^[ \t]*(?:- +|export +)?|[{,][ \t]*(?=[^=:]{1,70}:))"
    r"[\"']?(?P<name>[A-Za-z][\w.-]{2,60})[\"']?[ \t]*[:=][ \t]*[\"']?(?P<value>[^\s\"',;]{4,})"
)
_ELEMENT = re.compile(r"<(?P<name>[A-Za-z][\w.-]{2,60})>(?P<value>[^<\s]{4,})</")
_REFERENCE = re.compile(
    r"\$[({]|\$[a-z_][\w.:-]*$|\$[0-9@*]$|<|\{\{|!(?:ref|vault|secret|env)\b|[a-z_][\w.]*\(|ENC\[|(?:env|file|vault|k8s):"
    r"|true$|false$|yes$|no$|null$|none$|/",
    re.IGNORECASE,
)
"""Variables, templates, tags of YAML, calls, what SOPS has encrypted, where the value lies, switches, paths."""

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
    for name, pattern in FORMS.items():
        if pattern.search(text):
            return name
    # In a file of many lines, such as a certificate, a line may have this form by chance.
    words = [] if "\n" in text.strip() else _GAPS.split(text)
    return "a random text of the form of a secret key" if any(map(_is_random_key, words)) else None


def decoded(text: str) -> str:
    """What a text says in base64; empty where it is no base64 or says no text."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:  # also of a text that is not ASCII
        return ""


@lru_cache(maxsize=4096)
def names_a_secret(name: str) -> bool:
    """Whether a field, variable or flag of this name holds a secret itself, not a reference to one."""
    words = _HUMPS.sub("_", name.strip("-")).lower()
    return _NAMES.search(words) is not None and _NAMES_AN_OBJECT.search(words) is None


def is_reference(text: str) -> bool:
    """Whether a value under such a name is no secret: empty, a switch, a variable, a path."""
    return not text or _REFERENCE.match(text) is not None


def lines_with_secrets(text: str) -> list[str]:
    """Names of settings in a file's text that hold a secret."""
    return [name for name, value in _settings(text) if _is_secret(name, value)]


def _settings(text: str) -> Iterator[tuple[str, str]]:
    for pattern in (_LINE, _ELEMENT):
        for match in pattern.finditer(text):
            yield match["name"], match["value"]


def _is_secret(name: str, value: str) -> bool:
    if _is_random_key(value):
        return True
    said = len(value) >= _SHORTEST_VALUE or is_well_known(value)
    return said and names_a_secret(name) and not is_reference(value)


def is_well_known(text: str) -> bool:
    """Whether everybody knows this password."""
    return text.strip().lower() in _WELL_KNOWN


def _is_random_key(text: str) -> bool:
    classes = (str.isupper, str.islower, str.isdigit)
    if not _RANDOM.fullmatch(text) or not all(any(map(kind, text)) for kind in classes):
        return False
    counts = Counter(text).values()
    return -sum(count / 40 * math.log2(count / 40) for count in counts) >= _ENTROPY
