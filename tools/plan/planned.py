"""What a preview plans of one resource, reduced as soon as the engine tells of it: paths and sums, and no values.

A value that is a secret, that may be one, or that nobody knows before it is applied has a mark in place of its sum.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from components import restarts
from tools.engine.places import is_object

SECRET, UNKNOWN = "secret", "unknown"
"""Marks in place of a sum."""

_MASKED = "[secret]"
_COMPUTED = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""How the engine writes what is not known yet (Unknown...Value in sdk/go/common/resource/plugin/rpc.go)."""

_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key by which the engine marks a value that is no plain one: a secret, an asset, an output."""

_MAY_BE_SECRET = re.compile(r"(?i)(password|passwd|passphrase|secret_?key|api_?key|token|private_?key|credentials?)$")
_SECRET_KINDS = {"Secret": ("data", "stringData")}
_NO_PART = ("__provider", "kubeconfig")
"""Inputs that are not of the thing itself: a provider's own code, and where this machine reaches a cluster."""

_IMAGE = re.compile(r"(?:[a-z0-9.:_-]+/)+[a-z0-9._-]+@sha256:[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One resource that a program declares.

    `leaves` are sums of its values by their paths, with SECRET and UNKNOWN in place of what is hidden. `pods` are sums
    of the parts of its pods where it makes any, and `manner` how they restart. `images` are those that it names.
    """

    type: str
    name: str
    parent: str = ""
    namespace: str = ""
    called: str = ""
    protected: bool = False
    leaves: Mapping[str, str] = field(default_factory=dict)
    pods: Mapping[str, str] = field(default_factory=dict)
    manner: str = ""
    images: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The end of its type, such as `ConfigMap` or `S3Bucket`."""
        return self.type.rpartition(":")[2]

    @property
    def is_object(self) -> bool:
        """Whether it is something outside the state: neither a component, nor the stack, nor a provider."""
        return not self.type.startswith(("kitchen:", "pulumi:"))

    @property
    def title(self) -> str:
        """Return such as `ConfigMap sales-dev/summary-adapters`."""
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {place}{self.called or self.name}"

    def as_json(self) -> dict[str, Any]:
        """What `planned_from` reads."""
        return dict(vars(self))


def planned_from(data: Mapping[str, Any]) -> Planned:
    """The resource in what `as_json` made."""
    return Planned(**{**data, "images": tuple(data["images"])})


def planned(state: Mapping[str, Any], kind: str, urn: str) -> Planned:
    """Reduce a resource as the engine tells of it: `state` is the `old` or the `new` of an event."""
    inputs = state.get("inputs")
    inputs = inputs if isinstance(inputs, Mapping) else {}
    metadata = inputs.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    called = metadata.get("name") if is_object(kind) else inputs.get("bucket") if kind.endswith(":S3Bucket") else ""
    pods = _pods(kind, inputs)
    return Planned(
        type=kind,
        name=urn.rpartition("::")[2],
        parent=str(state.get("parent") or ""),
        namespace=str(metadata.get("namespace") or ""),
        called=str(called or ""),
        protected=bool(state.get("protect")),
        leaves=dict(_leaves(kind, inputs)),
        pods=pods,
        manner=restarts.manner(kind.rpartition(":")[2], inputs) if pods else "",
        images=tuple(sorted(set(_images(inputs)))),
    )


def _leaves(kind: str, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    hidden = _SECRET_KINDS.get(kind.rpartition(":")[2], ()) if is_object(kind) else ()
    for key, value in inputs.items():
        if key not in _NO_PART:
            yield from _walk(_joined("", key), value, hidden=key in hidden or may_be_secret(key))


def _walk(path: str, value: Any, *, hidden: bool) -> Iterator[tuple[str, str]]:
    """Sums by paths; an empty mapping or list is a value, so that it differs from none."""
    if isinstance(value, Mapping) and value and _SIGNATURE not in value:
        for key, part in value.items():
            yield from _walk(_joined(path, key), part, hidden=hidden or may_be_secret(key))
    elif isinstance(value, list) and value:
        for index, part in enumerate(value):
            yield from _walk(f"{path}[{index}]", part, hidden=hidden)
    elif isinstance(value, str) and value in _COMPUTED:
        yield path, UNKNOWN
    elif (
        (hidden and isinstance(value, str)) or value == _MASKED or (isinstance(value, Mapping) and _SIGNATURE in value)
    ):
        yield path, SECRET
    else:
        yield path, sum_of(value)


def _joined(path: str, key: str) -> str:
    """As the engine writes paths: `metadata.labels["app.kubernetes.io/name"]`."""
    if re.fullmatch(r"[A-Za-z_$][A-Za-z0-9_$-]*", key):
        return f"{path}.{key}" if path else key
    return f"{path}[{json.dumps(key, ensure_ascii=False)}]"


def may_be_secret(key: str) -> bool:
    """Whether a key, or the last part of a path, is called as secrets are."""
    return _MAY_BE_SECRET.search(key) is not None


def sum_of(value: Any) -> str:
    """What stands for a value that is no secret."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


def _pods(kind: str, inputs: Mapping[str, Any]) -> dict[str, str]:
    """Sums of the parts of an object's pods; nothing of an object that makes none that the program's hooks know."""
    return {name: sum_of(value) for name, value in restarts.parts(kind.rpartition(":")[2], inputs).items()}


def _images(value: Any) -> Iterator[str]:
    """Images by digest, wherever they stand."""
    if isinstance(value, Mapping):
        for part in value.values():
            yield from _images(part)
    elif isinstance(value, list):
        for part in value:
            yield from _images(part)
    elif isinstance(value, str) and "@sha256:" in value:
        yield from _IMAGE.findall(value)
