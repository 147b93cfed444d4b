"""Reads an environment's settings: schema first, then semantic rules; every fault is told at once."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.catalog import Catalog
from infra.documents import DocumentError, read
from infra.faults import Fault, FaultsError
from infra.rules import semantic_faults
from infra.settings import GpuPool, Kitchen, ObjectStore, Quota, Runtime, Settings, Storage, Tenant
from infra.validate import schema, schema_faults

NAMESPACE = "kitchen:"


def load_settings(data: Mapping[str, Any], catalog: Catalog, source: str = "settings") -> Settings:
    """Return the checked settings; raise FaultsError with every fault of schema and rules."""
    faults = schema_faults("settings", data)
    if faults:
        raise FaultsError(source, faults)
    settings = _settings(data)
    faults = semantic_faults(settings, catalog)
    if faults:
        raise FaultsError(source, faults)
    return settings


def settings_from_file(path: Path, catalog: Catalog) -> Settings:
    """Read a Pulumi.<stack>.yaml without the engine."""
    return load_settings(read_stack_file(path), catalog, path.name)


def read_stack_file(path: Path) -> dict[str, Any]:
    """Return the `kitchen:` keys of a stack file; raise FaultsError when it is not readable."""
    try:
        content = read(path)
    except DocumentError as error:
        fault = Fault(
            path="(file)",
            value=str(path),
            rule=f"must be a readable YAML file: {error}",
            example="Pulumi.dev.yaml",
        )
        raise FaultsError(path.name, [fault]) from error
    config = content.get("config", {}) if isinstance(content, dict) else None
    if not isinstance(config, dict):
        fault = Fault(path="config", value=config, rule="must be a mapping", example="config: {kitchen:phase: 3}")
        raise FaultsError(path.name, [fault])
    # The engine rewrites a stack file with its plain values as text: `phase: "3"` means what `phase: 3` does.
    return {
        (name := str(key).removeprefix(NAMESPACE)): _decode(name, value) if isinstance(value, str) else value
        for key, value in config.items()
        if str(key).startswith(NAMESPACE)
    }


def settings_from_engine(stack: str, catalog: Catalog) -> Settings:
    """Read the configuration that the engine hands to the program."""
    config: dict[str, str] = json.loads(os.environ.get("PULUMI_CONFIG") or "{}")
    data = {key: _decode(key, value) for name, value in config.items() if (key := name.removeprefix(NAMESPACE)) != name}
    return load_settings(data, catalog, f"Pulumi.{stack}.yaml")


def _decode(key: str, text: str) -> Any:
    """Values come as text, objects as JSON: read what the schema does not want as text."""
    kind = schema("settings")["properties"].get(key, {}).get("type")
    if kind == "string":
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _settings(data: Mapping[str, Any]) -> Settings:
    cluster = data["cluster"]
    return Settings(
        environment=data["environment"],
        phase=data["phase"],
        platform=data["platform"]["kind"],
        registry=data["registry"],
        cluster_identifier=cluster["identifier"],
        cluster_context=cluster.get("context"),
        gpu_pools={name: GpuPool(name=name, **_fields(pool)) for name, pool in data["gpuPools"].items()},
        object_store=_object_store(data["objectStore"]),
        storage=_storage(data["storage"]),
        tenants={name: _tenant(name, tenant) for name, tenant in data["tenants"].items()},
        kitchens={name: _kitchen(name, kitchen) for name, kitchen in data.get("kitchens", {}).items()},
        **{key: data[name] for key, name in (("protect", "protect"), ("render_to", "renderTo")) if name in data},
    )


def _object_store(data: Mapping[str, Any]) -> ObjectStore:
    rest = {key: value for key, value in data.items() if key != "tls"}
    return ObjectStore(**_fields(rest), ca_bundle=data.get("tls", {}).get("caBundle"))


def _storage(data: Mapping[str, Any]) -> Storage:
    rest = {key: value for key, value in data.items() if key != "source"}
    return Storage(**_fields(rest), source_claim=data.get("source", {}).get("claim"))


def _tenant(name: str, data: Mapping[str, Any]) -> Tenant:
    quota = Quota(**_fields(data["quota"]))
    held = tuple(data.get("baseModels", ()))
    return Tenant(name=name, owner=data["owner"], cost_centre=data["costCentre"], quota=quota, base_models=held)


def _kitchen(name: str, data: Mapping[str, Any]) -> Kitchen:
    rest = {key: value for key, value in data.items() if key not in ("runtime", "adapters")}
    return Kitchen(
        name=name,
        **_fields(rest),
        adapters=tuple(data.get("adapters", ())),
        runtime=Runtime(**_fields(data.get("runtime", {}))),
    )


def _fields(data: Mapping[str, Any]) -> dict[str, Any]:
    return {_snake(key): value for key, value in data.items()}


def _snake(key: str) -> str:
    """`memoryGiB` -> `memory_gib`, `maxLoraRank` -> `max_lora_rank`."""
    text = key.replace("GiB", "Gib")
    return "".join(f"_{character.lower()}" if character.isupper() else character for character in text)
