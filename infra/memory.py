"""What each kitchen needs of its GPUs' memory: settings and catalog put into `components.gpu.memory`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from components.gpu import Fit, Load, ModelShape, fits
from components.gpu.memory import FITS, FITS_NOT, compute_dtype
from components.gpu.memory_lora import slot_bytes
from components.gpu.memory_shape import GIB
from components.gpu.memory_versions import DEFAULT_VERSION, Estimate
from components.gpu.memory_weights import linear_bytes, weight_bytes
from components.gpu.products import real_memory_gib
from infra import memory_flags
from infra.catalog import BaseModel, Catalog
from infra.memory_words import uncounted_flags
from infra.settings import GpuPool, Kitchen, Settings

LEGEND = (
    "OTHER is estimated, with both ends: libraries, activations, CUDA graphs. OF: what a server may take.\n"
    "FULL CONTEXTS: requests of maxModelLen tokens that fit at once. More: docs/runbook.md, will it fit."
)
"""What a reader of the table needs, below it."""

_HEAD = ("KITCHEN", "POOL", "WEIGHTS", "LORA", "KV CACHE", "OTHER", "SUM", "OF", "%", "FULL CONTEXTS", "VERDICT")
_AGREE = 0.08
"""How far files may be from what a model of that shape has, as a share, and still be taken for one."""


def memory_gib(pool: GpuPool) -> float:
    """Memory of one device of a pool: what is stated, but no more than a known product really has."""
    real = real_memory_gib(pool.product, pool.resource)
    return pool.memory_gib if real is None else min(pool.memory_gib, real)


def load_of(kitchen: Kitchen, pool: GpuPool, model: BaseModel, version: str = DEFAULT_VERSION) -> Load:
    """What the kitchen asks of one GPU of a pool; `version` is that of vLLM."""
    said = kitchen.runtime
    dtype, quantization = compute_dtype(said.dtype, model.dtype), said.quantization or model.quantization
    return Load(
        memory_gib=memory_gib(pool),
        product=pool.product,
        version=version,
        utilization=said.gpu_memory_utilization,
        tensor_parallel=said.tensor_parallel_size,
        dtype=dtype,
        quantization=quantization,
        kv_cache_dtype=memory_flags.kv_cache_dtype(kitchen),
        max_loras=said.max_loras if kitchen.adapters else 0,
        max_lora_rank=said.max_lora_rank,
        max_model_len=said.max_model_len,
        concurrency=said.concurrency,
        tokens_per_request=tokens_per_request(kitchen),
        batched_tokens=memory_flags.batched_tokens(kitchen),
        weights=_weights(model, dtype, quantization),
        prefix_caching=memory_flags.prefix_caching(kitchen),
        fully_sharded_loras=memory_flags.fully_sharded(kitchen),
        expert_parallel=memory_flags.expert_parallel(kitchen),
        hybrid_manager=memory_flags.hybrid_manager(kitchen),
        eager=memory_flags.eager(kitchen),
        speculative_tokens=memory_flags.speculative_tokens(kitchen),
        media=memory_flags.items(kitchen, "image") + memory_flags.items(kitchen, "video") > 0,
        videos=memory_flags.items(kitchen, "video") > 0,
        certain=_certain(model),
    )


def counted_shape(model: BaseModel) -> ModelShape:
    """The model's shape; with a part of it that is not known where the files have more than the shape says."""
    if _certain(model):
        return model.shape
    return replace(model.shape, uncounted=("parts beyond the layers that its entry names", *model.shape.uncounted))


def not_counted(kitchen: Kitchen, model: BaseModel) -> tuple[str, ...]:
    """Parts of the model and flags of the server whose memory is not in the sum, each by name."""
    named = () if model.shape.architecture else ("kinds of layers and other parts: its entry names no architecture",)
    return (*named, *counted_shape(model).uncounted, *uncounted_flags(kitchen))


def version_of(kitchen: Kitchen, catalog: Catalog) -> str:
    """The version of vLLM that the kitchen's image has."""
    image = catalog.images.get(kitchen.runtime.image)
    return DEFAULT_VERSION if image is None else image.version


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
    return fits(counted_shape(model), load_of(kitchen, pool, model, version_of(kitchen, catalog)))


def memory_table(settings: Settings, catalog: Catalog) -> str:
    """One line a kitchen, in GiB of one GPU, estimates with both ends; then what is not counted.

    Empty without kitchens. No line says that a kitchen fits without naming what is not in its sum.
    """
    rows: list[tuple[str, ...]] = [_HEAD]
    notes = []
    for kitchen in settings.kitchens.values():
        fit = fit_of(kitchen, settings.gpu_pools[kitchen.pool], catalog)
        rows.append((kitchen.name, kitchen.pool, *_figures(fit)))
        if parts := not_counted(kitchen, catalog.base_models[kitchen.base_model]):
            notes.append(f"not counted for {kitchen.name}: {', '.join(parts)}")
    if len(rows) == 1:
        return ""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    if notes:
        notes.append("What is not counted comes on top of SUM: the verdict is without it.")
    return "\n".join([*lines, *notes])


def tight_kitchens(settings: Settings, catalog: Catalog) -> Iterator[str]:
    """A sentence for each kitchen that may not start: whether it does is decided within what is estimated."""
    for kitchen in settings.kitchens.values():
        fit = fit_of(kitchen, settings.gpu_pools[kitchen.pool], catalog)
        if fit.verdict in (FITS, FITS_NOT):
            continue
        yield (
            f"kitchen {kitchen.name} is tight on one GPU of pool {kitchen.pool}: it may take {fit.budget:.1f} GiB and "
            f"needs {fit.at_least:.1f} to {fit.at_most:.1f} by the estimate{_beyond(kitchen, catalog)}. "
            "It may not start: start it on one node first, and read `Available KV cache memory` in its log"
        )


def _beyond(kitchen: Kitchen, catalog: Catalog) -> str:
    """That a sum is without parts, where it is; the table names them."""
    return ", without what is not counted" if not_counted(kitchen, catalog.base_models[kitchen.base_model]) else ""


def _figures(fit: Fit) -> Iterator[str]:
    yield from (f"{fit.weights:.1f}", f"{fit.loras:.1f}", f"{fit.kv_cache:.1f}")
    yield _estimate(fit.other)
    yield _ends(fit.at_least, fit.at_most)
    yield from (f"{fit.budget:.1f}", f"{fit.percent:.0f}", str(int(fit.full_contexts)), fit.verdict)


def _estimate(part: Estimate) -> str:
    return _ends(part.low, part.high)


def _ends(low: float, high: float) -> str:
    return f"{low:.1f}-{high:.1f}"


def _weights(model: BaseModel, dtype: str, quantization: str | None) -> float | None:
    """Bytes of the weights as the server holds them: those of the files, in another type or quantized in proportion.

    None for a stand-in, whose files are not those of the model that it stands for.
    """
    if model.stand_in:
        return None
    files = _file_bytes(model)
    stored = weight_bytes(model.shape, model.dtype, model.quantization)
    return files * weight_bytes(model.shape, dtype, quantization) / stored if files else None


def _file_bytes(model: BaseModel) -> float:
    return float(sum(file.size_bytes for file in model.files if file.path.endswith(".safetensors")))


def _certain(model: BaseModel) -> bool:
    """Whether the layers are as counted: the entry names the architecture, or its files are as large as such layers.

    A model with other layers, or with an encoder, has files of another size than its numbers give for a plain one.
    """
    files = _file_bytes(model)
    if model.shape.architecture or model.stand_in or not files:
        return True
    known = linear_bytes(model.dtype, model.quantization, model.shape.quantized_bits)
    methods = (model.quantization,) if known is not None else ("modelopt_fp4", "fp8")
    sizes = (weight_bytes(model.shape, model.dtype, method) for method in methods)
    return any(abs(files / size - 1) <= _AGREE for size in sizes)
