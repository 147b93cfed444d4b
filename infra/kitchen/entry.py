"""The entry of an environment: from its settings to what Envoy decides by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pulumi

from components import naming
from components.content import sha256_of
from components.entry import Entry, EntryArgs, KitchenPods, KitchenPodsArgs
from components.entry.contents_recorder import SCRIPTS as CONTENTS_SCRIPTS
from components.entry.counter import Counter, CounterArgs
from components.entry.doors import Way
from components.entry.envoy.shares import at_once_by_tenant
from components.entry.paths import MODELS
from components.entry.pods import SCRIPTS, TLS_SECRET
from components.entry.rules import Reached
from components.entry.shipper import CONTENTS, PREFIX, Shipping
from components.entry.shipper import SCRIPTS as RECORD_SCRIPTS
from components.facts import ENTRY_PODS
from components.object_store import BucketAccess, BucketAccessArgs
from infra.catalog import FETCH_IMAGE
from infra.entry_settings import COUNTER_IMAGES
from infra.grants import callers, unknown
from infra.kitchen.contents import approved, told, utc_today
from infra.kitchen.context import Context
from infra.kitchen.doors import guards, mesh_labels, open_door, peers
from infra.kitchen.entry_plan import plan, table, uncalled
from infra.kitchen.foundation import provisions, store_address
from infra.kitchen.ports import server_port
from infra.kitchen.store import writer
from infra.settings import Kitchen, Settings

_BASE_MODELS = 2
"""Phase from which on there is something to call."""

_BUCKET, _WRITER = "audit", "record-writer"


def entry(context: Context) -> Mapping[str, Any]:
    """Declare the entry where the settings state one; return its part of the stack's outputs."""
    settings = context.settings
    if settings.entry is None or settings.phase < _BASE_MODELS:
        return {}
    said, alone = settings.entry, uncalled(settings)
    if alone:
        pulumi.log.warn(f"models that nobody may call: {', '.join(alone)} (tenants.<name>.groups.caller, access)")
    if strangers := unknown(settings):
        pulumi.log.warn(f"callers that the entry cannot know, no issuer is of kind kubernetes: {', '.join(strangers)}")
    for line in told(settings, utc_today()):
        pulumi.log.warn(line)
    contents = approved(settings, utc_today())
    made: list[pulumi.Resource] = [_pods(context, kitchen) for kitchen in settings.kitchens.values()]
    decided = replace(plan(settings, context.catalog), contents=sorted(contents))
    namespace = naming.entry_namespace(settings.environment)
    args = EntryArgs(
        namespace=namespace,
        labels=context.shared_labels(),
        host=said.host,
        plan=decided,
        models=table(settings),
        reached=replace(_reached(settings), doors=peers(settings, context.platform)),
        images={"envoy": context.image(said.image), "check": context.image(FETCH_IMAGE)},
        scripts={name: context.payload[name] for name in (*SCRIPTS, *(CONTENTS_SCRIPTS if contents else ()))},
        contents=contents,
        platform=context.platform,
        shipping=_shipping(context),
        record_scripts={name: context.payload[name] for name in RECORD_SCRIPTS},
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
    way_in = Entry("entry", args, context.after(*made, *_tried(context)))
    inside = context.after(way_in.namespace_object)
    context.apart.append(way_in.namespace_object)
    BucketAccess(
        "record", _writer(context, contents=bool(contents)), context.after(way_in.namespace_object, *_audit(context))
    )
    if said.counter == "shared":
        Counter("entry", _counter(context, args), inside)
    open_door(context, _way(args), way_in)
    return {
        "url": f"https://{said.host}/v1",
        "callers": {name: list(found) for name, found in callers(settings).items()},
        **({"callsAtOnce": parts} if (parts := at_once_by_tenant(decided, said.replicas)) else {}),
    }


def _audit(context: Context) -> list[pulumi.Resource]:
    return [context.buckets[_BUCKET]] if _BUCKET in context.buckets else []


def _writer(context: Context, *, contents: bool) -> BucketAccessArgs:
    namespace = naming.entry_namespace(context.settings.environment)
    folders = [PREFIX, *([CONTENTS] if contents else [])]
    return writer(context, bucket=_BUCKET, folders=folders, namespace=namespace, secret_name=_WRITER)


def _shipping(context: Context) -> Shipping:
    """The record goes into the bucket of the audit, which is locked where the settings say so."""
    store = context.settings.object_store
    scripts = {name: context.payload[name] for name in RECORD_SCRIPTS}
    existing = None if store.has_users else store.existing_secret
    return Shipping(
        image=context.image(FETCH_IMAGE),
        bucket=naming.bucket(store.bucket_prefix, _BUCKET),
        endpoint=store.endpoint,
        region=store.region,
        secret=existing or _WRITER,
        scripts_config_map=naming.with_sum("entry-record", sha256_of(scripts)),
        ca_bundle=store.ca_bundle,
    )


def _counter(context: Context, args: EntryArgs) -> CounterArgs:
    settings, (ratelimit, valkey) = context.settings, COUNTER_IMAGES
    return CounterArgs(
        namespace=args.namespace,
        labels=args.labels,
        client_labels=ENTRY_PODS,
        plan=args.plan,
        image=context.image(ratelimit),
        valkey_image=context.image(valkey),
        platform=context.platform,
        storage_class=settings.storage.class_name,
        placeholder_key=settings.render_to is not None,
        protect=settings.protect,
    )


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
    return Reached(
        store=store_address(settings),
        servers={name: sorted(found) for name, found in servers.items()},
        issuer_ports=sorted(ports),
    )
