"""What happens to one resource, as the engine's event tells it: of its properties only the few that people ask for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tools.engine.places import fixed_sum, place_of

CREATE, UPDATE, DELETE, REPLACE, SAME = "create", "update", "delete", "replace", "same"
_REPLACING = ("create-replacement", "delete-replaced", "discard-replaced")
"""Steps of which a replacement is made; the engine tells of the whole as `replace`."""
_MANIFEST = "manifest.json"
"""Key of a ConfigMap under which a kitchen's list of adapters stands."""
_MODELS = "models.json"
"""Key of the entry's ConfigMap under which it is said who may call which model, and how much each tenant at once."""
HOLD_DATA = ("S3Bucket", "PersistentVolumeClaim", "PersistentVolume", "Namespace", "StatefulSet")
_LONGEST = 60
"""Characters of a value that is shown."""
_PART = re.compile(r"""\["([^"]*)"\]|\[(\d+)\]|([^.\[\]]+)""")

Callers = frozenset[tuple[str, str]]
"""Pairs of a model's public name and a group that may call it."""


Shares = Mapping[tuple[str, str], int]
"""Calls at once by what the entry calls the servers, and by tenant."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One resource and what happens to it: `operation` is the engine's word (create, update, delete, replace, same).

    `keys` are the properties that differ, `values` their short plain values before and after. `adapters` are those
    that a kitchen's list names, before and after, as `<name>/<version>`; None where there is no such list. `callers`
    are pairs of model and group of the entry's table, before and after; None where there is no such table. `shares` are
    the tenants' calls at once in that table. `place` finds the thing where it is, `fixed` is the sum of what cannot
    change of it (`places`), `protected` that it must not be deleted.
    """

    operation: str
    urn: str
    type: str
    parent: str = ""
    namespace: str = ""
    called: str = ""
    keys: tuple[str, ...] = ()
    values: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    adapters: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    callers: tuple[Callers, Callers] | None = None
    shares: tuple[Shares, Shares] = field(default_factory=lambda: ({}, {}))
    place: Mapping[str, str] = field(default_factory=dict)
    fixed: str = ""
    protected: bool = False

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.rpartition("::")[2]

    @property
    def kind(self) -> str:
        """The end of its type, such as `ConfigMap` or `S3Bucket`."""
        return self.type.rpartition(":")[2]

    @property
    def holds_data(self) -> bool:
        """Whether what people have stored goes with it."""
        return self.kind in HOLD_DATA

    @property
    def is_object(self) -> bool:
        """Whether it is something outside the state: neither a component, nor the stack, nor a provider."""
        return not self.type.startswith(("kitchen:", "pulumi:"))

    @property
    def head(self) -> str:
        """What comes before its name: `ConfigMap sales-dev/`, or `S3Bucket ` of what has no namespace."""
        return f"{self.kind} {self.namespace}/" if self.namespace else f"{self.kind} "

    def __str__(self) -> str:
        """Return such as `ConfigMap sales-dev/summary-adapters`."""
        return f"{self.head}{self.called or self.name}"


def change_of(body: Mapping[str, Any]) -> Change | None:
    """The change that an event tells of; None for a part of a replacement."""
    data = body["metadata"]
    if data["op"] in _REPLACING:
        return None
    before, after = _inputs(data.get("old")), _inputs(data.get("new"))
    kept = data.get("new") or data.get("old") or {}
    inputs = after or before
    metadata = inputs.get("metadata") if isinstance(inputs.get("metadata"), Mapping) else {}
    detailed: Mapping[str, Any] = data.get("detailedDiff") or {}
    keys: Sequence[str] = list(detailed) or data.get("diffs") or ()
    return Change(
        operation=str(data["op"]),
        urn=str(data["urn"]),
        type=str(data["type"]),
        parent=str(kept.get("parent") or ""),
        namespace=str((metadata or {}).get("namespace") or ""),
        called=str(
            (metadata or {}).get("name") or (inputs.get("bucket") if data["type"].endswith(":S3Bucket") else "")
        ),
        keys=tuple(sorted(keys)),
        values=_values(keys, before, after),
        adapters=_adapters(before, after),
        callers=_callers(before, after),
        shares=(_shares(before), _shares(after)),
        place=place_of(str(data["type"]), inputs),
        fixed=fixed_sum(str(data["type"]), inputs),
        protected=bool(kept.get("protect")),
    )


def _inputs(state: Mapping[str, Any] | None) -> Mapping[str, Any]:
    found = (state or {}).get("inputs") or {}
    return found if isinstance(found, Mapping) else {}


def _values(keys: Sequence[str], before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Plain values of keys that are there before and after and are short; a secret is hidden by the engine itself."""
    found = {}
    for key in keys:
        old, new = _at(before, key), _at(after, key)
        if old != new and _is_short(old) and _is_short(new):
            found[key] = (str(old), str(new))
    return found


def _is_short(value: object) -> bool:
    return isinstance(value, str | int | float) and len(str(value)) <= _LONGEST


def _at(inputs: Any, path: str) -> Any:
    for quoted, number, plain in _PART.findall(path):
        if number:
            inputs = inputs[int(number)] if isinstance(inputs, list) and int(number) < len(inputs) else None
        else:
            inputs = inputs.get(quoted or plain) if isinstance(inputs, Mapping) else None
    return inputs


def _adapters(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    old, new = _listed(before), _listed(after)
    return None if old is None and new is None else (old or (), new or ())


def _callers(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Callers, Callers] | None:
    old, new = _granted(before), _granted(after)
    return None if old is None and new is None else (old or frozenset(), new or frozenset())


def _table(inputs: Mapping[str, Any]) -> str | None:
    data = inputs.get("data")
    text = data.get(_MODELS) if isinstance(data, Mapping) else None
    return text if isinstance(text, str) else None


def _shares(inputs: Mapping[str, Any]) -> Shares:
    """Calls at once by servers and tenant; nothing where the object holds no table that can be read."""
    text = _table(inputs) or "{}"
    try:
        shares = json.loads(text).get("shares", {})
        return {(str(one), str(tenant)): int(most) for one, found in shares.items() for tenant, most in found.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _granted(inputs: Mapping[str, Any]) -> Callers | None:
    """Who may call which model; None where the object holds no table that can be read."""
    text = _table(inputs)
    if text is None:
        return None
    try:
        models = json.loads(text)["models"]
        return frozenset((str(name), str(group)) for name, entry in models.items() for group in entry["groups"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _listed(inputs: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Adapters of a list of them; None where the object holds none that can be read."""
    data = inputs.get("data")
    text = data.get(_MANIFEST) if isinstance(data, Mapping) else None
    if not isinstance(text, str):
        return None
    try:
        entries = json.loads(text)["adapters"]
        return tuple(f"{entry['name']}/{entry['version']}" for entry in entries)
    except (ValueError, KeyError, TypeError):
        return None
