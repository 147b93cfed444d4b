"""What a server needs beside weights, slots and cache: libraries, activations, the sampler, pictures, CUDA graphs.

vLLM measures it at its start and gives the rest to the cache (vllm/v1/worker/gpu_worker.py,
determine_available_memory; vllm/utils/mem_utils.py, memory_profiling). None of it is known before, so each part is an
estimate with two ends. Logs that they are held against stand in docs/memory.md.
"""

from __future__ import annotations

from components.gpu.memory_load import Load
from components.gpu.memory_multimodal import UNKNOWN_PART, encoder_bytes, encoder_cache_bytes
from components.gpu.memory_shape import GIB, ModelShape
from components.gpu.memory_versions import Engine, Estimate, captured_sizes
from components.gpu.memory_weights import DTYPE_BYTES

_NONE = Estimate(low=0.0, likely=0.0, high=0.0)
_TOGETHER = Estimate(low=0.1, likely=0.4, high=0.9)
"""More of the memory beside PyTorch's, in GiB, where GPUs talk to each other: NCCL and vLLM's own all-reduce."""

_FORWARD = Estimate(low=0.6, likely=1.0, high=1.5)
_GRAPHS = Estimate(low=0.4, likely=1.0, high=2.0)
_GRAPH_BYTES = 0.2 * 1024**2
"""One layer of one captured batch size: 0.17 GiB for 5 sizes and 0.36 for 16 (club-3090#44, gpustack/runner#251),
0.89 for 51 (vllm#52872), each with 64 layers."""

_GRAPH_BASE = 0.15 * GIB
_EXPERT_GRAPH_BYTES = Estimate(low=0.0, likely=0.1, high=1.6) * 1024**2
"""More of a layer with experts for one captured size: four GPUs of 22 GiB ran out of 2.2 GiB beside the budget
(vllm#17469, 48 layers); 5 GiB for 62 layers and 51 sizes, 4.2 percent of 120 GiB (spark-vllm-docker#396)."""

_USUAL_EXPERTS = 8
"""Experts that see a token, where the catalog does not say how many."""

_MANY_EXPERTS = 16


def overhead(shape: ModelShape, load: Load, engine: Engine) -> Estimate:
    """Bytes of everything beside weights, LoRA slots and cache that is taken from the budget of one GPU."""
    beside = engine.non_torch_gib * GIB
    if load.tensor_parallel > 1:
        beside += _TOGETHER * GIB
    forward, sampler = _FORWARD * forward_bytes(shape, load), sampler_bytes(shape, load, engine)
    pictures = picture_bytes(shape, load, engine)
    later = sampler.or_more(pictures)
    peak = forward + later if engine.phases_add else forward.or_more(later)
    unknown = UNKNOWN_PART if shape.uncounted else _NONE
    return beside + peak + unknown + (graph_bytes(shape, load) if engine.graphs_inside else _NONE)


def beside_the_budget(shape: ModelShape, load: Load, engine: Engine) -> Estimate:
    """Bytes that are taken from what the budget leaves of the GPU: the graphs of versions before 0.21."""
    return _NONE if engine.graphs_inside else graph_bytes(shape, load)


def forward_bytes(shape: ModelShape, load: Load) -> float:
    """Bytes of one batch's activations in the widest layer.

    Of a mixture of experts each token is copied for each expert that sees it, as wide as the model on the way out
    (vllm/model_executor/layers/fused_moe/fused_moe.py, the intermediate caches).
    """
    inner = shape.intermediate_size / load.tensor_parallel
    width = 4.0 * shape.hidden_size
    if shape.experts:
        width += (shape.experts_per_token or _USUAL_EXPERTS) * (max(2 * inner, shape.hidden_size) + inner)
    else:
        width += 3 * inner
    return load.batch() * width * DTYPE_BYTES[load.dtype]


def sampler_bytes(shape: ModelShape, load: Load, engine: Engine) -> Estimate:
    """Bytes of choosing the next token of every request: each GPU holds the whole vocabulary then."""
    rows = min(load.concurrency * (1 + load.speculative_tokens), load.batch())
    return engine.logit_bytes * (rows * shape.vocabulary)


def picture_bytes(shape: ModelShape, load: Load, engine: Engine) -> Estimate:
    """Bytes at the peak of encoding the largest items; none where pictures are switched off."""
    if not load.media:
        return _NONE
    kept = encoder_cache_bytes(shape, load.batch(), load.max_model_len, videos=load.videos)
    peak = encoder_bytes(shape, load.batch(), load.max_model_len, videos=load.videos)
    if engine.encoder_shared:
        share = 1 / load.tensor_parallel
        peak = Estimate(low=peak.low * share, likely=peak.likely * share, high=peak.high)
    return peak + Estimate(low=0.0, likely=kept, high=kept)


def graph_bytes(shape: ModelShape, load: Load) -> Estimate:
    """Bytes of captured CUDA graphs: one for each batch size and layer."""
    if load.eager:
        return _NONE
    requests = min(load.concurrency, load.batch())
    sizes = captured_sizes(requests * (1 + load.speculative_tokens))
    base = _GRAPHS * (_GRAPH_BASE + sizes * shape.layers * _GRAPH_BYTES)
    return base + _EXPERT_GRAPH_BYTES * (sizes * shape.layers) if shape.experts >= _MANY_EXPERTS else base
