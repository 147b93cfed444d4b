"""Expressions in manifests inside other objects: what a controller puts in their place is not known here."""

from __future__ import annotations

import re
from collections.abc import Callable

from policies.judging.subject import Subject, entries
from policies.judging.values import UNKNOWN, JsonValue

_TEMPLATES = "template.openshift.io"
_MARKS = re.compile(r"\{\{|\$\{|\$\((?:tt|params|context|workspaces)\.")
_PLAIN = ("command", "args", "env", "script", "data", "stringData", "annotations", "description")
"""Fields in which such marks are the container's own, or nothing that a rule allows."""

_TEXTS = ("data", "stringData", "binaryData")
"""Fields of texts, which are read as they stand: manifests in them hold the same marks."""


def processed(holder: Subject, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """A manifest of a holder with each text that is or has an expression not known; those of Lists have none."""
    if holder.kind == "List" or (holder.kind.endswith("List") and holder.group != _TEMPLATES):
        return value
    is_open = _parameters(holder) if holder.group == _TEMPLATES else marked
    found: dict[str, JsonValue] = _without(value, is_open, everywhere=holder.group == _TEMPLATES)
    return found


def _without(value: JsonValue, is_open: Callable[[str], bool], *, everywhere: bool) -> JsonValue:
    if isinstance(value, str):
        return UNKNOWN if is_open(value) else value
    if isinstance(value, list):
        return [_without(entry, is_open, everywhere=everywhere) for entry in value]
    if isinstance(value, dict):
        kept = _TEXTS if everywhere else _PLAIN
        return {
            key: entry if key in kept else _without(entry, is_open, everywhere=everywhere)
            for key, entry in value.items()
        }
    return value


def marked(text: str) -> bool:
    """Whether a text is or has an expression that a controller replaces."""
    return bool(_MARKS.search(text))


def _parameters(holder: Subject) -> Callable[[str], bool]:
    """Whether a text has a parameter of an OpenShift Template; `${X}` of no parameter stays as it is there."""
    names = [entry.get("name") for entry in entries(holder.inputs.get("parameters")) if isinstance(entry, dict)]
    marks = [mark for name in names if isinstance(name, str) for mark in (f"${{{name}}}", f"${{{{{name}}}}}")]
    if holder.inputs.get("parameters") is UNKNOWN or UNKNOWN in names:
        return marked
    return lambda text: any(mark in text for mark in marks)
