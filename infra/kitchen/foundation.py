"""Phase 1: tenants and buckets."""

from __future__ import annotations

from urllib.parse import urlsplit

import pulumi

from components import naming
from components.access import TenantAccess, TenantAccessArgs
from components.network import StoreAddress
from components.object_store import Bucket, BucketArgs
from components.provisions import CaBundle, Provision, PullSecret
from components.tenancy import Tenant, TenantArgs
from infra.kitchen.context import Context
from infra.settings import Settings

BUCKETS = ("models", "lora", "evaluations", "audit")
LOCKED_BUCKETS = ("models", "lora")


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
        store=_store_address(settings),
        title=f"{name} ({settings.environment})",
        description=f"Private AI Kitchen: tenant {name} of {said.owner}, environment {settings.environment}",
        provisions=_provisions(settings),
        protect=settings.protect,
    )
    made = Tenant(name, args, context.on_cluster)
    access = TenantAccessArgs(
        namespace=context.namespace(name),
        labels=context.labels(name, name),
        members={**settings.groups, **said.groups},
        kitchens=[kitchen.name for kitchen in settings.kitchens.values() if kitchen.tenant == name],
    )
    gone_with = pulumi.ResourceOptions(depends_on=[made], deleted_with=made.namespace_object)
    TenantAccess(name, access, pulumi.ResourceOptions.merge(context.on_cluster, gone_with))
    return made


def _provisions(settings: Settings) -> list[Provision]:
    made: list[Provision] = []
    store, credentials = settings.object_store, settings.registry_credentials
    if settings.pull_secret is not None and credentials is not None:
        rendering = settings.render_to is not None
        made.append(PullSecret(name=settings.pull_secret, docker_config=None if rendering else credentials.value))
    if store.ca_bundle is not None and store.certificates is not None:
        made.append(CaBundle(name=store.ca_bundle, certificates=store.certificates))
    return made


def _store_address(settings: Settings) -> StoreAddress:
    store, network = settings.object_store, settings.object_store.network
    port = network.port if network.port is not None else _port(store.endpoint)
    return StoreAddress(port=port, namespace=network.namespace, cidrs=network.cidrs)


def bucket(context: Context, name: str) -> Bucket:
    """Declare one of the environment's buckets."""
    store = context.settings.object_store
    args = BucketArgs(
        endpoint=store.endpoint,
        region=store.region,
        bucket=naming.bucket(store.bucket_prefix, name),
        object_lock_days=store.object_lock_days if name in LOCKED_BUCKETS else 0,
        expire_noncurrent_days=store.expire_noncurrent_days,
        # With kind s3 readers may get their access by a policy of the bucket, which is not ours.
        closed=store.kind == "minio",
        protect=context.settings.protect,
    )
    return Bucket(name, args)


def _port(endpoint: str) -> int:
    parts = urlsplit(endpoint)
    return parts.port if parts.port is not None else 443 if parts.scheme == "https" else 80
