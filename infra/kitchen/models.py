"""Phase 2: the volumes of base models."""

from __future__ import annotations

from components import naming
from components.model_store import BaseModelVolume, BaseModelVolumeArgs
from infra.kitchen.context import Context


def volumes(context: Context) -> dict[tuple[str, str], BaseModelVolume]:
    """Declare one volume a tenant and base model: kitchens of a tenant share it."""
    wanted = dict.fromkeys((kitchen.tenant, kitchen.base_model) for kitchen in context.settings.kitchens.values())
    return {key: _volume(context, *key) for key in wanted}


def _volume(context: Context, tenant: str, ref: str) -> BaseModelVolume:
    model = context.catalog.base_models[ref]
    args = BaseModelVolumeArgs(
        namespace=context.namespace(tenant),
        base_model=model.ref,
        size_gib=model.size_gib,
        storage_class=context.settings.storage.class_name,
        access_mode=context.settings.storage.access_mode,
        labels=context.labels(tenant, model.name),
        protect=context.settings.protect,
    )
    return BaseModelVolume(f"{tenant}-{naming.base_model_claim(ref)}", args, context.in_tenant(tenant))
