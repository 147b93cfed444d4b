"""From settings to resources: which components an environment is made of, in the order of their dependencies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components import naming
from infra.catalog import FETCH_IMAGE, Catalog
from infra.entry_settings import COUNTER_IMAGES
from infra.kitchen.context import Context, scripts
from infra.kitchen.entry import entry
from infra.kitchen.foundation import BUCKETS, bucket, tenant
from infra.kitchen.models import loads, volumes
from infra.kitchen.monitoring import monitoring
from infra.kitchen.platform import platform, priority
from infra.kitchen.scaling import routes
from infra.kitchen.serving import serve
from infra.kitchen.store import store_server, warn_about_lacks
from infra.memory import LEGEND, memory_table, tight_kitchens
from infra.policy_settings import ADAPTERS, BASE_MODELS
from infra.provider import cluster_provider
from infra.settings import Settings
from infra.signers import exemption_of, is_signed, signers_of

__all__ = ["BUCKETS", "build"]


def build(settings: Settings, catalog: Catalog) -> Mapping[str, Any]:
    """Declare every resource that the settings ask for and return the stack's outputs."""
    _warn_about_unchecked_images(settings, catalog)
    _warn_about_unsigned_adapters(settings)
    _warn_about_unsigned_base_models(settings, catalog)
    warn_about_lacks(settings)
    if table := memory_table(settings, catalog):
        pulumi.log.info(f"GPU memory, GiB of one GPU:\n{table}\n{LEGEND}")
    for sentence in tight_kitchens(settings, catalog):
        pulumi.log.warn(sentence)
    kind, on_cluster = platform(settings), pulumi.ResourceOptions(provider=cluster_provider(settings))
    context = Context(
        settings=settings,
        catalog=catalog,
        platform=kind,
        on_cluster=on_cluster,
        store_server=store_server(settings, catalog, kind, on_cluster),
        payload=scripts(),
    )
    priority(context)
    for name in settings.tenants:
        context.tenants[name] = tenant(context, name)
    if settings.render_to is None:
        context.buckets.update({name: bucket(context, name) for name in BUCKETS})
    context.volumes.update(volumes(context))
    context.loads.update(loads(context))
    kitchens = {kitchen.name: serve(context, kitchen) for kitchen in settings.kitchens.values()}
    hosts = routes(context)
    way_in = entry(context)
    monitoring(context)
    prefix = settings.object_store.bucket_prefix
    return {
        "environment": settings.environment,
        "phase": settings.phase,
        "objectStore": settings.object_store.endpoint,
        "buckets": {name: naming.bucket(prefix, name) for name in BUCKETS},
        **({"entry": way_in} if way_in else {}),
        "kitchens": {name: {**output, **hosts.get(name, {})} for name, output in kitchens.items()},
    }


def _warn_about_unchecked_images(settings: Settings, catalog: Catalog) -> None:
    used = {kitchen.runtime.image for kitchen in settings.kitchens.values()}
    if any(settings.held(tenant) for tenant in settings.tenants):
        used.add(FETCH_IMAGE)
    if settings.object_store.deploy is not None:
        used.add(settings.object_store.deploy.image)
    if settings.entry is not None:
        used |= {settings.entry.image, FETCH_IMAGE, *(COUNTER_IMAGES if settings.entry.counter == "shared" else ())}
    unchecked = sorted(name for name in used if name in catalog.images and not catalog.images[name].imported)
    if unchecked:
        pulumi.log.warn(f"images not yet compared with an import: {', '.join(unchecked)} (infra/catalog/images.yaml)")


def _warn_about_unsigned_adapters(settings: Settings) -> None:
    """In prod it is worth a line that the catalog's sums alone say what is served."""
    unsigned = sorted(kitchen.name for kitchen in settings.kitchens.values() if kitchen.adapters or kitchen.hot)
    if settings.environment == "prod" and unsigned and not signers_of(settings, ADAPTERS):
        pulumi.log.warn(f"adapters are served without a signature, signers are not stated: {', '.join(unsigned)}")


def _warn_about_unsigned_base_models(settings: Settings, catalog: Catalog) -> None:
    """The same for base models; those that an exemption lets through are named, wherever it is."""
    held = sorted({ref for tenant in settings.tenants for ref in settings.held(tenant)})
    if not signers_of(settings, BASE_MODELS):
        if settings.environment == "prod" and held:
            pulumi.log.warn(f"base models are served without a signature, no signer signs them: {', '.join(held)}")
        return
    for ref in held:
        exemption = exemption_of(settings, ref)
        if exemption is not None and not is_signed(catalog.base_models[ref]):
            pulumi.log.warn(f"base model {ref} is served unsigned by an exemption until {exemption.expires}")
