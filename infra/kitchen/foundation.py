"""Phase 1: tenants and buckets."""

from __future__ import annotations

from urllib.parse import urlsplit

import pulumi

from components import naming
from components.facts import ABILITIES
from components.object_store import Bucket, BucketArgs, Guard
from components.object_store.minio.pod import PORT as STORE_PORT
from components.tenancy import (
    CaBundle,
    Provision,
    PullSecret,
    StoreAddress,
    Tenant,
    TenantAccess,
    TenantAccessArgs,
    TenantArgs,
)
from infra.kitchen.context import Context
from infra.kitchen.doors import guard_tenant, mesh_labels
from infra.kitchen.ports import server_port
from infra.settings import ObjectStore, Settings
from infra.stores import ABORT_UPLOADS, S3, store_facts

BUCKETS = ("models", "lora", "evaluations", "audit", "pulumi-state")
UPLOAD_DAYS = 7
"""Days after which a store removes the parts of an upload that nobody has ended; a run before that goes on with it."""

LOCKED_BUCKETS = ("models", "lora", "audit")
"""Where object lock applies. Not `pulumi-state`: every update overwrites the state, and an old one must be erasable."""


def tenant(context: Context, name: str) -> Tenant:
    """Declare a tenant's namespace, what guards it and who acts in it."""
    settings = context.settings
    said = settings.tenants[name]
    quota = said.quota
    args = TenantArgs(
        namespace=context.namespace(name),
        labels=context.labels(name, name),
        gpus=quota.gpus,
        gpu_resources=[pool.resource for pool in settings.gpu_pools.values()],
        cpu=quota.cpu,
        memory_gib=quota.memory_gib,
        storage_gib=quota.storage_gib,
        platform=context.platform,
        store=store_address(settings),
        title=f"{name} ({settings.environment})",
        description=f"Private AI Kitchen: tenant {name} of {said.owner}, environment {settings.environment}",
        provisions=provisions(settings),
        protect=settings.protect,
        entry_namespace=naming.entry_namespace(settings.environment) if settings.entry else None,
        mesh_labels=mesh_labels(settings),
    )
    made = Tenant(name, args, context.on_cluster)
    access = TenantAccessArgs(
        namespace=context.namespace(name),
        labels=context.labels(name, name),
        members={**settings.groups, **said.groups},
        kitchens=[kitchen.name for kitchen in settings.kitchens_of(name)],
    )
    gone_with = pulumi.ResourceOptions(depends_on=[made], deleted_with=made.namespace_object)
    TenantAccess(name, access, pulumi.ResourceOptions.merge(context.on_cluster, gone_with))
    guard_tenant(context, name, made, sorted({server_port(kitchen) for kitchen in settings.kitchens_of(name)}))
    return made


def provisions(settings: Settings) -> list[Provision]:
    """What a namespace gets before any pod: the registry's credentials, the authorities' certificates."""
    made: list[Provision] = []
    store, credentials = settings.object_store, settings.registry_credentials
    if settings.pull_secret is not None and credentials is not None:
        rendering = settings.render_to is not None
        made.append(PullSecret(name=settings.pull_secret, docker_config=None if rendering else credentials.value))
    if store.ca_bundle is not None and store.certificates is not None:
        made.append(CaBundle(name=store.ca_bundle, certificates=store.certificates))
    return made


def store_address(settings: Settings) -> StoreAddress:
    """Where the object store's pods listen, as a network rule sees it."""
    store, network = settings.object_store, settings.object_store.network
    if store.deploy is not None:
        return StoreAddress(port=STORE_PORT, namespace=store.deploy.namespace)
    port = network.port if network.port is not None else _port(store.endpoint)
    return StoreAddress(port=port, namespace=network.namespace, cidrs=network.cidrs)


def bucket(context: Context, name: str) -> Bucket:
    """Declare one of the environment's buckets."""
    store = context.settings.object_store
    can = store_facts(store).abilities
    locked = store.object_lock_days > 0 and name in LOCKED_BUCKETS
    guards = _guards(store, locked=locked)
    args = BucketArgs(
        endpoint=store.endpoint,
        region=store.region,
        bucket=naming.bucket(store.bucket_prefix, name),
        versioning="versioning" in can,
        object_lock_days=store.object_lock_days if locked else 0,
        expire_noncurrent_days=store.expire_noncurrent_days,
        # With kind s3 readers may get their access by a policy of the bucket, which is not ours.
        closed=store.kind != S3,
        guards=guards if "bucketPolicy" in can else (),
        abilities=[name for name in ABILITIES if name in can],
        abort_uploads_days=UPLOAD_DAYS if ABORT_UPLOADS in can else None,
        quota_gib=store.quota_gib.get(name),
        adopt=name in store.adopt,
        protect=context.settings.protect,
    )
    needs = [context.store_server] if context.store_server is not None else []
    return Bucket(name, args, pulumi.ResourceOptions(depends_on=needs))


def _guards(store: ObjectStore, *, locked: bool) -> list[Guard]:
    guards: list[Guard] = ["anonymous"]
    if store.kind == "seaweedfs":  # it takes the condition of `anonymous`, and never meets it
        guards.append("without-key")
    if locked:
        guards.append("delete-versions")
    return guards


def _port(endpoint: str) -> int:
    parts = urlsplit(endpoint)
    return parts.port if parts.port is not None else 443 if parts.scheme == "https" else 80
