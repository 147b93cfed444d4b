"""Rules about the object store: what it can do, what is asked of it, and MinIO in the cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components import naming
from components.facts import ABILITIES, store_endpoint
from infra.catalog import Catalog
from infra.faults import Fault
from infra.rules.common import known, state_faults
from infra.settings import ObjectStore, Settings, StoreServer

SMALLEST_DISTRIBUTED = 4
"""Pods from which MinIO spreads its data over machines: it survives the loss of one, for reading and writing."""

_PATH = "objectStore"

LACKS: Mapping[str, str] = {
    "bucketPolicy": "anonymous access and the deletion of versions are not denied by the program",
    "lifecycle": "old versions are never removed",
    "objectLock": "approved artifacts can be overwritten and deleted by whoever may write",
    "tagging": "a bucket does not say which stack owns it",
    "versioning": "an object that is overwritten or deleted is lost",
    "users": "consumers share the key of existingSecret, and its rights are not checked",
    "quota": "a bucket can fill the store",
}
"""What an organisation goes without, by the ability that its store lacks."""


def abilities(store: ObjectStore) -> tuple[str, ...]:
    """What the store can do of the S3 API: everything, unless the settings name it."""
    return tuple(name for name in ABILITIES if store.abilities is None or name in store.abilities)


def lacks(store: ObjectStore) -> dict[str, str]:
    """Guarantees that are missing, by ability; empty for MinIO."""
    if store.kind == "minio":
        return {}
    can = abilities(store)
    return {name: lack for name, lack in LACKS.items() if name not in can}


def ability_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """What is asked for must be possible with this store."""
    store = settings.object_store
    if store.kind == "minio" and store.abilities is not None:
        rule = "MinIO can do everything: abilities are told of another store"
        yield _fault("abilities", list(store.abilities), rule, "kind: s3, or no abilities")
    can = abilities(store)
    asked = (
        ("objectLockDays", store.object_lock_days, ("objectLock", "versioning")),
        ("expireNoncurrentDays", store.expire_noncurrent_days, ("lifecycle", "versioning")),
    )
    for key, value, needs in asked:
        missing = [name for name in needs if name not in can]
        if value and missing:
            rule = f"needs what abilities do not name: {', '.join(missing)}"
            yield _fault(key, value, rule, f"{key}: 0, or abilities: [{', '.join(sorted({*can, *missing}))}]")
    if store.kind == "s3":
        rule = "goes through MinIO's admin API, which kind s3 does not use"
        if store.quota_gib:
            yield _fault("quotaGiB", dict(store.quota_gib), rule, "kind: minio, or quotas set in the store itself")
        if store.key_generation != 1:
            yield _fault("keyGeneration", store.key_generation, rule, "another existingSecret with the new key")


def store_server_faults(settings: Settings, catalog: Catalog) -> Iterator[Fault]:
    """MinIO in the cluster: its address, size, certificate, namespace and image."""
    store = settings.object_store
    said = store.deploy
    if said is None:
        return
    if store.kind != "minio":
        yield _fault("kind", store.kind, "what the program deploys is MinIO", "kind: minio")
    right = store_endpoint(said.namespace)
    if store.endpoint != right:
        yield _fault("endpoint", store.endpoint, "must be the Service of the store that is deployed", right)
    yield from _size_faults(settings, said)
    if (said.issuer is None) == (said.tls_secret is None):
        rule = "TLS needs one of issuer and tlsSecret"
        yield _fault("deploy", {"issuer": said.issuer, "tlsSecret": said.tls_secret}, rule, "issuer: kitchen-ca")
    if said.namespace in {naming.namespace(tenant, settings.environment) for tenant in settings.tenants}:
        rule = "is a tenant's namespace: the store's root key must not lie there"
        yield _fault("deploy.namespace", said.namespace, rule, "object-store")
    yield from known(f"{_PATH}.deploy.image", said.image, catalog.images, "an image of the catalog")
    if (image := catalog.images.get(said.image)) is not None:
        yield from state_faults(settings, f"{_PATH}.deploy.image", image.name, image.state)


def _size_faults(settings: Settings, said: StoreServer) -> Iterator[Fault]:
    if 1 < said.replicas < SMALLEST_DISTRIBUTED:
        rule = f"1, or {SMALLEST_DISTRIBUTED} and more: fewer cannot lose one and go on"
        yield _fault("deploy.replicas", said.replicas, rule, f"replicas: {SMALLEST_DISTRIBUTED}")
    elif settings.environment == "prod" and said.replicas == 1:
        rule = "prod keeps its data on several machines"
        yield _fault("deploy.replicas", said.replicas, rule, f"replicas: {SMALLEST_DISTRIBUTED}")


def _fault(key: str, value: object, rule: str, example: str) -> Fault:
    return Fault(path=f"{_PATH}.{key}", value=value, rule=rule, example=example)
