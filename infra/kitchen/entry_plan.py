"""What the entry decides by, out of the settings and the catalog: pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from components import naming
from components.accounts import by_cluster
from components.entry.counter import host
from components.entry.paths import PATHS
from components.entry.plan import AUTHORITIES, EntryPlan, Grant, Issuer, Limits, Server
from components.entry.pods import CA_FILE
from infra.adapter_refs import AdapterCanary
from infra.catalog import Catalog
from infra.entry_settings import EntrySettings, Inputs
from infra.grants import Granted, Model, callers, granted, models
from infra.keys import camel
from infra.kitchen.ports import server_port
from infra.settings import Kitchen, Settings
from infra.shares import Shares


def uncalled(settings: Settings) -> list[str]:
    """Models that are served for callers and have none; the base model below adapters need not be called itself."""
    groups = callers(settings)
    bare = {kitchen.name for kitchen in settings.kitchens.values() if not kitchen.adapters}
    return [
        model.name
        for model in models(settings)
        if not groups[model.name] and (model.adapter is not None or model.kitchen in bare)
    ]


def plan(settings: Settings, catalog: Catalog) -> EntryPlan:
    """What Envoy's configuration is made of; raise ValueError where the settings state no entry."""
    said = settings.entry
    if said is None:
        raise ValueError("entry: missing; rule: a plan is made of an entry; example: entry: {host: ai.kitchen.example}")
    shares = Shares(settings)
    return EntryPlan(
        environment=settings.environment,
        issuers=[_issuer(said, index) for index in range(len(said.issuers))],
        grants=[_grant(settings, catalog, one, shares) for one in granted(settings)],
        counter=said.counter,
        counter_host=host(naming.entry_namespace(settings.environment)) if said.counter == "shared" else None,
        counter_closed=said.closed_without_counter,
        body_kib=said.body_kib,
        ca_file=AUTHORITIES if settings.object_store.ca_bundle is None else CA_FILE,
        proxies=said.door.proxies,
    )


def table(settings: Settings) -> dict[str, Any]:
    """The check's table: by public name the groups and accounts that may call it, and its kitchen's bounds."""
    said = settings.entry.issuers if settings.entry is not None else ()
    clusters = {issuer.name: issuer.prefix for issuer in said if issuer.is_cluster}
    who, kitchens = callers(settings), settings.kitchens
    return {
        model.name: {**may_call(who[model.name], clusters), "bounds": _bounds(kitchens[model.kitchen])}
        for model in models(settings)
    }


def may_call(members: Iterable[str], clusters: Mapping[str, str]) -> dict[str, Any]:
    """Who may call a model, as the check's table has it; `clusters` are prefixes by the issuer's name."""
    groups, accounts = by_cluster(members, clusters)
    return {"groups": groups, **({"accounts": accounts} if accounts else {})}


def _bounds(kitchen: Kitchen) -> dict[str, Any]:
    said: Inputs = kitchen.inputs
    stated = {camel(key): value for key, value in asdict(said).items() if value is not None}
    return {"maxTokens": kitchen.runtime.max_model_len, **stated, "imageHosts": list(said.image_hosts)}


def _issuer(said: EntrySettings, index: int) -> Issuer:
    one = said.issuers[index]
    return Issuer(
        name=one.name,
        issuer=one.issuer,
        audience=one.audience,
        groups_claim=one.groups_claim,
        jwks=one.jwks.keys,
        jwks_url=one.jwks.url,
        kind=one.kind,
        prefix=one.prefix,
    )


def _grant(settings: Settings, catalog: Catalog, one: Granted, shares: Shares) -> Grant:
    return Grant(
        name=one.name,
        model=one.model.name,
        groups=one.groups,
        paths=PATHS[settings.kitchens[one.model.kitchen].task],
        servers=_servers(settings, catalog, settings.kitchens[one.model.kitchen], one.model, shares),
        tenant=one.tenant,
        limits=Limits(**asdict(one.limits)),
        facts={"tenant": one.tenant, **_facts(settings, catalog, one.model)},
    )


def _facts(settings: Settings, catalog: Catalog, model: Model) -> dict[str, object]:
    """What the record of a call says of a model, by the servers that it may go to: a canary has another version."""
    if model.adapter is None:
        return {}
    canary, kitchen = settings.canary(model.kitchen), settings.kitchens[model.kitchen]
    served = {model.kitchen: model.adapter}
    served |= {canary_server(kitchen, one): one.ref for one in kitchen.adapter_canaries if one.name == model.name}
    for ref in canary.adapters if canary is not None else ():
        if canary is not None and ref.split("/")[0] == model.name:
            served[canary.name] = ref
    sums = {name: weights for name, ref in served.items() if (weights := _weights(catalog, ref)) is not None}
    versions = {name: ref.split("/")[1] for name, ref in served.items()}
    return {"adapter": model.name, "adapters": served, "adapterSums": sums, "versions": versions}


def _weights(catalog: Catalog, ref: str) -> str | None:
    """The sum of an adapter's weights, as the catalog has it."""
    files = catalog.adapters[ref].files
    return next((file.sha256 for file in files if file.path.endswith(".safetensors")), None)


def canary_server(kitchen: Kitchen, canary: AdapterCanary) -> str:
    """What the entry calls a kitchen's servers where they answer by the canary of one adapter."""
    return f"{kitchen.name}/{canary.served_name}"


def _servers(settings: Settings, catalog: Catalog, kitchen: Kitchen, model: Model, shares: Shares) -> Sequence[Server]:
    whole = replace(_server(settings, catalog, kitchen, 100), shares=shares.of(kitchen))
    shared = next((one for one in kitchen.adapter_canaries if model.adapter and one.name == model.name), None)
    if shared is not None and shared.weight > 0:
        other = replace(
            whole,
            name=canary_server(kitchen, shared),
            weight=shared.weight,
            model=shared.served_name,
            facts={**whole.facts, "kitchen": kitchen.name},
        )
        return [*([replace(whole, weight=100 - shared.weight)] if shared.weight < 100 else []), other]
    canary = settings.canary(kitchen.name)
    if canary is None or canary.canary_weight == 0 or not _serves(canary, model):
        return [whole]
    weight, other = canary.canary_weight, _server(settings, catalog, canary, canary.canary_weight)
    return [replace(whole, weight=100 - weight), replace(other, shares=shares.of(kitchen, canary))]


def _serves(canary: Kitchen, model: Model) -> bool:
    """Whether a kitchen's canary has a model: its base model, or some version of the adapter."""
    return model.adapter is None or model.name in {ref.split("/")[0] for ref in canary.public_adapters}


def _server(settings: Settings, catalog: Catalog, kitchen: Kitchen, weight: int) -> Server:
    namespace = naming.namespace(kitchen.tenant, settings.environment)
    facts = {"baseModel": kitchen.base_model, "image": catalog.images[kitchen.runtime.image].digest}
    host = f"{naming.entry_pods_service(kitchen.name)}.{namespace}.svc.cluster.local"
    return Server(name=kitchen.name, host=host, port=server_port(kitchen), weight=weight, facts=facts)
