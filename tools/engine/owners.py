"""To whom a resource belongs: a kitchen, a tenant, a bucket. Read from the components that it lies in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tools.engine.change import Change

_WORDS = {
    "MultiLoraService": "kitchen",
    "LlmService": "kitchen",
    "VllmRuntime": "kitchen",
    "Tenant": "tenant",
    "TenantAccess": "tenant",
    "Bucket": "bucket",
    "BaseModelVolume": "base model",
    "BaseModelLoad": "base model",
    "Priority": "priority",
    "MinioServer": "object store",
    "KitchenRoute": "route",
    "WeightedRoute": "route",
    "KitchenMonitor": "monitor",
}
COUNTED = {
    "Tenant": "tenant",
    "MultiLoraService": "kitchen",
    "LlmService": "kitchen",
    "BaseModelLoad": "base model",
    "Bucket": "bucket",
}
"""Components that people count, and what they call one."""
_KITCHENS = [kind for kind, word in COUNTED.items() if word == "kitchen"]

Owner = tuple[str, str]
"""Word and name, such as `("kitchen", "support")`."""


def owners(changes: Iterable[Change]) -> dict[str, Owner]:
    """The owner of each resource by its URN: the outermost component around it, or itself where there is none."""
    known = {change.urn: change for change in changes}
    kitchens = {change.name for change in known.values() if change.kind in _KITCHENS}
    return {urn: _owner(change, known, kitchens) for urn, change in known.items()}


def _owner(change: Change, known: Mapping[str, Change], kitchens: set[str]) -> Owner:
    while (outer := known.get(change.parent)) is not None and outer.kind != "Stack":
        change = outer
    kind = change.type.rpartition(":")[2]
    if kind == "BucketAccess":  # of a kitchen, or of what else reads a bucket under its own name
        return ("kitchen" if change.name in kitchens else "key", change.name)
    return _WORDS.get(kind, kind), change.name
