"""What each kitchen needs of its GPUs' memory: settings and catalog put into `components.gpu_memory`."""

from __future__ import annotations

from components.gpu_memory import Fit, Load, compute_dtype, fits
from components.gpu_products import real_memory_gib
from infra.catalog import Catalog
from infra.settings import GpuPool, Kitchen, Settings

_HEAD = ("KITCHEN", "POOL", "WEIGHTS", "LORA", "KV CACHE", "OTHER", "SUM", "OF", "%", "FULL CONTEXTS")
_KV_TYPES = {"fp8": 1.0, "fp8_e4m3": 1.0, "fp8_e5m2": 1.0, "fp8_inc": 1.0}


def memory_gib(pool: GpuPool) -> float:
    """Memory of one device of a pool: what is stated, but no more than a known product really has."""
    real = real_memory_gib(pool.product, pool.resource)
    return pool.memory_gib if real is None else min(pool.memory_gib, real)


def load_of(kitchen: Kitchen, pool: GpuPool, model_dtype: str) -> Load:
    """What the kitchen asks of one GPU of a pool."""
    said = kitchen.runtime
    return Load(
        memory_gib=memory_gib(pool),
        utilization=said.gpu_memory_utilization,
        tensor_parallel=said.tensor_parallel_size,
        dtype=compute_dtype(said.dtype, model_dtype),
        quantization=said.quantization,
        kv_bytes=_KV_TYPES.get(_flag(kitchen, "kv-cache-dtype") or "", 2.0),
        max_loras=said.max_loras if kitchen.adapters else 0,
        max_lora_rank=said.max_lora_rank,
        max_model_len=said.max_model_len,
        concurrency=said.concurrency,
        tokens_per_request=tokens_per_request(kitchen),
        batched_tokens=_number(_flag(kitchen, "max-num-batched-tokens")),
    )


def tokens_per_request(kitchen: Kitchen) -> int:
    """Tokens that a request holds on average: what is stated, or the longest context."""
    said = kitchen.runtime
    return min(said.tokens_per_request or said.max_model_len, said.max_model_len)


def fit_of(kitchen: Kitchen, pool: GpuPool, catalog: Catalog) -> Fit:
    """How the kitchen fits into one GPU of a pool."""
    model = catalog.base_models[kitchen.base_model]
    return fits(model.shape, load_of(kitchen, pool, model.dtype))


def memory_table(settings: Settings, catalog: Catalog) -> str:
    """One line a kitchen, in GiB of one GPU; empty without kitchens."""
    rows: list[tuple[str, ...]] = [_HEAD]
    for kitchen in settings.kitchens.values():
        fit = fit_of(kitchen, settings.gpu_pools[kitchen.pool], catalog)
        parts = (fit.weights, fit.loras, fit.kv_cache, fit.overhead, fit.total, fit.budget)
        full = fit.kv_tokens // fit.longest_tokens
        rows.append((kitchen.name, kitchen.pool, *(f"{part:.1f}" for part in parts), f"{fit.percent:.0f}", str(full)))
    if len(rows) == 1:
        return ""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _flag(kitchen: Kitchen, name: str) -> str | None:
    for entry in kitchen.runtime.extra_args:
        key, _, value = entry.partition("=")
        if key.lstrip("-").replace("_", "-") == name:
            return value
    return None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
