"""Rules about an environment as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from infra.catalog import Catalog
from infra.faults import Fault
from infra.settings import Settings


def environment_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """Object store and phase."""
    store = settings.object_store
    if settings.environment == "prod" and not store.endpoint.startswith("https://"):
        yield Fault(
            path="objectStore.endpoint",
            value=store.endpoint,
            rule="prod reaches the object store over TLS",
            example="https://minio.kitchen.example",
        )
    port = store.endpoint.rpartition(":")[2]
    if port.isdecimal() and not 1 <= int(port) <= 65535:
        yield Fault(
            path="objectStore.endpoint",
            value=store.endpoint,
            rule="a port is a number from 1 to 65535",
            example="https://minio.kitchen.example:9000",
        )
    if not store.has_users and store.existing_secret is None:
        yield Fault(
            path="objectStore.existingSecret",
            value=None,
            rule=f"kind {store.kind}: users are made outside the program; consumers need a Secret that exists",
            example="existingSecret: kitchen-lora-reader",
        )
    if settings.phase == 1 and settings.kitchens:
        yield Fault(
            path="kitchens",
            value=sorted(settings.kitchens),
            rule="phase 1 builds the foundation only: state kitchens from phase 2 on",
            example="phase: 2",
        )
