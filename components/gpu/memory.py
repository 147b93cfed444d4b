"""What a server needs of a GPU's memory, as pure functions: learnt in a preview instead of from a server that dies.

Sources, all of vLLM: LoRA slots `vllm/lora/layers/base_linear.py` (create_lora_weights) and
`vllm/lora/layers/column_parallel_linear.py`; KV cache `vllm/v1/kv_cache_interface.py` (specs of full, windowed and
latent attention) and `vllm/config/model.py` (get_num_kv_heads); the demand that one request of the longest context fits
`vllm/v1/core/kv_cache_utils.py` (check_enough_kv_cache_memory). Parameter counts follow the modules of
`transformers/models/llama/modeling_llama.py` and its relatives.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

GIB = 1024**3

FIXED_OVERHEAD_GIB = 1.5
"""CUDA context, NCCL, captured CUDA graphs and fragments of the allocator: about 1 to 2 GiB in vLLM's own logs of its
memory profiling (`vllm/v1/worker/gpu_worker.py`); an estimate."""

BATCHED_TOKENS_LARGE = 8192
BATCHED_TOKENS = 2048
LARGE_GPU_GIB = 70
"""vLLM's default `--max-num-batched-tokens` of a server, by the GPU's memory (`vllm/engine/arg_utils.py`); an A100 of
80 GB, which vLLM gives the smaller one, is counted with the larger."""

_DTYPE_BYTES = {"bfloat16": 2.0, "float16": 2.0, "float32": 4.0}
_WEIGHT_BYTES = {
    "awq": 0.5625,
    "awq_marlin": 0.5625,
    "gptq": 0.5625,
    "gptq_marlin": 0.5625,
    "moe_wna16": 0.5625,
    "bitsandbytes": 0.5625,
    "mxfp4": 0.53125,
    "modelopt_fp4": 0.5625,
    "fp8": 1.0,
    "experts_int8": 1.0,
    "modelopt": 1.0,
}
"""Bytes a weight of a linear layer: 4 bits with 16 bits each of scale and zero point a group of 64 (0.5 + 0.0625),
MXFP4 with 8 bits a group of 32, or 8 bits. A method that is not listed is counted as not quantized."""


@dataclass(frozen=True, kw_only=True)
class ModelShape:
    """The fields of a model's config.json that decide its memory.

    `experts` is 0 for a dense model; with experts `intermediate_size` is one expert's. `sliding_window` bounds what a
    request keeps, in tokens, in `sliding_window_layers` layers, or in all of them where that is None. `kv_latent` is
    what multi-head latent attention keeps of a token in a layer: kv_lora_rank and qk_rope_head_dim; 0 without it.
    """

    hidden_size: int
    intermediate_size: int
    layers: int
    attention_heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    max_position_embeddings: int
    tied_embeddings: bool = False
    attention_bias: bool = False
    experts: int = 0
    sliding_window: int | None = None
    sliding_window_layers: int | None = None
    kv_latent: int = 0

    def attention_parameters(self) -> int:
        """Weights and biases of one layer's attention."""
        q, kv = self.attention_heads * self.head_dim, self.kv_heads * self.head_dim
        biases = q + 2 * kv if self.attention_bias else 0
        return self.hidden_size * (q + 2 * kv) + q * self.hidden_size + biases

    def feed_forward_parameters(self) -> int:
        """Weights of one layer's gated feed-forward part: of all experts and their router, if it has any."""
        one = 3 * self.hidden_size * self.intermediate_size
        return one if not self.experts else self.experts * one + self.hidden_size * self.experts

    def embedding_parameters(self) -> int:
        """Weights of the token embedding and, where it is not the same, of the output."""
        return self.vocabulary * self.hidden_size * (1 if self.tied_embeddings else 2)

    def parameters(self) -> int:
        """All weights: layers with their two norms, embeddings, last norm."""
        layer = self.attention_parameters() + self.feed_forward_parameters() + 2 * self.hidden_size
        return self.layers * layer + self.embedding_parameters() + self.hidden_size

    def kv_layer_values(self, gpus: int = 1) -> int:
        """Values that one token keeps in one layer's cache on each of so many GPUs: keys and values of the heads there,
        or the latent of multi-head latent attention, which every GPU holds whole."""
        return self.kv_latent or 2 * max(1, math.ceil(self.kv_heads / gpus)) * self.head_dim

    def kept_tokens(self, tokens: int, batched: int = 1) -> int:
        """Tokens of a request that the cache keeps, summed over layers, while `batched` of them are computed."""
        if self.sliding_window is None:
            return self.layers * tokens
        windowed = self.layers if self.sliding_window_layers is None else self.sliding_window_layers
        return (self.layers - windowed) * tokens + windowed * min(tokens, self.sliding_window - 1 + batched)


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is asked of a server. `tokens_per_request` is what a request holds on average, prompt and answer together.

    `memory_gib` is of one GPU; `dtype` the type that it computes in; `kv_bytes` the bytes of one cached value;
    `max_loras` is 0 for a server without adapters. `weights` are the bytes of all weights where files say them; None:
    they are counted by the shape.
    """

    memory_gib: float
    utilization: float
    tensor_parallel: int
    dtype: str
    quantization: str | None
    kv_bytes: float
    max_loras: int
    max_lora_rank: int
    max_model_len: int
    concurrency: int
    tokens_per_request: int
    batched_tokens: int | None = None
    weights: float | None = None

    def batch(self) -> int:
        """Tokens that are computed in one step."""
        default = BATCHED_TOKENS_LARGE if self.memory_gib >= LARGE_GPU_GIB else BATCHED_TOKENS
        return self.batched_tokens or max(default, self.concurrency)


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What one GPU of a server holds, in GiB. `kv_cache` is the demand, `longest` what one request of the longest
    context keeps, `room` what weights, LoRA slots and overhead leave of the budget.
    """

    weights: float
    loras: float
    kv_cache: float
    overhead: float
    budget: float
    longest: float
    room: float

    @property
    def total(self) -> float:
        """Sum of the parts."""
        return self.weights + self.loras + self.kv_cache + self.overhead

    @property
    def percent(self) -> float:
        """The sum in percent of the budget."""
        return 100 * self.total / self.budget

    @property
    def fits(self) -> bool:
        """Whether the demand fits, and one request of the longest context as well: vLLM refuses to start otherwise."""
        return self.percent <= 100 and self.full_contexts >= 1

    @property
    def full_contexts(self) -> int:
        """Requests of the longest context that the cache holds at once."""
        return int(self.room // self.longest)


def fits(shape: ModelShape, load: Load) -> Fit:
    """Compute what one GPU of a server needs and what its budget `memory_gib * utilization` is.

    The KV cache's demand is `concurrency` requests of `tokens_per_request` tokens, or one of `max_model_len` if that is
    more. vLLM pages the cache: more than that makes requests wait, it breaks nothing.
    """
    value = shape.kv_layer_values(load.tensor_parallel) * load.kv_bytes
    longest = value * shape.kept_tokens(load.max_model_len, load.batch())
    demand = value * load.concurrency * shape.kept_tokens(load.tokens_per_request)
    weights = weight_bytes(shape, load.dtype, load.quantization) if load.weights is None else load.weights
    weights /= load.tensor_parallel
    loras = lora_bytes(shape, load)
    overhead = FIXED_OVERHEAD_GIB * GIB + activation_bytes(shape, load)
    budget = load.memory_gib * load.utilization * GIB
    return Fit(
        weights=weights / GIB,
        loras=loras / GIB,
        kv_cache=max(demand, longest) / GIB,
        overhead=overhead / GIB,
        budget=budget / GIB,
        longest=longest / GIB,
        room=max(0.0, budget - weights - loras - overhead) / GIB,
    )


def weight_bytes(shape: ModelShape, dtype: str, quantization: str | None) -> float:
    """Bytes of all weights; embeddings and norms are not quantized."""
    plain = _DTYPE_BYTES[dtype]
    linear = shape.layers * (shape.attention_parameters() + shape.feed_forward_parameters())
    return linear * _WEIGHT_BYTES.get(quantization or "", plain) + (shape.parameters() - linear) * plain


def lora_bytes(shape: ModelShape, load: Load) -> float:
    """Bytes of the LoRA slots of one GPU: vLLM reserves every one at the highest rank, whatever the adapters use."""
    return load.max_loras * slot_bytes(shape, load.max_lora_rank, load.dtype, load.tensor_parallel)


def slot_bytes(shape: ModelShape, rank: int, dtype: str, parallel: int = 1) -> float:
    """Bytes of one LoRA slot on each of so many GPUs: the two matrices of every module that vLLM can adapt.

    Of a module that is split over GPUs one of the two is split with it, the other one is held whole. Those of the
    vocabulary are held whole (vllm/lora/layers/logits_processor.py, vocal_parallel_embedding.py).
    """
    q, kv = shape.attention_heads * shape.head_dim, float(shape.kv_heads * shape.head_dim)
    hidden, inner = shape.hidden_size, shape.intermediate_size
    # A key or value head that there are not enough of is held by several GPUs.
    kv *= max(1, parallel / shape.kv_heads)
    columns = [(hidden, q), (hidden, kv), (hidden, kv), *[(hidden, inner)] * 2 * max(1, shape.experts)]
    rows = [(q, hidden), *[(inner, hidden)] * max(1, shape.experts)]
    layer = sum(a + b / parallel for a, b in columns) + sum(a / parallel + b for a, b in rows)
    ends = 2 * (hidden + shape.vocabulary)
    return rank * (shape.layers * layer + ends) * _DTYPE_BYTES[dtype]


def activation_bytes(shape: ModelShape, load: Load) -> float:
    """Bytes at the peak of one step: a batch's activations in the widest layer, and the logits in 32 bits twice."""
    width = 4 * shape.hidden_size + 3 * shape.intermediate_size / load.tensor_parallel
    return load.batch() * width * _DTYPE_BYTES[load.dtype] + load.concurrency * shape.vocabulary * 4 * 2


def can_split(shape: ModelShape, gpus: int) -> bool:
    """Whether vLLM splits the attention over so many GPUs: whole query heads, and whole key-value heads or whole copies
    of them (vllm/model_executor/layers/linear.py, QKVParallelLinear)."""
    return shape.attention_heads % gpus == 0 and (shape.kv_heads % gpus == 0 or gpus % shape.kv_heads == 0)


def compute_dtype(asked: str, model: str) -> str:
    """The type that vLLM computes in: `auto` is the model's own, float16 for a float32 one (vllm/config/model.py)."""
    if asked != "auto":
        return asked
    return "float16" if model == "float32" else model
