"""Phase 1: tenants and buckets."""

from __future__ import annotations

from urllib.parse import urlsplit

from components import naming
from components.object_store import Bucket, BucketArgs
from components.tenancy import Tenant, TenantArgs
from infra.kitchen.context import Context

BUCKETS = ("models", "lora", "evaluations", "audit")
LOCKED_BUCKETS = ("models", "lora")


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
        store_port=store_port(settings.object_store.endpoint),
        protect=settings.protect,
    )
    return Tenant(name, args, context.on_cluster)


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


def store_port(endpoint: str) -> int:
    """TCP port of the object store."""
    parts = urlsplit(endpoint)
    return parts.port if parts.port is not None else 443 if parts.scheme == "https" else 80
