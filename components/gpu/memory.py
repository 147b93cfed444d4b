"""What a server needs of a GPU's memory, as pure functions: learnt in a preview instead of from a server that dies.

The parts stand in modules of their own, each with its sources: memory_weights, memory_lora, memory_cache,
memory_overhead with memory_multimodal, and memory_versions for what differs between versions of vLLM.
"""

from __future__ import annotations

from dataclasses import dataclass

from components.gpu.memory_cache import CacheOptions, Pool, pool
from components.gpu.memory_load import Load
from components.gpu.memory_lora import slot_bytes
from components.gpu.memory_overhead import beside_the_budget, overhead
from components.gpu.memory_shape import GIB, ModelShape
from components.gpu.memory_versions import Estimate, engine
from components.gpu.memory_weights import padding_bytes, weight_bytes

FITS = "fits"
TIGHT = "tight: start it on one node first"
FITS_NOT = "does not fit"

_FEWEST_KEEPING = 1 / 14
"""Of hybrids that are known, the one with the fewest layers that keep keys and values: Nemotron-H."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What one GPU of a server holds, in GiB.

    `kv_cache` is the demand, `longest` what one request of the longest context takes, `kv_least` what the server cannot
    do without, or what is left of that if layers keep less than is counted. `other` is an estimate; `room` is what its
    likely end leaves for the cache. `outside` is taken from what the budget leaves of the GPU, `spare`.
    """

    weights: float
    loras: float
    kv_cache: float
    kv_least: float
    other: Estimate
    budget: float
    longest: float
    longest_least: float
    room: float
    outside: Estimate
    spare: float

    @property
    def overhead(self) -> float:
        """The likely end of what is estimated."""
        return self.other.likely

    @property
    def total(self) -> float:
        """Sum of the parts, the estimate at its likely end."""
        return self._sum(self.other.likely)

    @property
    def percent(self) -> float:
        """The sum in percent of the budget."""
        return 100 * self.total / self.budget

    @property
    def at_most(self) -> float:
        """Sum of the parts, the estimate at its high end."""
        return self._sum(self.other.high)

    @property
    def at_least(self) -> float:
        """Sum of the parts, each estimate at its low end."""
        return self._sum(self.other.low) - self.kv_cache + self.kv_least

    @property
    def verdict(self) -> str:
        """FITS if it does at every end of what is estimated, FITS_NOT if it does at none, else TIGHT.

        What must fit is the demand, and one request of the longest context: vLLM refuses to start otherwise.
        """
        if self.at_least > self.budget or self.longest_least > self._room(self.other.low):
            return FITS_NOT
        sure = self.longest_least == self.longest and self.outside.high <= self.spare
        if sure and self.at_most <= self.budget and self.longest <= self._room(self.other.high):
            return FITS
        return TIGHT

    @property
    def fits(self) -> bool:
        """Whether it fits at every end of what is estimated."""
        return self.verdict == FITS

    @property
    def full_contexts(self) -> float:
        """Requests of the longest context that the cache holds at once."""
        return self.room / self.longest if self.longest else 0.0

    def _sum(self, overhead_gib: float) -> float:
        return self.weights + self.loras + self.kv_cache + overhead_gib

    def _room(self, overhead_gib: float) -> float:
        return max(0.0, self.budget - self.weights - self.loras - overhead_gib)


def fits(shape: ModelShape, load: Load) -> Fit:
    """Compute what one GPU of a server needs and what its budget is: its memory as CUDA reports it times `utilization`.

    The KV cache's demand is `concurrency` requests of `tokens_per_request` tokens, or one of `max_model_len` if that is
    more. vLLM pages the cache: more than that makes requests wait, it breaks nothing. Requests of a model with states
    wait for blocks of states, too: a server cannot do without their keys and values, and, for CUDA graphs, one block
    for each request (vllm/config/compilation.py, "exceeds available Mamba cache blocks").
    """
    habits = engine(load.version)
    total = cuda_gib(load.memory_gib)
    cache = pool_of(shape, load)
    longest = cache.block_bytes * cache.at_start(load.max_model_len)
    running, keys = cache.running(load.tokens_per_request), cache.keys(load.tokens_per_request)
    graphs = 1 if cache.states and not load.eager else 0
    demand = max(cache.block_bytes * load.concurrency * running, longest)
    needed = max(cache.block_bytes * load.concurrency * max(keys, graphs), longest)
    weights = weights_on_one(shape, load)
    loras = lora_bytes(shape, load)
    taken = overhead(shape, load, habits) * (1 / GIB)
    budget = total * load.utilization
    least = 1.0 if load.certain else _FEWEST_KEEPING
    return Fit(
        weights=weights / GIB,
        loras=loras / GIB,
        kv_cache=demand / GIB,
        kv_least=needed / GIB * least,
        other=taken,
        budget=budget,
        longest=longest / GIB,
        longest_least=longest / GIB * least,
        room=max(0.0, budget - (weights + loras) / GIB - taken.likely),
        outside=beside_the_budget(shape, load, habits) * (1 / GIB),
        spare=total - budget,
    )


def cuda_gib(reported_gib: float) -> float:
    """Memory that CUDA lets a program have of what the driver reports: it keeps 0.3 GiB and 0.4 percent.

    An estimate, from pairs of `nvidia-smi` and PyTorch's "total capacity" or vLLM's "total_gpu_memory" in public logs:
    24.0 and 23.69 (RTX 3090), 23.99 and 23.65 (RTX 4090), 40.0 and 39.39 (A100), 80.0 and 79.25, 79.65 and 79.19
    (H100), 140.4 and 139.8 (H200). vLLM's budget is a share of the second one.
    """
    return max(0.0, reported_gib - 0.3 - 0.004 * reported_gib)


def capacity_tokens(shape: ModelShape, load: Load, fit: Fit) -> float:
    """The "GPU KV cache size" that vLLM's log names: contexts of the longest request times its length
    (vllm/v1/core/kv_cache_utils.py, get_kv_cache_capacity)."""
    cache = pool_of(shape, load)
    blocks = int(fit.room * GIB // cache.block_bytes)
    return blocks / cache.at_start(load.max_model_len) * load.max_model_len


def weights_on_one(shape: ModelShape, load: Load) -> float:
    """Bytes of the weights on one GPU, as they lie there; without a draft head that nothing asks for."""
    stored = weight_bytes(shape, load.dtype, load.quantization)
    if load.weights is not None:
        stored = load.weights - (0 if load.speculative_tokens else min(shape.draft_bytes, load.weights / 2))
    padding = padding_bytes(shape, load.quantization, load.tensor_parallel, load.product, load.version)
    return (stored + padding) / load.tensor_parallel


def lora_bytes(shape: ModelShape, load: Load) -> float:
    """Bytes of the LoRA slots of one GPU."""
    one = slot_bytes(
        shape,
        load.max_lora_rank,
        load.dtype,
        load.tensor_parallel,
        fully_sharded=load.fully_sharded_loras,
        expert_parallel=load.expert_parallel,
    )
    return load.max_loras * one


def compute_dtype(asked: str, model: str) -> str:
    """The type that vLLM computes in: `auto` is the model's own, float16 for a float32 one (vllm/config/model.py)."""
    if asked != "auto":
        return asked
    return "float16" if model == "float32" else model


def pool_of(shape: ModelShape, load: Load) -> Pool:
    """How the cache of one GPU is handed out to requests."""
    prefixes = shape.recurrent is None if load.prefix_caching is None else load.prefix_caching
    options = CacheOptions(
        gpus=load.tensor_parallel,
        dtype=load.dtype,
        kv_cache_dtype=load.kv_cache_dtype,
        prefix_caching=prefixes,
        hybrid_manager=load.hybrid_manager,
        in_flight=engine(load.version).batches_in_flight * load.batch(),
        speculative=load.speculative_tokens,
    )
    return pool(shape, options)
