"""Rules about what pools, quotas and volumes hold."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from components.gpu import sizing
from infra.catalog import BaseModel, Catalog
from infra.faults import Fault
from infra.memory import spare_lora_gib
from infra.rules.common import exceeded
from infra.settings import Kitchen, Settings


def capacity_faults(settings: Settings, catalog: Catalog) -> Iterator[Fault]:
    """Pools and quotas must hold all kitchens during a rollout."""
    for name, pool in settings.gpu_pools.items():
        used = sum(kitchen.peak_gpus for kitchen in settings.kitchens.values() if kitchen.pool == name)
        yield from exceeded(f"gpuPools.{name}.gpus", pool.gpus, used, "GPUs")
    for name, tenant in settings.tenants.items():
        kitchens = settings.kitchens_of(name)
        quota, path = tenant.quota, f"tenants.{name}.quota"
        held = [ref for ref in settings.held(name) if ref in catalog.base_models]
        loads = len(held)
        yield from exceeded(f"{path}.gpus", quota.gpus, sum(k.peak_gpus for k in kitchens), "GPUs")
        proxy = settings.platform.openshift_ai
        cores = math.ceil(sum(_cpu(kitchen, proxy=proxy) for kitchen in kitchens)) + loads * sizing.LOAD_CPU
        yield from exceeded(f"{path}.cpu", quota.cpu, cores, "CPU cores")
        known = [kitchen for kitchen in kitchens if kitchen.base_model in catalog.base_models]
        memory = sum(_memory_gib(k, catalog.base_models[k.base_model], proxy=proxy) for k in known)
        memory = math.ceil(memory) + loads * sizing.LOAD_MEMORY_GIB
        yield from exceeded(f"{path}.memoryGiB", quota.memory_gib, memory, "GiB of memory")
        volumes = sum(catalog.base_models[ref].size_gib for ref in held)
        yield from exceeded(f"{path}.storageGiB", quota.storage_gib, volumes, "GiB of volumes")


def storage_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """A volume that one node alone can mount serves one pod."""
    if settings.storage.access_mode != "ReadWriteOnce":
        return
    pods: Counter[tuple[str, str]] = Counter()
    for kitchen in settings.kitchens.values():
        pods[kitchen.tenant, kitchen.base_model] += kitchen.peak_replicas
    for (tenant, base_model), count in pods.items():
        if count > 1:
            rule = f"up to {count} pods of tenant {tenant} mount {base_model}, on any node (rollout: surge adds one)"
            yield Fault(path="storage.accessMode", value="ReadWriteOnce", rule=rule, example="ReadWriteMany")


def _cpu(kitchen: Kitchen, *, proxy: bool) -> float:
    beside = (sizing.SIDECAR_CPU if kitchen.hot else 0) + (sizing.PROXY_CPU if proxy else 0)
    return kitchen.peak_replicas * (sizing.server_cpu(kitchen.runtime.tensor_parallel_size) + beside)


def _memory_gib(kitchen: Kitchen, model: BaseModel, *, proxy: bool) -> float:
    beside = (sizing.SIDECAR_MEMORY_GIB if kitchen.hot else 0) + (sizing.PROXY_MEMORY_GIB if proxy else 0)
    return kitchen.peak_replicas * (sizing.server_memory_gib(model.size_gib, spare_lora_gib(kitchen, model)) + beside)
