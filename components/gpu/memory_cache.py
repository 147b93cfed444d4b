"""Keys, values and states: what requests keep on a GPU, in the blocks in which vLLM hands it out.

Sources, all of vLLM 0.27.1: `vllm/v1/kv_cache_interface.py` (what a layer of each kind keeps), `vllm/v1/core/
kv_cache_utils.py` (get_kv_cache_groups, _get_kv_cache_groups_uniform_page_size: how layers of several kinds share one
pool; get_max_concurrency_for_kv_cache_config: the tokens that the log names) and `vllm/platforms/interface.py`
(_align_hybrid_block_size: blocks of attention as large as a state). Held against logs: blocks of 1,568 tokens and 2.31
contexts of talos-argocd-proxmox#1995, 4.33 contexts of club-3090#612.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from components.gpu.memory_shape import ModelShape, heads_on_one

BLOCK = 16
"""Tokens of a block where nothing asks for more (vllm/config/cache.py, DEFAULT_BLOCK_SIZE)."""

_PLAIN = {"bfloat16": 2.0, "float16": 2.0, "float32": 4.0}
_VALUE_BYTES = {
    "fp8": 1.0,
    "fp8_e4m3": 1.0,
    "fp8_e5m2": 1.0,
    "fp8_inc": 1.0,
    "fp8_ds_mla": 1.0,
    "fp8_per_token_head": 1.0,
    "int8_per_token_head": 1.0,
    "int4_per_token_head": 0.5,
    "nvfp4": 0.5625,
}
"""Bytes of a value in the cache; NVFP4 with an 8-bit scale for each 16 values (nvfp4_kv_cache_full_dim)."""

KV_CACHE_DTYPES = ("auto", "bfloat16", "float16", *_VALUE_BYTES)
"""Values of `--kv-cache-dtype` whose bytes are known here; others (turboquant) are counted as `auto`."""

_OWN_LAYOUT = "fp8_ds_mla"
_SPARSE_FP8_BYTES = 656
"""A token of latent attention in that layout, which sparse one has in every fp8: 512 values, their 4 scales, 64 in
bfloat16 (MLAAttentionSpec)."""


@dataclass(frozen=True, kw_only=True)
class CacheOptions:
    """What of a server's settings decides its cache.

    `prefix_caching` keeps more than one state of each request (vllm/model_executor/models/config.py, MambaModelConfig:
    two, or one for every block); without `hybrid_manager` windows save nothing (`--disable-hybrid-kv-cache-manager`);
    `in_flight` are the tokens that may be computed at once; for each of the `speculative` ones a state is kept more.
    """

    gpus: int
    dtype: str
    kv_cache_dtype: str = "auto"
    prefix_caching: bool = False
    hybrid_manager: bool = True
    in_flight: int = 0
    speculative: int = 0


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Layers of one kind: bytes that a token has in one of them; for states, bytes of a request's state."""

    layers: int
    token_bytes: float = 0.0
    window: int | None = None
    state_bytes: float = 0.0
    every_block: bool = False


@dataclass(frozen=True, kw_only=True)
class Pool:
    """The pool of one GPU: bytes of a block, and how many of them a request of so many tokens takes.

    `at_start` is what vLLM demands for the longest request, `running` what one takes while it answers; `keys` are only
    those of keys and values, in parts of blocks where requests have states. `states` tells whether they do.
    """

    block_bytes: float
    at_start: Callable[[int], int]
    running: Callable[[int], int]
    keys: Callable[[int], float]
    states: bool = False


def value_bytes(kv_cache_dtype: str, dtype: str) -> float:
    """Bytes of one cached value, without scales that stand beside it."""
    if kv_cache_dtype in _PLAIN:
        return _PLAIN[kv_cache_dtype]
    return _VALUE_BYTES.get(kv_cache_dtype, _PLAIN[dtype])


def kinds(shape: ModelShape, options: CacheOptions) -> list[Kind]:
    """The model's layers by what they keep on one of the GPUs."""
    if shape.kv_latent:
        found = _latent(shape, options)
    else:
        size = value_bytes(options.kv_cache_dtype, options.dtype)
        scales = 4.0 if options.kv_cache_dtype.endswith("_per_token_head") else 0.0
        found = [
            Kind(
                layers=part.layers,
                token_bytes=2 * heads_on_one(part.kv_heads, options.gpus) * (part.head_dim * size + scales),
                window=part.window,
            )
            for part in shape.attention_layers()
        ]
    if shape.recurrent is not None:
        state = shape.recurrent
        plain = _PLAIN[options.dtype]
        own = _PLAIN.get(state.state_type, plain)
        size = (state.conv_values * plain + state.state_values * own) / options.gpus
        found.append(Kind(layers=state.layers, state_bytes=size, every_block=state.every_block))
    return found


def pool(shape: ModelShape, options: CacheOptions) -> Pool:
    """How the cache of one GPU is handed out."""
    found = kinds(shape, options)
    windows = {kind.window for kind in found if not kind.state_bytes}
    states = any(kind.state_bytes for kind in found)
    if not states and (len(windows) <= 1 or not options.hybrid_manager):
        return _one_table(found, options, windows.pop() if len(windows) == 1 else None)
    return _shared(found, options)


def _latent(shape: ModelShape, options: CacheOptions) -> list[Kind]:
    """Latent attention keeps its latent on every GPU whole; the sparse one an 8-bit key and scale for its indexer."""
    sparse = bool(shape.index_head_dim)
    if options.kv_cache_dtype == _OWN_LAYOUT or (sparse and options.kv_cache_dtype.startswith("fp8")):
        token: float = _SPARSE_FP8_BYTES
    else:
        token = shape.kv_latent * value_bytes(options.kv_cache_dtype, options.dtype)
    # vllm/model_executor/models/deepseek_v2.py, Indexer: head_dim + head_dim // 128 * 4 bytes.
    token += shape.index_head_dim + shape.index_head_dim // 128 * 4
    layers = sum(part.layers for part in shape.attention) or shape.layers
    return [Kind(layers=layers, token_bytes=token)]


def _one_table(found: list[Kind], options: CacheOptions, window: int | None) -> Pool:
    """All layers keep the same tokens: one table of blocks, whatever the heads of each layer are."""
    block = BLOCK * sum(kind.layers * kind.token_bytes for kind in found)
    bounded = window if options.hybrid_manager or len(found) == 1 else None

    def at_start(tokens: int) -> int:
        return _blocks(tokens, bounded, options.in_flight, BLOCK)

    def running(tokens: int) -> int:
        return _blocks(tokens, bounded, 1, BLOCK)

    return Pool(block_bytes=block, at_start=at_start, running=running, keys=running)


def _shared(found: list[Kind], options: CacheOptions) -> Pool:
    """Layers of several kinds share one pool: groups of equally many layers, pages of equal size."""
    token_bytes = max(kind.token_bytes for kind in found) or 1.0
    state = max(kind.state_bytes for kind in found)
    # Attention's blocks become as large as a state, in whole blocks.
    block = BLOCK * max(1, math.ceil(state / (BLOCK * token_bytes)))
    page = max(block * token_bytes, state)
    few, many = min(kind.layers for kind in found), max(kind.layers for kind in found)
    size = many if many < 1.5 * few else few

    def blocks(kind: Kind, tokens: int, in_flight: int, states: int) -> int:
        if kind.state_bytes:
            if kind.every_block and options.prefix_caching:
                return math.ceil(tokens / block) + options.speculative
            return states
        # A layer whose token is smaller has more of them in a page, where they divide it; else its page is padded.
        own = int(page // kind.token_bytes) if page % (block * kind.token_bytes) == 0 else block
        return _blocks(tokens, kind.window if options.hybrid_manager else None, in_flight, own)

    def count(tokens: int, in_flight: int, states: int) -> int:
        return sum(math.ceil(kind.layers / size) * blocks(kind, tokens, in_flight, states) for kind in found)

    def running(tokens: int) -> int:
        return count(tokens, 1, options.speculative + 1)

    def keys(tokens: int) -> float:
        whole = sum(kind.layers for kind in found if kind.token_bytes) / size
        return whole * tokens / block if state else running(tokens)

    return Pool(
        block_bytes=page * size,
        at_start=lambda tokens: count(
            tokens, options.in_flight, options.speculative + (2 if options.prefix_caching else 1)
        ),
        running=running,
        keys=keys,
        states=bool(state),
    )


def _blocks(tokens: int, window: int | None, in_flight: int, block: int) -> int:
    """Blocks of one layer for a request; of a window one more, since it may begin within a block."""
    if window is None:
        return math.ceil(tokens / block)
    kept = min(window - 1 + in_flight, tokens)
    return min(math.ceil(kept / block) + 1, math.ceil(tokens / block) + 1)
