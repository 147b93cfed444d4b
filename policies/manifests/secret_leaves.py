"""Secrets in files by what the files say, not by their lines: YAML, JSON, TOML, properties, XML, programs, binaries."""

from __future__ import annotations

import base64
import re
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from policies.manifests.secret_looks import is_well_known
from policies.manifests.secret_names import is_reference, is_secret
from policies.reading.own import json_of_python
from policies.reading.stream import read_stream

_NEXT_LINE = re.compile(
    r"(?im)^[ \t-]*[\"']?[\w.-]{0,60}?(?:pass|pwd|pw|secret|token|key|credential|auth)[\w.-]{0,20}[\"']?[ \t]*:[ \t]*"
    r"(?:[|>][-+0-9]*|&\w+|!!?\w+)?[ \t]*$"
)
"""A name in YAML whose value is not on its line: only such a file is worth the time to be read whole."""

_MANY_LINES = re.compile(r"=\s{0,9}(?:\"{3}|'{3})")
_LITERAL = re.compile(
    r"(?P<name>[A-Za-z][\w.-]{1,60})[\"']?\s{0,9}[:=]\s{0,9}(?P<quote>[\"'])(?P<value>[^\s\"']{6,200})(?P=quote)"
)
_XML = (
    re.compile(r"\s(?P<name>[A-Za-z][\w.-]{2,60})\s?=\s?[\"'](?P<value>[^\s\"'<]{4,})[\"']"),
    re.compile(
        r"<name>\s{0,9}(?P<name>[\w.-]{3,80})\s{0,9}</name>\s{0,20}<value>\s{0,9}(?P<value>[^\s<]{4,})\s{0,9}</"
    ),
    re.compile(r"\b(?:name|key)=[\"'](?P<name>[\w.-]{3,80})[\"'][^<>]{0,100}>\s{0,20}(?P<value>[^\s<]{4,})\s{0,20}</"),
)
_PROPERTY = re.compile(r"(?P<name>(?:[\w.-]|\\u[0-9a-fA-F]{4}){2,80})[ \t]*[ \t=:][ \t]*(?P<value>[^\s=:].*)")
_LARGEST = 200_000
"""Most characters of a file that is read whole."""

_SHORTEST = 6
_WORDS = re.compile(r"[A-Za-z]+(?:[-_./:][A-Za-z]+)*")
_DEEPEST = 50
_DER_KEY = re.compile(rb"\x30(?:\x82..|\x81.|\x83...|[\x00-\x7f])\x02\x01[\x00\x01\x03]", re.DOTALL)
"""A sequence that begins with the version of a private key, or of PKCS#12; a certificate begins with a sequence."""

_STORES = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce", b"openssh-key-v1")


@lru_cache(maxsize=64)
def leaves_with_secrets(name: str, text: str) -> tuple[str, ...]:
    """Names of settings in a file, called `name`, that hold a secret where no single line says it."""
    if len(text) > _LARGEST:
        return ()
    return tuple(key for key, value in _leaves(name, text) if _holds(key, value))


def literals_with_secrets(text: str) -> tuple[str, ...]:
    """Names that a program gives a text in quotes that is a secret."""
    found = ((match["name"], match["value"]) for match in _LITERAL.finditer(text[:_LARGEST]))
    # Words are names of fields, files and variables: programs hand them around.
    return tuple(dict.fromkeys(name for name, value in found if not _WORDS.fullmatch(value) and _holds(name, value)))


def binary_fault(text: str) -> str | None:
    """Why what stands in base64 may be a key, or None; its first bytes tell."""
    try:
        data = base64.b64decode(text, validate=False)
    except ValueError:
        return None
    return (
        "is a private key, or a store of keys (not shown)" if _DER_KEY.match(data) or data.startswith(_STORES) else None
    )


def _holds(name: str, value: str) -> bool:
    said = value.strip()
    if (len(said) < _SHORTEST and not is_well_known(said)) or said.isdecimal() or is_reference(said):
        return False
    return " " not in said and is_secret(name, said)


def _leaves(name: str, text: str) -> Iterator[tuple[str, str]]:
    start = text.lstrip()[:1]
    if start == "<":
        for pattern in _XML:
            yield from ((match["name"], match["value"]) for match in pattern.finditer(text))
    elif start in ("{", "["):
        yield from _below(_read(json_of_python, text), "")
        yield from _below(_read(tomllib.loads, text) if _MANY_LINES.search(text) else None, "")
    elif name.endswith(".properties"):
        yield from _properties(text)
    elif _MANY_LINES.search(text):
        yield from _below(_read(tomllib.loads, text), "")
    elif _NEXT_LINE.search(text):
        yield from _below(_read(_documents, text), "")


def _documents(text: str) -> list[object]:
    return [read.value for read in read_stream(text)]


def _properties(text: str) -> Iterator[tuple[str, str]]:
    for line in re.sub(r"\\\r?\n[ \t]*", "", text).splitlines():
        match = _PROPERTY.match(line.strip())
        if match and not line.lstrip().startswith(("#", "!")):
            yield _unescaped(match["name"]), _unescaped(match["value"])


def _unescaped(text: str) -> str:
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)


def _read(reader: Any, text: str) -> object:
    try:
        return reader(text)
    except (ValueError, RecursionError):
        return None


def _below(value: object, name: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and depth < _DEEPEST:
        for key, entry in value.items():
            yield from _below(entry, str(key), depth + 1)
    elif isinstance(value, list) and depth < _DEEPEST:
        for entry in value:
            yield from _below(entry, name, depth + 1)
    elif isinstance(value, str) and name:
        yield name, value
