"""Reads an environment's settings: schema first, then semantic rules; every fault is told at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from components import naming
from infra.adapter_refs import canary_of, ref_of
from infra.catalog import Catalog
from infra.documents import DocumentError, read
from infra.entry_load import access, entry_settings, fair_share, inputs
from infra.entry_settings import RecordContents
from infra.faults import Fault, FaultsError
from infra.keys import fields as _fields
from infra.monitoring_settings import monitoring_settings
from infra.policy_settings import Exemption, Signer, StatedKind
from infra.price_settings import price_settings
from infra.rules import semantic_faults
from infra.runtime_load import runtime_settings
from infra.secret_settings import take_secrets
from infra.settings import (
    Autoscaling,
    Cluster,
    GatewayApi,
    GpuPool,
    Kitchen,
    ObjectStore,
    Priority,
    Quota,
    Routes,
    SecretText,
    Settings,
    Storage,
    StoreLimits,
    StoreNetwork,
    StoreServer,
    Tenant,
)
from infra.strict_json import JsonError, parse
from infra.validate import schema, schema_faults

NAMESPACE = "kitchen:"


def load_settings(data: Mapping[str, Any], catalog: Catalog, source: str = "settings") -> Settings:
    """Return the checked settings; raise FaultsError with every fault of schema and rules."""
    shown, secrets, faults = take_secrets(data)
    faults += schema_faults("settings", shown)
    if faults:
        raise FaultsError(source, faults)
    settings = _settings(shown, secrets)
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
    config: dict[str, str] = parse(os.environ.get("PULUMI_CONFIG") or "{}")
    secret: list[str] = parse(os.environ.get("PULUMI_CONFIG_SECRET_KEYS") or "[]")
    data = {
        key: SecretText(value=value) if name in secret else _decode(key, value)
        for name, value in config.items()
        if (key := name.removeprefix(NAMESPACE)) != name
    }
    return load_settings(data, catalog, f"Pulumi.{stack}.yaml")


def _decode(key: str, text: str) -> Any:
    """Values come as text, objects as JSON: read what the schema does not want as text."""
    kind = schema("settings")["properties"].get(key, {}).get("type")
    if kind == "string":
        return text
    try:
        return parse(text)
    except JsonError:
        return text


def _settings(data: Mapping[str, Any], secrets: Mapping[str, SecretText]) -> Settings:
    cluster = data["cluster"]
    return Settings(
        environment=data["environment"],
        phase=data["phase"],
        platform=_cluster(data["platform"]),
        registry=data["registry"],
        cluster_identifier=cluster["identifier"],
        cluster_context=cluster.get("context"),
        gpu_pools={name: GpuPool(name=name, **_fields(pool)) for name, pool in data["gpuPools"].items()},
        object_store=_object_store(data["objectStore"]),
        storage=_storage(data["storage"]),
        tenants={name: _tenant(name, tenant) for name, tenant in data["tenants"].items()},
        kitchens=_kitchens(data.get("kitchens", {})),
        groups=_groups(data),
        priority=Priority(**_fields(data.get("priority", {}))),
        registry_holds=tuple(data["registryHolds"]) if "registryHolds" in data else None,
        registry_credentials=secrets.get("registryCredentials"),
        entry=entry_settings(data["entry"]) if "entry" in data else None,
        prices=price_settings(data.get("prices", {})),
        monitoring=monitoring_settings(data.get("monitoring", {})),
        bundle_signatures=data.get("bundles", {}).get("signatures", 1),
        signers=tuple(_signer(entry) for entry in data.get("signers", ())),
        exemptions=tuple(Exemption(**entry) for entry in data.get("exemptions", ())),
        stated_kinds=tuple(StatedKind(**_fields(entry)) for entry in data.get("policy", {}).get("kinds", ())),
        **_platform(data["platform"]),
        **_fields({key: data[key] for key in ("protect", "pullSecret", "renderTo") if key in data}),
    )


def _signer(data: Mapping[str, Any]) -> Signer:
    signs = {"signs": tuple(data["signs"])} if "signs" in data else {}
    return Signer(**_fields({**data, **signs}))


def _object_store(data: Mapping[str, Any]) -> ObjectStore:
    rest = {key: value for key, value in data.items() if key not in ("tls", "network", "deploy", "limits")}
    rest |= {key: tuple(rest[key]) for key in ("abilities", "adopt") if key in rest}
    tls, network = data.get("tls", {}), dict(data.get("network", {}))
    network["cidrs"] = tuple(network.get("cidrs", ()))
    trust = {"ca_bundle": tls.get("caBundle"), "certificates": tls.get("certificates")}
    deploy = StoreServer(**_fields(data["deploy"])) if "deploy" in data else None
    limits = StoreLimits(**_fields(data.get("limits", {})))
    return ObjectStore(**_fields(rest), **trust, network=StoreNetwork(**network), limits=limits, deploy=deploy)


def _storage(data: Mapping[str, Any]) -> Storage:
    rest = {key: value for key, value in data.items() if key != "source"}
    return Storage(**_fields(rest), source_claim=data.get("source", {}).get("claim"))


def _cluster(data: Mapping[str, Any]) -> Cluster:
    routes = data.get("routes")
    return Cluster(
        kind=data["kind"],
        openshift_ai=data.get("openshiftAI", False),
        monitoring=data.get("monitoring", False),
        routes=routes and Routes(domain=routes["domain"], allowed_sources=tuple(routes.get("allowedSources", ()))),
    )


def _groups(data: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {role: tuple(members) for role, members in data.get("groups", {}).items()}


def _tenant(name: str, data: Mapping[str, Any]) -> Tenant:
    quota = Quota(**_fields(data["quota"]))
    return Tenant(
        name=name,
        owner=data["owner"],
        cost_centre=data["costCentre"],
        quota=quota,
        groups=_groups(data),
        base_models=tuple(data.get("baseModels", ())),
        record_contents=RecordContents(**_fields(data["recordContents"])) if "recordContents" in data else None,
    )


def _platform(data: Mapping[str, Any]) -> dict[str, Any]:
    plain = _fields({key: data[key] for key in ("keda", "prometheus", "llmInferenceService") if key in data})
    return plain | ({"gateway_api": GatewayApi(**data["gatewayApi"])} if "gatewayApi" in data else {})


def _kitchens(data: Mapping[str, Any]) -> dict[str, Kitchen]:
    """Kitchens and their canaries; a canary never takes the place of a kitchen that has its name."""
    kitchens = {name: _kitchen(name, kitchen) for name, kitchen in data.items()}
    for name, kitchen in data.items():
        if "canary" in kitchen:
            canary = _canary(name, kitchen)
            kitchens.setdefault(canary.name, canary)
    return kitchens


def _canary(name: str, data: Mapping[str, Any]) -> Kitchen:
    """What it does not say is as in its kitchen; its few pods are replaced one by one, so that no GPU is kept spare."""
    said = data["canary"]
    like = {key: data[key] for key in ("tenant", "baseModel", "task", "pool", "adapters", "api") if key in data}
    own = {"replicas": 1, "rollout": "replace", "runtime": {**data.get("runtime", {}), **said.get("runtime", {})}}
    own |= {key: said[key] for key in ("adapters", "replicas") if key in said}
    return replace(_kitchen(naming.canary(name), like | own), canary_of=name, canary_weight=said["weight"])


def _kitchen(name: str, data: Mapping[str, Any]) -> Kitchen:
    apart = ("runtime", "adapters", "canary", "autoscaling", "access", "inputs", "fairShare")
    rest = {key: value for key, value in data.items() if key not in apart}
    scaling = data.get("autoscaling")
    entries = data.get("adapters", ())
    canaries = tuple(canary for entry in entries if (canary := canary_of(entry)) is not None)
    return Kitchen(
        name=name,
        **_fields(rest),
        adapters=(*map(ref_of, entries), *(canary.ref for canary in canaries)),
        adapter_canaries=canaries,
        runtime=runtime_settings(data.get("runtime", {})),
        autoscaling=None if scaling is None else Autoscaling(**_fields(scaling)),
        access=access(data.get("access", ())),
        inputs=inputs(data.get("inputs", {})),
        fair_share=fair_share(data.get("fairShare", {})),
    )
