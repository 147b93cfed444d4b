"""What each kitchen needs of its GPUs' memory: settings and catalog put into `components.gpu.memory`."""

from __future__ import annotations

import math

from components.gpu import Fit, Load, fits
from components.gpu.memory import BATCHED_TOKENS_LARGE, GIB, compute_dtype, slot_bytes, weight_bytes
from components.gpu.products import real_memory_gib
from infra.catalog import BaseModel, Catalog
from infra.settings import GpuPool, Kitchen, Settings

_HEAD = ("KITCHEN", "POOL", "WEIGHTS", "LORA", "KV CACHE", "OTHER", "SUM", "OF", "%", "FULL CONTEXTS")
_KV_TYPES = {"fp8": 1.0, "fp8_e4m3": 1.0, "fp8_e5m2": 1.0, "fp8_inc": 1.0}


def memory_gib(pool: GpuPool) -> float:
    """Memory of one device of a pool: what is stated, but no more than a known product really has."""
    real = real_memory_gib(pool.product, pool.resource)
    return pool.memory_gib if real is None else min(pool.memory_gib, real)


def load_of(kitchen: Kitchen, pool: GpuPool, model: BaseModel) -> Load:
    """What the kitchen asks of one GPU of a pool."""
    said = kitchen.runtime
    dtype, quantization = compute_dtype(said.dtype, model.dtype), said.quantization or model.quantization
    return Load(
        memory_gib=memory_gib(pool),
        utilization=said.gpu_memory_utilization,
        tensor_parallel=said.tensor_parallel_size,
        dtype=dtype,
        quantization=quantization,
        kv_bytes=_KV_TYPES.get(said.kv_cache_dtype or "", 2.0),
        max_loras=said.max_loras if kitchen.adapters else 0,
        max_lora_rank=said.max_lora_rank,
        max_model_len=said.max_model_len,
        concurrency=said.concurrency,
        tokens_per_request=tokens_per_request(kitchen),
        batched_tokens=_batched_tokens(kitchen),
        weights=_weights(model, dtype, quantization),
    )


def _weights(model: BaseModel, dtype: str, quantization: str | None) -> float | None:
    """Bytes of the weights as the server holds them: those of the files, in another type or quantized in proportion.

    None for a stand-in, whose files are not those of the model that it stands for.
    """
    if model.stand_in:
        return None
    files = sum(file.size_bytes for file in model.files if file.path.endswith(".safetensors"))
    stored = weight_bytes(model.shape, model.dtype, model.quantization)
    return files * weight_bytes(model.shape, dtype, quantization) / stored if files else None


def spare_lora_gib(kitchen: Kitchen, model: BaseModel) -> int:
    """Main memory, in whole GiB, for adapters that the server keeps there beside those that run: maxCpuLoras.

    Each GPU's process keeps them whole (vllm/lora/model_manager.py). In hot mode any number may come.
    """
    said = kitchen.runtime
    kept = said.max_cpu_loras or 0
    spare = (kept if kitchen.hot else min(kept, len(kitchen.adapters))) - said.max_loras
    one = slot_bytes(model.shape, said.max_lora_rank, compute_dtype(said.dtype, model.dtype))
    return math.ceil(max(0, spare) * one * said.tensor_parallel_size / GIB)


def tokens_per_request(kitchen: Kitchen) -> int:
    """Tokens that a request holds on average: what is stated, or the longest context."""
    said = kitchen.runtime
    return min(said.tokens_per_request or said.max_model_len, said.max_model_len)


def fit_of(kitchen: Kitchen, pool: GpuPool, catalog: Catalog) -> Fit:
    """How the kitchen fits into one GPU of a pool."""
    model = catalog.base_models[kitchen.base_model]
    return fits(model.shape, load_of(kitchen, pool, model))


def memory_table(settings: Settings, catalog: Catalog) -> str:
    """One line a kitchen, in GiB of one GPU; empty without kitchens."""
    rows: list[tuple[str, ...]] = [_HEAD]
    for kitchen in settings.kitchens.values():
        fit = fit_of(kitchen, settings.gpu_pools[kitchen.pool], catalog)
        parts = (fit.weights, fit.loras, fit.kv_cache, fit.overhead, fit.total, fit.budget)
        figures = (*(f"{part:.1f}" for part in parts), f"{fit.percent:.0f}", str(fit.full_contexts))
        rows.append((kitchen.name, kitchen.pool, *figures))
    if len(rows) == 1:
        return ""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _batched_tokens(kitchen: Kitchen) -> int | None:
    """Tokens of one step where they are stated; a prefill that is not chunked is one (vllm/engine/arg_utils.py)."""
    said = kitchen.runtime
    if said.batched_tokens is not None:
        return said.batched_tokens
    return None if said.chunked_prefill is not False else max(said.max_model_len, BATCHED_TOKENS_LARGE)
