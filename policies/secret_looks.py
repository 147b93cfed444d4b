"""What looks like a secret: by its form, or by the name that it has."""

from __future__ import annotations

import functools
import math
import re
from collections import Counter

FORMS = {
    "an AWS access key": re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[0-9A-Z]{16}(?![A-Za-z0-9])"),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----"),
    "credentials of a registry": re.compile(r'"auth"\s*:\s*"[A-Za-z0-9+/=]{8,}"'),
    "a JSON web token": re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    "an access token": re.compile(r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{30,}|glpat-[\w-]{20,}|hf_[A-Za-z]{30,})"),
    "a password in an address": re.compile(r"[a-z][a-z0-9+.-]*://[^\s/:@]+:[^\s/@$]+@"),
}
"""Texts that are secrets whatever they are called."""

_NAMES = re.compile(
    r"(?:^|[^a-z])(?:password|passwd|passphrase|secret|secret[_-]?key|secret[_-]?access[_-]?key|access[_-]?key|api[_-]?key"
    r"|private[_-]?key|auth[_-]?token|access[_-]?token|bearer[_-]?token|token|credentials?|client[_-]?secret)$"
)
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LINE = re.compile(
    r"(?m)^[ \t]*[\"']?(?P<name>[A-Za-z][\w.-]{2,60})[\"']?[ \t]*[:=][ \t]*[\"']?(?P<value>[^\s\"',;]{6,})"
)
_REFERENCE = re.compile(r"\$[({]|<|\{\{|true$|false$|null$|none$|/", re.IGNORECASE)
_RANDOM = re.compile(r"[A-Za-z0-9/+=]{40}")
_ENTROPY = 4.2
"""Bits a character; 40 characters of English words without spaces have about 3.7."""

_SHORTEST = len("a://b:c@")
"""No text of one of the forms is shorter."""

_WELL_KNOWN = {"minioadmin", "minio123", "changeme", "password", "admin", "secret", "test1234", "minio"}
CODE = (".py", ".sh", ".js", ".lua", ".jinja", ".pem", ".crt")
"""Ends of a file's name that say that its lines are no settings."""


@functools.lru_cache(maxsize=4096)
def form_of(text: str) -> str | None:
    """What kind of secret a text is by its form, or None."""
    if len(text) < _SHORTEST:
        return None
    for name, pattern in FORMS.items():
        if pattern.search(text):
            return name
    return "a random text of the form of a secret key" if _is_random_key(text) else None


@functools.lru_cache(maxsize=4096)
def names_a_secret(name: str) -> bool:
    """Whether a field, variable or flag of this name holds a secret itself, not a reference to one."""
    return _NAMES.search(_HUMPS.sub("_", name.strip("-")).lower()) is not None


def is_reference(text: str) -> bool:
    """Whether a value under such a name is no secret: empty, a switch, a variable, a path."""
    return not text or _REFERENCE.match(text) is not None


def lines_with_secrets(text: str) -> list[str]:
    """Names of settings in a file's text that hold a secret."""
    return [
        match["name"]
        for match in _LINE.finditer(text)
        if names_a_secret(match["name"]) and not is_reference(match["value"])
    ]


def is_well_known(text: str) -> bool:
    """Whether everybody knows this password."""
    return text.strip().lower() in _WELL_KNOWN


def _is_random_key(text: str) -> bool:
    whole = text.strip()
    classes = (str.isupper, str.islower, str.isdigit)
    if not _RANDOM.fullmatch(whole) or not all(any(map(kind, whole)) for kind in classes):
        return False
    counts = Counter(whole).values()
    return -sum(count / 40 * math.log2(count / 40) for count in counts) >= _ENTROPY
