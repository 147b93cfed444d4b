"""Whether a live value says what was declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policies.manifests.quantities import quantity

MISSING = object()
"""Stands for a value that is not there."""

_FILLED_IN: Mapping[str, tuple[Any, ...]] = {
    "protocol": ("TCP",),
    "apiGroup": ("", "rbac.authorization.k8s.io"),
    "group": ("", "gateway.networking.k8s.io"),
    "kind": ("Gateway", "Service"),
    "weight": (1,),
    "name": ("",),
    "resources": ({},),
}
"""What API servers fill in where an item of a list does not say it: a port, a subject, a route, a reference."""


def same(declared: Any, live: Any, *, whole: bool = False) -> bool:
    """Whether they say the same: quantities by their size, and maps by what was declared in them.

    With `whole` a map may hold nothing else but what the server fills in. A list that another has set is his as a
    whole: one more key in an item of it, such as `endPort`, is his too.
    """
    if isinstance(declared, Mapping) and isinstance(live, Mapping):
        more = {key: value for key, value in live.items() if declared.get(key) is None and value is not None}
        if whole and any(value not in _FILLED_IN.get(key, ()) for key, value in more.items()):
            return False
        said = {key: value for key, value in declared.items() if value is not None}
        return all(same(value, live.get(key, MISSING), whole=whole) for key, value in said.items())
    if isinstance(declared, list) and isinstance(live, list):
        pairs = zip(declared, live, strict=False)
        return len(declared) == len(live) and all(same(one, other, whole=whole) for one, other in pairs)
    if declared == live:
        return True
    size = quantity(declared)
    return size is not None and size == quantity(live)
