"""Rules about what pools, quotas and volumes hold."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from components import sizing
from infra.catalog import Catalog
from infra.faults import Fault
from infra.rules.common import exceeded
from infra.settings import Kitchen, Settings


def capacity_faults(settings: Settings, catalog: Catalog) -> Iterator[Fault]:
    """Pools and quotas must hold all kitchens during a rollout."""
    for name, pool in settings.gpu_pools.items():
        used = sum(kitchen.peak_gpus for kitchen in settings.kitchens.values() if kitchen.pool == name)
        yield from exceeded(f"gpuPools.{name}.gpus", pool.gpus, used, "GPUs")
    for name, tenant in settings.tenants.items():
        kitchens = [kitchen for kitchen in settings.kitchens.values() if kitchen.tenant == name]
        quota, path = tenant.quota, f"tenants.{name}.quota"
        held = [ref for ref in settings.held(name) if ref in catalog.base_models]
        loads = len(held)
        yield from exceeded(f"{path}.gpus", quota.gpus, sum(k.peak_gpus for k in kitchens), "GPUs")
        cores = math.ceil(sum(map(_cpu, kitchens))) + loads * sizing.LOAD_CPU
        yield from exceeded(f"{path}.cpu", quota.cpu, cores, "CPU cores")
        known = [kitchen for kitchen in kitchens if kitchen.base_model in catalog.base_models]
        sizes = {kitchen.base_model: catalog.base_models[kitchen.base_model].size_gib for kitchen in known}
        memory = math.ceil(sum(_memory_gib(k, sizes[k.base_model]) for k in known)) + loads * sizing.LOAD_MEMORY_GIB
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


def _cpu(kitchen: Kitchen) -> float:
    sidecar = sizing.SIDECAR_CPU if kitchen.hot else 0
    return kitchen.peak_replicas * (sizing.server_cpu(kitchen.runtime.tensor_parallel_size) + sidecar)


def _memory_gib(kitchen: Kitchen, model_gib: int) -> float:
    sidecar = sizing.SIDECAR_MEMORY_GIB if kitchen.hot else 0
    return kitchen.peak_replicas * (sizing.server_memory_gib(model_gib) + sidecar)
