"""Rules about GPU memory: a server that would not start, or would keep its callers waiting, is a fault now."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from components.gpu import Fit
from components.gpu.memory import FITS_NOT
from components.gpu.memory_shape import can_split
from components.gpu.products import PRODUCTS_MIB, mig_profile
from infra.catalog import BaseModel, Catalog
from infra.faults import Fault
from infra.memory import fit_of, not_counted, tokens_per_request
from infra.runtime_settings import Runtime
from infra.settings import GpuPool, Kitchen, Settings

_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
_MIG_RESOURCE = re.compile(r"nvidia\.com/mig-\d+g\.\d+gb(\.me(\.all)?|\.gfx)?")


def gpu_memory_faults(settings: Settings, catalog: Catalog) -> Iterator[Fault]:
    """Each kitchen must fit into its pool's GPUs; what would fit instead is said with numbers."""
    for pool in settings.gpu_pools.values():
        yield from _pool_faults(pool)
    for kitchen in settings.kitchens.values():
        model = catalog.base_models.get(kitchen.base_model)
        if model is not None and kitchen.pool in settings.gpu_pools:
            shape_faults = list(_shape_faults(settings, kitchen, model))
            yield from shape_faults or _fit_faults(settings, catalog, kitchen)


def _pool_faults(pool: GpuPool) -> Iterator[Fault]:
    """Product and device have the names that nodes really carry: with another one every pod would stay Pending."""
    path = f"gpuPools.{pool.name}"
    known = next((name for name in PRODUCTS_MIB if name.casefold() == pool.product.casefold()), pool.product)
    if known != pool.product:
        rule = "a node's label is compared letter by letter, capitals included"
        yield Fault(path=f"{path}.product", value=pool.product, rule=rule, example=known)
    if not pool.resource.startswith("nvidia.com/mig-"):
        return
    if not _MIG_RESOURCE.fullmatch(pool.resource):
        rule = "a MIG device is named by its profile"
        yield Fault(path=f"{path}.resource", value=pool.resource, rule=rule, example="nvidia.com/mig-3g.40gb")
    elif "-MIG-" in pool.product:
        rule = (
            f"the product {pool.product} is that of MIG strategy single, whose devices are nvidia.com/gpu; with "
            "strategy mixed the product is the whole GPU's"
        )
        example = f"no resource, or product: {pool.product.partition('-MIG-')[0]}"
        yield Fault(path=f"{path}.resource", value=pool.resource, rule=rule, example=example)


def _shape_faults(settings: Settings, kitchen: Kitchen, model: BaseModel) -> Iterator[Fault]:
    said, shape, path = kitchen.runtime, model.shape, f"kitchens.{kitchen.name}.runtime"
    longest = shape.longest_context()
    if said.max_model_len > longest:
        yield Fault(
            path=f"{path}.maxModelLen",
            value=said.max_model_len,
            rule=f"{model.ref} knows contexts of {longest} tokens at most: vLLM refuses to start",
            example=f"maxModelLen: {longest}",
        )
    if said.tokens_per_request is not None and said.tokens_per_request > said.max_model_len:
        yield Fault(
            path=f"{path}.tokensPerRequest",
            value=said.tokens_per_request,
            rule=f"a request holds at most maxModelLen ({said.max_model_len}) tokens",
            example=f"tokensPerRequest: {said.max_model_len}",
        )
    parallel = said.tensor_parallel_size
    if not can_split(shape, parallel):
        sizes = [n for n in range(1, 17) if can_split(shape, n)]
        yield Fault(
            path=f"{path}.tensorParallelSize",
            value=parallel,
            rule=f"must split the {shape.attention_heads} query and {shape.kv_heads} key-value heads of {model.ref}: "
            f"{sizes}",
            example=f"tensorParallelSize: {max(n for n in sizes if n <= parallel)}",
        )
    pool = settings.gpu_pools[kitchen.pool]
    profile = mig_profile(pool.product, pool.resource)
    if profile and parallel > 1:
        rule = f"pool {pool.name} has MIG slices ({profile}), which cannot exchange data: a server runs in one slice"
        yield Fault(path=f"{path}.tensorParallelSize", value=parallel, rule=rule, example="tensorParallelSize: 1")
    elif pool.gpus_per_node is not None and parallel > pool.gpus_per_node:
        rule = f"a server is one pod, a node of pool {pool.name} has {pool.gpus_per_node} GPUs: it would stay Pending"
        fitting = [n for n in range(1, pool.gpus_per_node + 1) if can_split(shape, n)]
        example = f"tensorParallelSize: {max(fitting)}"
        yield Fault(path=f"{path}.tensorParallelSize", value=parallel, rule=rule, example=example)


def _most_gpus(pool: GpuPool) -> int:
    """GPUs that one pod can have in a pool."""
    if mig_profile(pool.product, pool.resource):
        return 1
    return pool.gpus if pool.gpus_per_node is None else pool.gpus_per_node


def _fit_faults(settings: Settings, catalog: Catalog, kitchen: Kitchen) -> Iterator[Fault]:
    pool = settings.gpu_pools[kitchen.pool]
    fit = fit_of(kitchen, pool, catalog)
    if fit.verdict == FITS_NOT:
        missing = not_counted(kitchen, catalog.base_models[kitchen.base_model])
        beside = f"; not counted: {', '.join(missing)}" if missing else ""
        yield Fault(
            path=f"kitchens.{kitchen.name}.runtime",
            value=f"{fit.percent:.0f}% of pool {pool.name}",
            rule=f"one GPU of {pool.product} gives {fit.budget:.1f} GiB at gpuMemoryUtilization "
            f"{kitchen.runtime.gpu_memory_utilization:g}, needed are {_parts(kitchen, fit)}{beside}",
            example=" or ".join(_remedies(settings, catalog, kitchen)) or "a GPU pool with more memory",
        )


def _parts(kitchen: Kitchen, fit: Fit) -> str:
    tokens = tokens_per_request(kitchen)
    said = kitchen.runtime
    return (
        f"{fit.total:.1f}: weights {fit.weights:.1f}, LoRA slots {fit.loras:.1f} ({said.max_loras} of rank "
        f"{said.max_lora_rank}), KV cache {fit.kv_cache:.1f} ({said.concurrency} requests of {tokens} tokens, or one "
        f"of {said.max_model_len}), other {fit.other.low:.1f} to {fit.other.high:.1f}"
    )


def _remedies(settings: Settings, catalog: Catalog, kitchen: Kitchen) -> Iterator[str]:
    """Single changes that would make it fit, as they would be written."""

    def fit_with(**changes: object) -> bool:
        runtime: Runtime = replace(kitchen.runtime, **changes)  # type: ignore[arg-type]  # fields of one type each
        return fit_of(replace(kitchen, runtime=runtime), settings.gpu_pools[kitchen.pool], catalog).fits

    said = kitchen.runtime
    for key, field, start in (
        ("tokensPerRequest", "tokens_per_request", tokens_per_request(kitchen)),
        ("concurrency", "concurrency", said.concurrency),
        ("maxModelLen", "max_model_len", said.max_model_len),
        ("maxLoras", "max_loras", said.max_loras),
    ):
        best = _largest(start, lambda value, field=field: fit_with(**{field: value}))  # type: ignore[misc]  # default binds it
        if best is not None and (key != "maxLoras" or kitchen.adapters):
            yield f"{key}: {best}"
    adapters = [catalog.adapters[ref].rank for ref in kitchen.adapters if ref in catalog.adapters]
    ranks = [rank for rank in _RANKS if max(adapters, default=1) <= rank < said.max_lora_rank]
    if adapters and (rank := next((r for r in reversed(ranks) if fit_with(max_lora_rank=r)), None)):
        yield f"maxLoraRank: {rank}"
    shape, pool = catalog.base_models[kitchen.base_model].shape, settings.gpu_pools[kitchen.pool]
    sizes = [n for n in (2, 4, 8) if said.tensor_parallel_size < n <= _most_gpus(pool) and can_split(shape, n)]
    if size := next((n for n in sizes if fit_with(tensor_parallel_size=n)), None):
        yield f"tensorParallelSize: {size}"
    for name, other in settings.gpu_pools.items():
        enough = said.tensor_parallel_size <= _most_gpus(other)
        if name != kitchen.pool and enough and fit_of(kitchen, other, catalog).fits:
            yield f"pool: {name}"


def _largest(start: int, fits: Callable[[int], bool]) -> int | None:
    """The largest value below `start` that fits, by halves; None if not even 1 does."""
    if not fits(1):
        return None
    low, high = 1, start
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
