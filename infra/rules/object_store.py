"""Rules about the object store: what it can do, what is asked of it, and MinIO in the cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components import naming
from components.facts import store_endpoint
from infra.catalog import Adapter, BaseModel, Catalog
from infra.faults import Fault
from infra.rules.common import known, state_faults
from infra.settings import ObjectStore, Settings, StoreServer
from infra.stores import OF_KIND, WRITING, store_facts

SMALLEST_DISTRIBUTED = 4
"""Pods from which MinIO spreads its data over machines: it survives the loss of one, for reading and writing."""

_PATH = "objectStore"

LACKS: Mapping[str, str] = {
    "bucketPolicy": "anonymous access and the deletion of versions are not denied by the program",
    "lifecycle": "old versions are never removed",
    "objectLock": "approved artifacts can be overwritten and deleted by whoever may write",
    "tagging": "a bucket does not say which stack owns it",
    "versioning": "an object that is overwritten or deleted is lost",
    **WRITING,
    "users": "consumers share the key of existingSecret, and its rights are not checked",
    "quota": "a bucket can fill the store",
}
"""What an organisation goes without, by the ability that its store lacks."""


def lacks(store: ObjectStore) -> dict[str, str]:
    """Guarantees that are missing, by ability; empty for MinIO, which ends forgotten uploads without a rule."""
    if store.kind == "minio":
        return {}
    can = store_facts(store).abilities
    return {name: lack for name, lack in LACKS.items() if name not in can}


def ability_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """What is asked for must be possible with this store."""
    store = settings.object_store
    if store.kind in OF_KIND and store.abilities is not None:
        rule = f"what {store.kind} can do is known (docs/stores.md): abilities are told of another store"
        yield _fault("abilities", list(store.abilities), rule, "kind: s3, or no abilities")
    can = store_facts(store).abilities
    asked = (
        ("objectLockDays", store.object_lock_days, ("objectLock", "versioning")),
        ("expireNoncurrentDays", store.expire_noncurrent_days, ("lifecycle", "versioning")),
    )
    for key, value, needs in asked:
        missing = [name for name in needs if name not in can]
        if value and missing:
            rule = f"needs what abilities do not name: {', '.join(missing)}"
            yield _fault(key, value, rule, f"{key}: 0, or abilities: [{', '.join(sorted({*can, *missing}))}]")
    yield from _part_faults(store)
    if not store.has_users:
        rule = f"goes through MinIO's admin API, which kind {store.kind} does not use"
        if store.quota_gib:
            yield _fault("quotaGiB", dict(store.quota_gib), rule, "kind: minio, or quotas set in the store itself")
        if store.key_generation != 1:
            yield _fault("keyGeneration", store.key_generation, rule, "another existingSecret with the new key")


def _part_faults(store: ObjectStore) -> Iterator[Fault]:
    limits = store.limits
    if limits.put_mib * limits.parts < limits.object_gib * 1024:
        rule = f"must be reached by {limits.parts} parts of {limits.put_mib} MiB"
        yield _fault("limits.objectGiB", limits.object_gib, rule, f"objectGiB: {limits.put_mib * limits.parts // 1024}")


def large_file_faults(settings: Settings, catalog: Catalog) -> Iterator[Fault]:
    """Every file of what tenants hold in the bucket must fit into the store."""
    store = settings.object_store
    facts = store_facts(store)
    entries: dict[str, Adapter | BaseModel] = {}
    for kitchen in settings.kitchens.values():
        entries |= {ref: catalog.adapters[ref] for ref in kitchen.adapters if ref in catalog.adapters}
    if settings.storage.source_claim is None:
        held = [ref for tenant in settings.tenants for ref in settings.held(tenant)]
        entries |= {ref: catalog.base_models[ref] for ref in held if ref in catalog.base_models}
    for ref, entry in sorted(entries.items()):
        for file in entry.files:
            if file.size_bytes > facts.largest:
                yield Fault(
                    path=f"catalog {ref}: {file.path}",
                    value=file.size_bytes,
                    rule=f"the store takes {facts.largest} bytes at most (objectStore.abilities and limits)",
                    example="abilities with multipart, or several safetensors files",
                )


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
