"""Run by the Python that has vLLM: how its own code hands out the cache of models with layers of several kinds.

Takes a list of cases as JSON on standard input, each with `layers` (kinds, with what one layer keeps), `tokens`,
`in_flight`, `states` (`none`, `align`) and `hybrid_manager`; writes for each the bytes of a block of the pool and the
blocks of one longest request, as vLLM's KV cache manager counts them. Needs no model and no GPU.
"""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import Any

import torch
from vllm.v1.core import kv_cache_utils
from vllm.v1.kv_cache_interface import FullAttentionSpec, KVCacheSpec, MambaSpec, SlidingWindowSpec
from vllm.v1.kv_cache_spec_registry import KVCacheSpecRegistry


def specs(case: dict[str, Any]) -> dict[str, KVCacheSpec]:
    """One specification a layer."""
    found: dict[str, KVCacheSpec] = {}
    for kind in case["layers"]:
        for number in range(kind["layers"]):
            found[f"{len(found)}.{number}"] = spec(kind, case)
    return found


def spec(kind: dict[str, Any], case: dict[str, Any]) -> KVCacheSpec:
    """The specification of a layer of that kind."""
    if "state" in kind:
        values = kind["state"] // 4
        return MambaSpec(
            shapes=((values,),),
            dtypes=(torch.float32,),
            block_size=case["block"],
            page_size_padded=case["page"],
            mamba_cache_mode=case["states"],
        )
    heads = {"num_kv_heads": kind["heads"], "head_size": kind["head"], "dtype": torch.bfloat16}
    if kind.get("window"):
        return SlidingWindowSpec(block_size=case["block"], sliding_window=kind["window"], **heads)
    return FullAttentionSpec(block_size=case["block"], **heads)


def answer(case: dict[str, Any]) -> dict[str, Any]:
    """What vLLM makes of it."""
    config = SimpleNamespace(
        scheduler_config=SimpleNamespace(disable_hybrid_kv_cache_manager=not case["hybrid_manager"]),
        model_config=SimpleNamespace(max_model_len=case["tokens"]),
        parallel_config=SimpleNamespace(decode_context_parallel_size=1),
        cache_config=SimpleNamespace(mamba_cache_mode=case["states"], num_gpu_blocks_override=None),
        kv_transfer_config=None,
        speculative_config=None,
        max_in_flight_tokens=case["in_flight"],
    )
    found = specs(case)
    KVCacheSpecRegistry.check_kv_cache_spec_registry(found)
    groups = kv_cache_utils.get_kv_cache_groups(config, found)
    block = kv_cache_utils._pool_bytes_per_block(config, groups)
    kept = kv_cache_utils.KVCacheConfig(num_blocks=10**9, kv_cache_tensors=[], kv_cache_groups=groups)
    blocks = 10**9 / kv_cache_utils.get_max_concurrency_for_kv_cache_config(config, kept)
    return {"block": block, "blocks": round(blocks)}


def main() -> None:
    """Answer each case."""
    print("\n" + json.dumps([answer(case) for case in json.load(sys.stdin)]))


if __name__ == "__main__":
    main()
