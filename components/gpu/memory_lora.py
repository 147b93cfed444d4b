"""LoRA slots: vLLM reserves every one at the highest rank, whatever the adapters use.

Sources: vllm/lora/layers/base_linear.py and column_parallel_linear.py (create_lora_weights), fused_moe.py
(FusedMoEWithLoRA), logits_processor.py and vocal_parallel_embedding.py for the vocabulary. Held against vLLM PR 28761:
16 slots of rank 32 on four GPUs take 39.73 GiB a GPU, 12.73 with `--fully-sharded-loras`.
"""

from __future__ import annotations

from components.gpu.memory_shape import ModelShape

_BYTES = {"bfloat16": 2.0, "float16": 2.0, "float32": 4.0}


def slot_bytes(
    shape: ModelShape,
    rank: int,
    dtype: str,
    parallel: int = 1,
    *,
    fully_sharded: bool = False,
    expert_parallel: bool = False,
) -> float:
    """Bytes of one LoRA slot on each of so many GPUs: the two matrices of every module that vLLM can adapt.

    Of a module that is split over GPUs one of the two is split with it; the other one is held whole, unless
    `fully_sharded`. With `expert_parallel` whole experts are divided among the GPUs. Those of the vocabulary are held
    whole always.
    """
    hidden, inner = shape.hidden_size, shape.intermediate_size
    q, kv = shape.attention_heads * shape.head_dim, float(shape.kv_heads * shape.head_dim)
    # A key or value head that there are not enough of is held by several GPUs.
    kv *= max(1, parallel / shape.kv_heads)
    whole = parallel if fully_sharded else 1
    attention = _columns(((hidden, q), (hidden, kv), (hidden, kv)), parallel, whole) + _rows(q, hidden, parallel, whole)
    if shape.experts and expert_parallel:
        one = _columns(((hidden, inner), (hidden, inner)), 1, 1) + _rows(inner, hidden, 1, 1)
        forward = one * shape.experts / parallel
    else:
        one = _columns(((hidden, inner), (hidden, inner)), parallel, whole) + _rows(inner, hidden, parallel, whole)
        forward = one * max(1, shape.experts)
    keeping = sum(part.layers for part in shape.attention_layers())
    layers = shape.layers * forward + (keeping if shape.attention else shape.layers) * attention
    if shape.recurrent is not None:
        state = shape.recurrent
        mixed = _columns(((hidden, 4.0 * state.inner_size),), parallel, whole)
        layers += state.layers * (mixed + _rows(state.inner_size, hidden, parallel, whole))
    ends = 2 * (hidden + shape.vocabulary)
    return rank * (layers + ends) * _BYTES[dtype]


def _columns(modules: tuple[tuple[float, float], ...], parallel: int, whole: int) -> float:
    """Values a rank of modules whose outputs are split."""
    return sum(a / whole + b / parallel for a, b in modules)


def _rows(inputs: float, outputs: float, parallel: int, whole: int) -> float:
    """Values a rank of a module whose inputs are split."""
    return inputs / parallel + outputs / whole
