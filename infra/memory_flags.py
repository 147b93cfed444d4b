"""What of a kitchen's server decides its memory: one function for each, one place to read."""

from __future__ import annotations

from infra.settings import Kitchen

_BATCH_UNCHUNKED = 8192
"""Tokens of one step at least where a prefill is not cut (vllm/engine/arg_utils.py)."""

_ITEMS = 999
"""How many pictures or videos a request may bring where nothing says it (vllm/config/multimodal.py)."""


def kv_cache_dtype(kitchen: Kitchen) -> str:
    """The type of cached keys and values; `auto` is the one that the model computes in."""
    return kitchen.runtime.kv_cache_dtype or "auto"


def prefix_caching(kitchen: Kitchen) -> bool | None:
    """Whether prefixes are cached; None where nothing says it: then not in hot mode (ADR 0012)."""
    said = kitchen.runtime.prefix_caching
    return False if said is None and kitchen.hot else said


def fully_sharded(kitchen: Kitchen) -> bool:
    """Whether both matrices of each LoRA slot are split over the GPUs."""
    return kitchen.runtime.fully_sharded_loras


def expert_parallel(kitchen: Kitchen) -> bool:
    """Whether whole experts are divided among the GPUs."""
    return kitchen.runtime.expert_parallel


def hybrid_manager(kitchen: Kitchen) -> bool:
    """Whether windows bound what is kept."""
    return not _switched(kitchen, "disable-hybrid-kv-cache-manager")


def eager(kitchen: Kitchen) -> bool:
    """Whether the server captures no CUDA graphs."""
    return _switched(kitchen, "enforce-eager")


def speculative_tokens(kitchen: Kitchen) -> int:
    """Tokens that are guessed at a time; 0 without speculation."""
    said = kitchen.runtime.speculation
    return 0 if said is None else said.tokens


def batched_tokens(kitchen: Kitchen) -> int | None:
    """Tokens of one step where they are stated; a prefill that is not chunked is one (vllm/engine/arg_utils.py)."""
    said = kitchen.runtime
    if said.batched_tokens is not None:
        return said.batched_tokens
    return None if said.chunked_prefill is not False else max(said.max_model_len, _BATCH_UNCHUNKED)


def items(kitchen: Kitchen, kind: str) -> int:
    """How many pictures (`image`) or videos (`video`) a request may bring.

    --skip-mm-profiling changes nothing: pictures are encoded, only vLLM does not keep memory free for it.
    """
    if _switched(kitchen, "language-model-only"):
        return 0
    return (kitchen.runtime.multimodal or {}).get(kind, _ITEMS)


def _switched(kitchen: Kitchen, name: str) -> bool:
    return any(word.lstrip("-").replace("_", "-") == name for word in kitchen.runtime.further_args)
