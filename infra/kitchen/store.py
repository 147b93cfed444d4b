"""The object store: MinIO in the cluster where the settings ask for it, keys of readers, what a store cannot do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pulumi

from components import naming
from components.labels import Ownership
from components.object_store import BucketAccessArgs
from components.object_store.minio.server import MinioServer, MinioServerArgs
from components.platform import Platform
from infra.catalog import Catalog
from infra.kitchen.context import Context
from infra.kitchen.foundation import store_address
from infra.rules.object_store import lacks
from infra.settings import Settings
from infra.stores import S3

PLATFORM_TENANT = "platform"
"""Stands in the tenant label of what belongs to every tenant."""


def store_server(
    settings: Settings, catalog: Catalog, platform: Platform, on_cluster: pulumi.ResourceOptions
) -> MinioServer | None:
    """Declare the object store's server; None where it exists already."""
    said = settings.object_store.deploy
    if said is None:
        return None
    ownership = Ownership(
        environment=settings.environment,
        tenant=PLATFORM_TENANT,
        owner=said.owner,
        cost_centre=said.cost_centre,
    )
    args = MinioServerArgs(
        namespace=said.namespace,
        labels=ownership.labels("object-store"),
        image=catalog.images[said.image].reference(settings.registry),
        platform=platform,
        replicas=said.replicas,
        drives_per_replica=said.drives_per_replica,
        size_gib=said.size_gib,
        storage_class=said.storage_class,
        cpu=said.cpu,
        memory_gib=said.memory_gib,
        issuer=said.issuer,
        tls_secret=said.tls_secret,
        client_namespaces=[
            *(naming.namespace(tenant, settings.environment) for tenant in settings.tenants),
            # The record of calls is written there.
            *([naming.entry_namespace(settings.environment)] if settings.entry is not None else []),
        ],
        measured=settings.platform.monitoring or settings.monitoring.form == "files",
        placeholder_key=settings.render_to is not None,
        protect=settings.protect,
    )
    return MinioServer("object-store", args, on_cluster)


def reader(
    context: Context, *, bucket: str, prefixes: Sequence[str], tenant: str, secret_name: str, user: str, instance: str
) -> BucketAccessArgs:
    """A read-only key to folders of a bucket, in a tenant's namespace, as the store and the render mode have it."""
    settings, store = context.settings, context.settings.object_store
    mode = _mode(settings)
    return BucketAccessArgs(
        endpoint=store.endpoint,
        region=store.region,
        bucket=naming.bucket(store.bucket_prefix, bucket),
        prefixes=prefixes,
        namespace=context.namespace(tenant),
        secret_name=secret_name,
        user=user,
        labels=context.labels(tenant, instance),
        mode=mode,
        existing_secret=store.existing_secret if mode == "existing" else None,
        generation=store.key_generation,
    )


def writer(
    context: Context, *, bucket: str, folders: Sequence[str], namespace: str, secret_name: str
) -> BucketAccessArgs:
    """A key that puts objects into folders of a bucket and does nothing else, for the environment as a whole."""
    settings, store = context.settings, context.settings.object_store
    return BucketAccessArgs(
        endpoint=store.endpoint,
        region=store.region,
        bucket=naming.bucket(store.bucket_prefix, bucket),
        prefixes=[f"{folder}/" for folder in folders],
        namespace=namespace,
        secret_name=secret_name,
        user=naming.writer_user(bucket, settings.environment),
        labels=context.shared_labels(),
        mode=_mode(settings),
        existing_secret=None if store.has_users else store.existing_secret,
        generation=store.key_generation,
        writes=True,
    )


def _mode(settings: Settings) -> Literal["minio", "existing", "placeholder"]:
    if not settings.object_store.has_users:
        return "existing"
    return "minio" if settings.render_to is None else "placeholder"


def warn_about_lacks(settings: Settings) -> None:
    """Tell at every preview what the store cannot do, or is not known of it, and what that means."""
    store, address = settings.object_store, store_address(settings)
    if store.deploy is None and address.namespace is None and not address.cidrs:
        where = f"pods may open port {address.port} in every private network"
        pulumi.log.warn(f"object store without a stated place: {where} (kitchen:objectStore.network)")
    said_by = "kitchen:objectStore.abilities" if store.kind == S3 else f"{store.kind}: docs/stores.md"
    for ability, lack in lacks(store).items():
        pulumi.log.warn(f"object store without {ability}: {lack} ({said_by})")
