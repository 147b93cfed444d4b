"""What of a kitchen's server decides its memory and stands in further flags: one function for each, one place to read.

A setting of its own for one of them is read here, and nowhere else.
"""

from __future__ import annotations

import json

from infra.settings import Kitchen

_BATCH_UNCHUNKED = 8192
"""Tokens of one step at least where a prefill is not cut (vllm/engine/arg_utils.py)."""

_ITEMS = 999
"""How many pictures or videos a request may bring where nothing says it (vllm/config/multimodal.py)."""


def kv_cache_dtype(kitchen: Kitchen) -> str:
    """The type of cached keys and values; `auto` is the one that the model computes in."""
    return _flag(kitchen, "kv-cache-dtype") or "auto"


def prefix_caching(kitchen: Kitchen) -> bool | None:
    """Whether prefixes are cached; None where nothing says it. In hot mode they are not (ADR 0012)."""
    if kitchen.hot or _switched(kitchen, "no-enable-prefix-caching"):
        return False
    return True if _switched(kitchen, "enable-prefix-caching") else None


def fully_sharded(kitchen: Kitchen) -> bool:
    """Whether both matrices of each LoRA slot are split over the GPUs."""
    return _switched(kitchen, "fully-sharded-loras")


def expert_parallel(kitchen: Kitchen) -> bool:
    """Whether whole experts are divided among the GPUs."""
    return _switched(kitchen, "enable-expert-parallel")


def hybrid_manager(kitchen: Kitchen) -> bool:
    """Whether windows bound what is kept."""
    return not _switched(kitchen, "disable-hybrid-kv-cache-manager")


def eager(kitchen: Kitchen) -> bool:
    """Whether the server captures no CUDA graphs."""
    return _switched(kitchen, "enforce-eager")


def speculative_tokens(kitchen: Kitchen) -> int:
    """Tokens that are guessed at a time; 0 without speculation."""
    said = _flag(kitchen, "spec-tokens") or ""
    return int(said) if said.isdecimal() else 0


def batched_tokens(kitchen: Kitchen) -> int | None:
    """Tokens of one step where flags say them; a prefill that is not chunked is one (vllm/engine/arg_utils.py)."""
    text = _flag(kitchen, "max-num-batched-tokens")
    if text and text.isdecimal():
        return int(text)
    if not _switched(kitchen, "no-enable-chunked-prefill"):
        return None
    return max(kitchen.runtime.max_model_len, _BATCH_UNCHUNKED)


def items(kitchen: Kitchen, kind: str) -> int:
    """How many pictures (`image`) or videos (`video`) a request may bring; 0 where none is profiled either."""
    if _switched(kitchen, "language-model-only") or _switched(kitchen, "skip-mm-profiling"):
        return 0
    said = _flag(kitchen, f"limit-mm-per-prompt.{kind}")
    if said is not None:
        return int(said) if said.isdecimal() else _ITEMS
    try:
        limits = json.loads(_flag(kitchen, "limit-mm-per-prompt") or "{}")
    except ValueError:
        return _ITEMS
    limit = limits.get(kind, _ITEMS) if isinstance(limits, dict) else _ITEMS
    limit = limit.get("count", _ITEMS) if isinstance(limit, dict) else limit
    return limit if type(limit) is int else _ITEMS


def _flag(kitchen: Kitchen, name: str) -> str | None:
    """The value of a further flag, empty where it has none; None where it is not given. The last one counts."""
    found = None
    for entry in kitchen.runtime.extra_args:
        key, _, value = entry.partition("=")
        if key.lstrip("-").replace("_", "-") == name:
            found = value
    return found


def _switched(kitchen: Kitchen, name: str) -> bool:
    return _flag(kitchen, name) is not None
