"""Whether a selector narrows what it selects: one that matches everything counts as everything, however it is spelt."""

from __future__ import annotations

from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import at
from policies.manifests.ownership import DOMAIN


def narrows(selector: JsonValue, *, domains: tuple[str, ...] = (DOMAIN,)) -> bool:
    """Whether a label selector leaves something out, as far as can be told.

    A label with a value, or one of some values, narrows. That a label is there (`Exists`) narrows only where it is one
    of this project's own, for others may stand on everything. That it is not there, or has none of some values, leaves
    hardly anything out: it never narrows. What is not known does not narrow either. `domains` are those of labels that
    do not stand on everything.
    """
    if selector is None or selector is UNKNOWN:
        return False
    labels = at(selector, "matchLabels")
    if labels is not UNKNOWN and any(isinstance(value, str) for value in mapping(labels).values()):
        return True
    return any(_is_narrow(entry, domains) for entry in entries(at(selector, "matchExpressions")))


def _is_narrow(expression: JsonValue, domains: tuple[str, ...]) -> bool:
    key, operator = at(expression, "key"), at(expression, "operator")
    if operator == "In":
        values = entries(at(expression, "values"))
        return bool(values) and all(isinstance(value, str) for value in values)
    return operator == "Exists" and isinstance(key, str) and key.partition("/")[0] in domains
