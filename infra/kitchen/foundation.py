"""Phase 1: tenants and buckets."""

from __future__ import annotations

from urllib.parse import urlsplit

import pulumi

from components import naming
from components.bucket_policy import Guard
from components.object_store import Bucket, BucketArgs
from components.tenancy import Tenant, TenantArgs
from infra.kitchen.context import Context
from infra.rules.object_store import abilities

BUCKETS = ("models", "lora", "evaluations", "audit", "pulumi-state")
LOCKED_BUCKETS = ("models", "lora", "audit")
"""Where object lock applies. Not `pulumi-state`: every update overwrites the state, and an old one must be erasable."""


def tenant(context: Context, name: str) -> Tenant:
    """Declare a tenant's namespace and what guards it."""
    settings = context.settings
    quota = settings.tenants[name].quota
    args = TenantArgs(
        namespace=context.namespace(name),
        labels=context.labels(name, name),
        gpus=quota.gpus,
        gpu_resources=[pool.resource for pool in settings.gpu_pools.values()],
        cpu=quota.cpu,
        memory_gib=quota.memory_gib,
        storage_gib=quota.storage_gib,
        store_port=_port(settings.object_store.endpoint),
        protect=settings.protect,
    )
    return Tenant(name, args, context.on_cluster)


def bucket(context: Context, name: str) -> Bucket:
    """Declare one of the environment's buckets."""
    store = context.settings.object_store
    can = abilities(store)
    locked = store.object_lock_days > 0 and name in LOCKED_BUCKETS
    guards: tuple[Guard, ...] = ("anonymous", "delete-versions") if locked else ("anonymous",)
    args = BucketArgs(
        endpoint=store.endpoint,
        region=store.region,
        bucket=naming.bucket(store.bucket_prefix, name),
        versioning="versioning" in can,
        object_lock_days=store.object_lock_days if locked else 0,
        expire_noncurrent_days=store.expire_noncurrent_days,
        # With kind s3 readers may get their access by a policy of the bucket, which is not ours.
        closed=store.kind == "minio",
        guards=guards if "bucketPolicy" in can else (),
        abilities=can,
        quota_gib=store.quota_gib.get(name),
        adopt=name in store.adopt,
        protect=context.settings.protect,
    )
    needs = [context.store_server] if context.store_server is not None else []
    return Bucket(name, args, pulumi.ResourceOptions(depends_on=needs))


def _port(endpoint: str) -> int:
    parts = urlsplit(endpoint)
    return parts.port if parts.port is not None else 443 if parts.scheme == "https" else 80
