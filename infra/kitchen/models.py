"""Phase 2: the volumes of base models, and the loads that fill them."""

from __future__ import annotations

import pulumi

from components import naming
from components.model_store import (
    BaseModelContent,
    BaseModelFile,
    BaseModelLoad,
    BaseModelLoadArgs,
    BaseModelVolume,
    BaseModelVolumeArgs,
)
from components.model_store.check import SCRIPTS
from components.object_store import BucketAccessArgs
from infra.catalog import FETCH_IMAGE
from infra.kitchen.context import Context
from infra.kitchen.foundation import store_address
from infra.kitchen.store import reader
from infra.policy_settings import BASE_MODELS
from infra.signers import is_signed, signers_for


def volumes(context: Context) -> dict[tuple[str, str], BaseModelVolume]:
    """Declare one volume a tenant and base model: kitchens of a tenant share it."""
    settings = context.settings
    wanted = [(tenant, ref) for tenant in settings.tenants for ref in settings.held(tenant)]
    return {key: _volume(context, *key) for key in wanted}


def loads(context: Context) -> dict[tuple[str, str], BaseModelLoad]:
    """Declare the load of every volume."""
    return {key: _load(context, *key) for key in context.volumes}


def content(context: Context, ref: str) -> BaseModelContent:
    """What a load brings and a server requires."""
    model = context.catalog.base_models[ref]
    signers = signers_for(context.settings, BASE_MODELS, ref, signed=is_signed(model))
    return BaseModelContent(
        base_model=ref,
        files=[BaseModelFile(path=file.path, sha256=file.sha256, size_bytes=file.size_bytes) for file in model.files],
        scripts={name: context.payload[name] for name in SCRIPTS},
        image=context.image(FETCH_IMAGE),
        signers=[signer.as_pods_read_it() for signer in signers],
    )


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


def load_args(context: Context, tenant: str, ref: str) -> BaseModelLoadArgs:
    """The load of a base model to a tenant's volume."""
    model, settings = context.catalog.base_models[ref], context.settings
    return BaseModelLoadArgs(
        namespace=context.namespace(tenant),
        content=content(context, ref),
        model_gib=model.size_gib,
        labels=context.labels(tenant, model.name),
        platform=context.platform,
        store=store_address(settings),
        access=_access(context, tenant, ref) if settings.storage.source_claim is None else None,
        source_claim=settings.storage.source_claim,
        ca_bundle=settings.object_store.ca_bundle,
        pull_secrets=context.pull_secrets,
    )


def _load(context: Context, tenant: str, ref: str) -> BaseModelLoad:
    needs: list[pulumi.Resource] = [context.tenants[tenant], context.volumes[tenant, ref]]
    needs += [context.buckets["models"]] if context.buckets else []
    args = load_args(context, tenant, ref)
    return BaseModelLoad(f"{tenant}-{naming.base_model_claim(ref)}", args, context.after(*needs))


def _access(context: Context, tenant: str, ref: str) -> BucketAccessArgs:
    return reader(
        context,
        bucket="models",
        prefixes=[f"base/{ref}/"],
        tenant=tenant,
        secret_name=naming.loader(ref),
        user=naming.loader_user(ref, tenant, context.settings.environment),
        instance=context.catalog.base_models[ref].name,
    )
