"""Texts that are no manifests: the settings and the catalog that the pack is given, and JSON within other texts.

YAML is read by the rules of manifests. The house's own reader refuses what it would read otherwise, and a test holds
the two to that.
"""

from __future__ import annotations

import json

from policies.reading.errors import ReadingError
from policies.reading.json_text import NoJsonError, read_json, space
from policies.reading.yaml_text import JsonValue, read_yaml

_BOM = "\ufeff"


def yaml_document(text: str) -> JsonValue:
    """The value of the only document of a text, None for a text without one; raise ValueError with line and rule."""
    try:
        value, _, refused = read_yaml(text.removeprefix(_BOM))
    except ReadingError as error:
        raise ValueError(f"line {error.line}: {error.text}") from None
    if refused is not None:
        raise ValueError(f"line {refused.line}: {refused.text}")
    return value


def json_document(text: str) -> JsonValue:
    """The value of a JSON text, each key once, all numbers finite; raise ValueError. A byte order mark may be first."""
    text = text.removeprefix(_BOM)
    try:
        value, end, refused = read_json(text, space(text, 0), 1)
    except NoJsonError as error:
        raise ValueError(f"is no JSON: {error}") from None
    except ReadingError as error:
        raise ValueError(error.text) from None
    if refused is not None:
        raise ValueError(refused.text)
    if space(text, end) != len(text):
        raise ValueError(f"is no JSON: more than one value, at character {end}")
    return value


def json_of_python(text: str) -> JsonValue:
    """A JSON text as programs in Python read it, vLLM above all: of two equal keys the last one; raise ValueError."""
    try:
        value: JsonValue = json.loads(text)
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    return value
