"""Which values of fields may be shown: a look goes into logs, files and issues, and somebody may have typed a key.

Closed: a value is shown where its place holds no free text. Everything else is told by its path alone.
"""

from __future__ import annotations

import json
from typing import Any

from infra.faults import HIDDEN, printable
from policies.manifests.quantities import quantity
from tools.drift.fields import Field
from tools.drift.recorded import Entry
from tools.drift.values import MISSING

_OPEN = frozenset(
    {
        *("image", "rules", "subjects", "roleRef", "hard", "limits", "requests", "ingress", "egress", "policyTypes"),
        *("podSelector", "selector", "ports", "protocol", "port", "targetPort", "accessModes", "storageClassName"),
        *("minAvailable", "maxUnavailable", "type", "finalizers", "nodeSelector", "tolerations", "scaleMetric"),
        *("parentRefs", "hostnames", "backendRefs", "serviceAccountName", "runtime", "preemptionPolicy"),
    }
)
"""Keys below which Kubernetes and KServe take names, numbers and quantities; checked by their APIs."""

_GUARDS = "pod-security.kubernetes.io/"
"""Labels of a namespace that decide what its pods may do; their values are words of a list."""

_CLOSED = frozenset({"env", "args", "command", "data", "stringData", "binaryData", "annotations", "httpHeaders"})
"""Keys below which anybody writes anything; they win over those above them."""

_LONGEST, _BEFORE = 80, 20


def both(entry: Entry, field: Field) -> tuple[str | None, str | None]:
    """What is declared and what is there, as they may be shown; of long ones the part in which they differ."""
    declared, live = _whole(entry, field, field.declared), _whole(entry, field, field.live)
    if declared is None or live is None:
        return declared and _cut(declared), live and _cut(live)
    pairs = enumerate(zip(declared, live, strict=False))
    same = next((place for place, (one, other) in pairs if one != other), min(len(declared), len(live)))
    begin = same - _BEFORE if max(len(declared), len(live)) > _LONGEST else 0
    return _cut(declared, begin), _cut(live, begin)


def _cut(text: str, begin: int = 0) -> str:
    begin = max(begin, 0)
    part = text[begin : begin + _LONGEST]
    return f"{'...' * bool(begin)}{part}{'...' * (begin + _LONGEST < len(text))}"


def _whole(entry: Entry, field: Field, value: Any) -> str | None:
    if value is MISSING:
        return None
    if entry.kind.kind == "Secret":
        return HIDDEN
    if not _may(field, value):
        return HIDDEN
    if not isinstance(value, str):  # a server gives keys back in another order
        value = json.dumps(value, ensure_ascii=False, sort_keys=True, default=lambda _: HIDDEN)
    return printable(value)


def _may(field: Field, value: Any) -> bool:
    words = [part for part in field.path if isinstance(part, str)]
    if not _CLOSED.isdisjoint(words) or _has_closed(value):
        return False
    if isinstance(value, bool | int | float) or value is None:
        return True
    if isinstance(value, str) and quantity(value) is not None and len(value) <= 12:
        return words[-1:] != ["value"]
    return not _OPEN.isdisjoint(words) or any(word.startswith(_GUARDS) for word in words[-1:])


def _has_closed(value: Any) -> bool:
    if isinstance(value, dict):
        return not _CLOSED.isdisjoint(value) or any(map(_has_closed, value.values()))
    return isinstance(value, list) and any(map(_has_closed, value))
