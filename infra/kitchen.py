"""From settings to resources: which components an environment is made of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pulumi

from components import naming
from components.adapters import AdapterFetch, AdapterFile, AdapterSource
from components.gpu import Placement
from components.labels import Ownership
from components.model_store import BaseModelVolume, BaseModelVolumeArgs
from components.object_store import Bucket, BucketAccess, BucketAccessArgs, BucketArgs
from components.platform import Platform
from components.serving import MultiLoraService, MultiLoraServiceArgs, VllmRuntime, VllmRuntimeArgs
from components.tenancy import Tenant, TenantArgs
from components.vllm import LoraOptions, VllmOptions
from infra.catalog import FETCH_IMAGE, Adapter, Catalog
from infra.provider import cluster_provider
from infra.settings import Kitchen, Settings

BUCKETS = ("models", "lora", "evaluations", "audit")
LOCKED_BUCKETS = ("models", "lora")
_SCRIPT = Path(__file__).resolve().parent / "payload" / "fetch_adapters.py"


def build(settings: Settings, catalog: Catalog) -> Mapping[str, Any]:
    """Declare every resource that the settings ask for and return the stack's outputs."""
    _warn_about_unchecked_images(settings, catalog)
    return _Builder(settings, catalog).build()


class _Builder:
    """Declares the components in their order and keeps what later ones depend on."""

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        self.settings = settings
        self.catalog = catalog
        self.platform = Platform(kind=settings.platform)
        self.on_cluster = pulumi.ResourceOptions(provider=cluster_provider(settings))
        self.script = _SCRIPT.read_text()
        self.tenants: dict[str, Tenant] = {}
        self.buckets: dict[str, Bucket] = {}
        self.volumes: dict[tuple[str, str], BaseModelVolume] = {}

    def build(self) -> Mapping[str, Any]:
        for name in self.settings.tenants:
            self.tenants[name] = self._tenant(name)
        if self.settings.render_to is None:
            self.buckets = {name: self._bucket(name) for name in BUCKETS}
        kitchens = {kitchen.name: self._kitchen(kitchen) for kitchen in self.settings.kitchens.values()}
        return {
            "environment": self.settings.environment,
            "phase": self.settings.phase,
            "objectStore": self.settings.object_store.endpoint,
            "buckets": {name: naming.bucket(self.settings.object_store.bucket_prefix, name) for name in BUCKETS},
            "kitchens": kitchens,
        }

    def _ownership(self, tenant: str) -> Ownership:
        said = self.settings.tenants[tenant]
        return Ownership(
            environment=self.settings.environment,
            tenant=tenant,
            owner=said.owner,
            cost_centre=said.cost_centre,
        )

    def _tenant(self, name: str) -> Tenant:
        quota = self.settings.tenants[name].quota
        args = TenantArgs(
            namespace=naming.namespace(name, self.settings.environment),
            labels=self._ownership(name).labels(name),
            gpus=quota.gpus,
            gpu_resources=[pool.resource for pool in self.settings.gpu_pools.values()],
            cpu=quota.cpu,
            memory_gib=quota.memory_gib,
            storage_gib=quota.storage_gib,
            store_port=_port(self.settings.object_store.endpoint),
            protect=self.settings.protect,
        )
        return Tenant(name, args, self.on_cluster)

    def _bucket(self, name: str) -> Bucket:
        store = self.settings.object_store
        args = BucketArgs(
            endpoint=store.endpoint,
            region=store.region,
            bucket=naming.bucket(store.bucket_prefix, name),
            object_lock_days=store.object_lock_days if name in LOCKED_BUCKETS else 0,
            expire_noncurrent_days=store.expire_noncurrent_days,
            # With kind s3 readers may get their access by a policy of the bucket, which is not ours.
            closed=store.kind == "minio",
            protect=self.settings.protect,
        )
        return Bucket(name, args)

    def _kitchen(self, kitchen: Kitchen) -> Mapping[str, Any]:
        settings = self.settings
        namespace = naming.namespace(kitchen.tenant, settings.environment)
        labels = self._ownership(kitchen.tenant).labels(kitchen.name)
        model = self.catalog.base_models[kitchen.base_model]
        in_tenant = pulumi.ResourceOptions.merge(
            self.on_cluster, pulumi.ResourceOptions(depends_on=[self.tenants[kitchen.tenant]])
        )
        volume = self._volume(kitchen, in_tenant)
        runtime = self._runtime(kitchen, in_tenant)
        needs: list[pulumi.Resource] = [self.tenants[kitchen.tenant], volume, runtime]
        if kitchen.adapters:
            needs.append(self._access(kitchen, in_tenant))
        pool = settings.gpu_pools[kitchen.pool]
        args = MultiLoraServiceArgs(
            namespace=namespace,
            kitchen=kitchen.name,
            runtime=runtime.runtime_name,
            runtime_sha256=runtime.sha256,
            storage_uri=volume.storage_uri,
            labels=labels,
            platform=self.platform,
            placement=Placement(
                product=pool.product,
                resource=pool.resource,
                taint=pool.taint,
                count=kitchen.runtime.tensor_parallel_size,
            ),
            model_gib=model.size_gib,
            replicas=kitchen.replicas,
            surge=kitchen.rollout == "surge",
            lora=LoraOptions(
                max_loras=kitchen.runtime.max_loras,
                max_lora_rank=kitchen.runtime.max_lora_rank,
                max_cpu_loras=kitchen.runtime.max_cpu_loras,
            ),
            fetch=self._fetch(kitchen) if kitchen.adapters else None,
        )
        MultiLoraService(
            kitchen.name,
            args,
            pulumi.ResourceOptions.merge(self.on_cluster, pulumi.ResourceOptions(depends_on=needs)),
        )
        adapters = [self.catalog.adapters[ref] for ref in kitchen.adapters]
        return {
            "namespace": namespace,
            "pool": kitchen.pool,
            "replicas": kitchen.replicas,
            "baseModel": kitchen.base_model,
            "adapters": list(kitchen.adapters),
            "models": [model.name, *(adapter.name for adapter in adapters)],
            "url": f"http://{naming.predictor(kitchen.name)}.{namespace}.svc/v1",
        }

    def _volume(self, kitchen: Kitchen, opts: pulumi.ResourceOptions) -> BaseModelVolume:
        """One volume a tenant and base model: kitchens of a tenant share it."""
        key = (kitchen.tenant, kitchen.base_model)
        if key not in self.volumes:
            model = self.catalog.base_models[kitchen.base_model]
            args = BaseModelVolumeArgs(
                namespace=naming.namespace(kitchen.tenant, self.settings.environment),
                base_model=model.ref,
                size_gib=model.size_gib,
                storage_class=self.settings.storage.class_name,
                access_mode=self.settings.storage.access_mode,
                labels=self._ownership(kitchen.tenant).labels(model.name),
                protect=self.settings.protect,
            )
            name = f"{kitchen.tenant}-{naming.base_model_claim(kitchen.base_model)}"
            self.volumes[key] = BaseModelVolume(name, args, opts)
        return self.volumes[key]

    def _runtime(self, kitchen: Kitchen, opts: pulumi.ResourceOptions) -> VllmRuntime:
        said = kitchen.runtime
        model = self.catalog.base_models[kitchen.base_model]
        args = VllmRuntimeArgs(
            namespace=naming.namespace(kitchen.tenant, self.settings.environment),
            kitchen=kitchen.name,
            image=self.catalog.images[said.image].reference(self.settings.registry),
            labels=self._ownership(kitchen.tenant).labels(kitchen.name),
            platform=self.platform,
            options=VllmOptions(
                served_model_name=model.name,
                max_model_len=said.max_model_len,
                max_num_seqs=said.concurrency,
                gpu_memory_utilization=said.gpu_memory_utilization,
                tensor_parallel_size=said.tensor_parallel_size,
                dtype=said.dtype,
            ),
            model_gib=model.size_gib,
        )
        return VllmRuntime(kitchen.name, args, opts)

    def _access(self, kitchen: Kitchen, opts: pulumi.ResourceOptions) -> BucketAccess:
        store = self.settings.object_store
        mode: Literal["minio", "existing", "placeholder"] = "existing" if store.kind == "s3" else "minio"
        args = BucketAccessArgs(
            endpoint=store.endpoint,
            region=store.region,
            bucket=naming.bucket(store.bucket_prefix, "lora"),
            prefixes=[f"{ref}/" for ref in kitchen.adapters],
            namespace=naming.namespace(kitchen.tenant, self.settings.environment),
            secret_name=naming.reader_secret(kitchen.name),
            user=naming.reader_user(kitchen.name, kitchen.tenant, self.settings.environment),
            labels=self._ownership(kitchen.tenant).labels(kitchen.name),
            mode="placeholder" if mode == "minio" and self.settings.render_to is not None else mode,
            existing_secret=store.existing_secret,
        )
        if self.buckets:
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[self.buckets["lora"]]))
        return BucketAccess(kitchen.name, args, opts)

    def _fetch(self, kitchen: Kitchen) -> AdapterFetch:
        store = self.settings.object_store
        secret = store.existing_secret if store.kind == "s3" else None
        return AdapterFetch(
            image=self.catalog.images[FETCH_IMAGE].reference(self.settings.registry),
            script=self.script,
            bucket=naming.bucket(store.bucket_prefix, "lora"),
            endpoint=store.endpoint,
            region=store.region,
            secret=secret or naming.reader_secret(kitchen.name),
            ca_bundle=store.ca_bundle,
            adapters=[_source(self.catalog.adapters[ref]) for ref in kitchen.adapters],
        )


def _source(adapter: Adapter) -> AdapterSource:
    files = [AdapterFile(path=file.path, sha256=file.sha256, size_bytes=file.size_bytes) for file in adapter.files]
    return AdapterSource(name=adapter.name, version=adapter.version, files=files)


def _port(endpoint: str) -> int:
    parts = urlsplit(endpoint)
    return parts.port if parts.port is not None else 443 if parts.scheme == "https" else 80


def _warn_about_unchecked_images(settings: Settings, catalog: Catalog) -> None:
    used = {kitchen.runtime.image for kitchen in settings.kitchens.values()}
    if any(kitchen.adapters for kitchen in settings.kitchens.values()):
        used.add(FETCH_IMAGE)
    unchecked = sorted(name for name in used if name in catalog.images and not catalog.images[name].imported)
    if unchecked:
        pulumi.log.warn(f"images not yet compared with an import: {', '.join(unchecked)} (infra/catalog/images.yaml)")
