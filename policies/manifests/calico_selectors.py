"""Calico's selectors: whether one narrows what it selects (Calico's documentation, NetworkPolicy, Selectors)."""

from __future__ import annotations

import re

from policies.judging.values import JsonValue
from policies.manifests.selectors import stands_on_everything

_WORD = r"[A-Za-z0-9_./-]+"
_VALUE = r"(?:'[^']+'|\"[^\"]+\")"
_NARROW = re.compile(rf"\s*({_WORD})\s*(?:==\s*{_VALUE}|in\s*\{{[^}}]+\}})\s*")
_TERM = re.compile(
    rf"\s*(?:all\(\)|global\(\)|!?has\({_WORD}\)|{_WORD}\s*!=\s*{_VALUE}|{_WORD}\s*not in\s*\{{[^}}]*\}})\s*"
)


def narrows(selector: JsonValue) -> bool:
    """Whether every way to meet the selector asks for a label with a value; what cannot be read does not narrow."""
    if not isinstance(selector, str) or not selector.strip():
        return False
    return all(_one_narrows(part) for part in selector.split("||"))


def _one_narrows(terms: str) -> bool:
    named = [(_NARROW.fullmatch(part), part) for part in terms.split("&&")]
    if not all(found or _TERM.fullmatch(part) for found, part in named):
        return False
    return any(found and not stands_on_everything(found[1]) for found, _ in named)
