"""The entry of an environment: from its settings to what Envoy decides by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import urlsplit

import pulumi

from components import naming
from components.entry import Entry, EntryArgs, KitchenPods, KitchenPodsArgs
from components.entry.doors import Way
from components.entry.envoy.routes import MODELS
from components.entry.plan import AUTHORITIES, EntryPlan, Grant, Issuer, Limits, Server
from components.entry.pods import CA_FILE, SCRIPTS, TLS_SECRET
from components.entry.rules import Reached
from infra.catalog import FETCH_IMAGE, Catalog
from infra.entry_settings import EntrySettings, Inputs
from infra.grants import Granted, Model, callers, granted, models
from infra.keys import camel
from infra.kitchen.context import Context
from infra.kitchen.doors import guards, mesh_labels, open_door, peers
from infra.kitchen.foundation import provisions
from infra.kitchen.ports import server_port
from infra.settings import Kitchen, Settings

PATHS = ("/v1/chat/completions", "/v1/completions")
"""What every kitchen serves."""


def entry(context: Context) -> Mapping[str, Any]:
    """Declare the entry where the settings state one; return its part of the stack's outputs."""
    settings = context.settings
    if settings.entry is None:
        return {}
    said, alone = settings.entry, uncalled(settings)
    if alone:
        pulumi.log.warn(f"models that nobody may call: {', '.join(alone)} (tenants.<name>.groups.caller, access)")
    made = [_pods(context, kitchen) for kitchen in settings.kitchens.values()]
    decided = plan(settings, context.catalog)
    args = EntryArgs(
        namespace=naming.entry_namespace(settings.environment),
        labels=context.shared_labels(),
        host=said.host,
        plan=decided,
        models=table(settings),
        reached=replace(_reached(settings), doors=peers(settings, context.platform)),
        images={"envoy": context.image(said.image), "check": context.image(FETCH_IMAGE)},
        scripts={name: context.payload[name] for name in SCRIPTS},
        platform=context.platform,
        replicas=said.replicas,
        issuer=said.tls.issuer,
        tls_secret=said.tls.secret or (None if said.tls.issuer else TLS_SECRET),
        ca_bundle=settings.object_store.ca_bundle,
        provisions=provisions(settings),
        pull_secrets=tuple(context.pull_secrets),
        protect=settings.protect,
        guards=guards(settings, decided.ports.callers),
        mesh_labels=mesh_labels(settings),
    )
    open_door(context, _way(args), Entry("entry", args, context.after(*made, *_tried(context))))
    return {
        "url": f"https://{said.host}/v1",
        "callers": {name: list(found) for name, found in callers(settings).items()},
    }


def _tried(context: Context) -> list[pulumi.Resource]:
    """Servers of kitchens and adapters that have a canary: nothing is sent to what has not been ready."""
    kitchens = context.settings.kitchens.values()
    named = [kitchen.name for kitchen in kitchens if kitchen.canary_of is not None or kitchen.adapter_canaries]
    return [context.services[name] for name in named if name in context.services]


def _way(args: EntryArgs) -> Way:
    """What a door has to know; the certificate that cert-manager makes has the name of the Service too."""
    return Way(
        namespace=args.namespace,
        host=args.host,
        tls_secret=args.tls_secret or TLS_SECRET,
        certified=args.host if args.issuer is None else f"entry.{args.namespace}.svc",
        body_kib=args.plan.body_kib,
        paths=sorted({MODELS, *(path for grant in args.plan.grants for path in grant.paths)}),
    )


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
    return EntryPlan(
        environment=settings.environment,
        issuers=[_issuer(said, index) for index in range(len(said.issuers))],
        grants=[_grant(settings, catalog, one) for one in granted(settings)],
        counter=said.counter,
        counter_closed=said.closed_without_counter,
        body_kib=said.body_kib,
        ca_file=AUTHORITIES if settings.object_store.ca_bundle is None else CA_FILE,
        proxies=said.door.proxies,
    )


def table(settings: Settings) -> dict[str, Any]:
    """The check's table: by public name the groups that may call it, and its kitchen's bounds."""
    groups = callers(settings)
    kitchens = settings.kitchens
    return {
        model.name: {"groups": list(groups[model.name]), "bounds": _bounds(kitchens[model.kitchen])}
        for model in models(settings)
    }


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
    )


def _grant(settings: Settings, catalog: Catalog, one: Granted) -> Grant:
    return Grant(
        name=one.name,
        model=one.model.name,
        groups=one.groups,
        paths=PATHS,
        servers=_servers(settings, catalog, settings.kitchens[one.model.kitchen], one.model),
        limits=Limits(**asdict(one.limits)),
        facts=_facts(settings, catalog, one.model),
    )


def _facts(settings: Settings, catalog: Catalog, model: Model) -> dict[str, object]:
    """What the record of a call says of a model: a canary may serve another version of an adapter."""
    facts: dict[str, object] = {"tenant": model.tenant}
    if model.adapter is None:
        return facts
    canary = settings.canary(model.kitchen)
    served = {model.kitchen: model.adapter}
    for ref in canary.adapters if canary is not None else ():
        if ref.split("/")[0] == model.name:
            served[str(canary and canary.name)] = ref
    return {**facts, "adapters": {kitchen: _with_sum(catalog, ref) for kitchen, ref in served.items()}}


def _with_sum(catalog: Catalog, ref: str) -> str:
    """An adapter's reference with the sum of its weights."""
    weights = [file.sha256 for file in catalog.adapters[ref].files if file.path.endswith(".safetensors")]
    return f"{ref}@sha256:{weights[0]}" if weights else ref


def _servers(settings: Settings, catalog: Catalog, kitchen: Kitchen, model: Model) -> Sequence[Server]:
    whole = _server(settings, catalog, kitchen, 100)
    shared = next((one for one in kitchen.adapter_canaries if model.adapter and one.name == model.name), None)
    if shared is not None and shared.weight > 0:
        other = replace(
            whole,
            name=f"{kitchen.name}/{shared.served_name}",
            weight=shared.weight,
            model=shared.served_name,
            facts={**whole.facts, "kitchen": kitchen.name, "adapter": _with_sum(catalog, shared.ref)},
        )
        return [*([replace(whole, weight=100 - shared.weight)] if shared.weight < 100 else []), other]
    canary = settings.canary(kitchen.name)
    if canary is None or canary.canary_weight == 0:
        return [whole]
    weight = canary.canary_weight
    return [_server(settings, catalog, kitchen, 100 - weight), _server(settings, catalog, canary, weight)]


def _server(settings: Settings, catalog: Catalog, kitchen: Kitchen, weight: int) -> Server:
    namespace = naming.namespace(kitchen.tenant, settings.environment)
    facts = {"baseModel": kitchen.base_model, "image": catalog.images[kitchen.runtime.image].digest}
    host = f"{naming.entry_pods_service(kitchen.name)}.{namespace}.svc.cluster.local"
    return Server(name=kitchen.name, host=host, port=server_port(kitchen), weight=weight, facts=facts)


def _pods(context: Context, kitchen: Kitchen) -> KitchenPods:
    args = KitchenPodsArgs(
        namespace=context.namespace(kitchen.tenant),
        kitchen=kitchen.name,
        port=server_port(kitchen),
        labels=context.labels(kitchen.tenant, kitchen.name),
    )
    return KitchenPods(kitchen.name, args, context.in_tenant(kitchen.tenant))


def _reached(settings: Settings) -> Reached:
    servers: dict[str, set[int]] = {}
    for kitchen in settings.kitchens.values():
        servers.setdefault(naming.namespace(kitchen.tenant, settings.environment), set()).add(server_port(kitchen))
    said = settings.entry.issuers if settings.entry is not None else ()
    urls = [urlsplit(one.jwks.url) for one in said if one.jwks.url is not None]
    ports = {url.port or (443 if url.scheme == "https" else 80) for url in urls}
    return Reached(servers={name: sorted(found) for name, found in servers.items()}, issuer_ports=sorted(ports))
