"""Base models and adapters as a server names them, and what the catalog says about them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policies.judging.rule import Case
from policies.judging.values import UNKNOWN, JsonValue
from policies.judging.world import World
from policies.manifests.fields import at

SERVING = "serving.kserve.io"
NAME = r"[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?"
STORAGE_URI = re.compile(rf"pvc://(?P<claim>[a-z0-9][a-z0-9.-]*)/base/(?P<model>{NAME}/v[1-9][0-9]*)")
"""A version of a base model on a volume."""

ADAPTER_NAME = re.compile(NAME)
ADAPTER_VERSION = re.compile(r"v[0-9]{4}-[0-9]{2}-[0-9]{2}(?:\.[0-9]+)?")

ADAPTER_URI = re.compile(rf"pvc://[a-z0-9][a-z0-9.-]*/lora/(?P<name>{NAME})/(?P<version>{ADAPTER_VERSION.pattern})")
"""A version of an adapter on a volume."""


def base_model(case: Case) -> JsonValue:
    """`<name>/vN` of the base model of a KServe service; None where there is none, UNKNOWN where it is not known."""
    spec = case.subject.inputs.get("spec")
    found = at(spec, "predictor", "model", "storageUri") if case.subject.kind == "InferenceService" else None
    found = at(spec, "model", "uri") if case.subject.kind.startswith("LLMInferenceService") else found
    match = STORAGE_URI.fullmatch(found) if isinstance(found, str) else None
    return match["model"] if match else UNKNOWN if found is UNKNOWN else None


def states(world: World) -> tuple[str, ...]:
    """States of catalog entries that may run: in dev also candidates."""
    return ("approved", "candidate") if world.environment == "dev" else ("approved",)


def not_allowed(world: World, entry: object, what: str) -> str | None:
    """Say why a catalog's entry may not run, or None."""
    if not isinstance(entry, Mapping):
        return f"{what} is not in the catalog"
    if entry.get("state") not in states(world):
        return f"{what} is {entry.get('state')} in the catalog; {world.environment} runs {' and '.join(states(world))}"
    return None


def adapters_named(world: World, name: str) -> Iterator[Mapping[str, Any]]:
    """Catalog entries of every version of an adapter."""
    own, mark, version = name.rpartition("--")
    for ref, entry in world.adapters.items():
        found = ref.partition("/")[0] == name or (bool(mark) and ref == f"{own}/{version}")
        if found and isinstance(entry, Mapping):
            yield entry
