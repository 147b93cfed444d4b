"""What is asked of a server: its GPU, its settings and how it is used."""

from __future__ import annotations

from dataclasses import dataclass

from components.gpu.memory_versions import DEFAULT_VERSION, default_batch


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is asked of a server. `tokens_per_request` is what a request holds on average, prompt and answer together.

    `memory_gib` is of one GPU, as its driver reports it, `product` its label and `version` vLLM's; `dtype` is the type
    that it computes in; `max_loras` is 0 for a server without adapters. `weights` are the bytes of all weights where
    files say them; None: they are counted by the shape. The others are vLLM's own flags: `kv_cache_dtype`,
    `prefix_caching`, `fully_sharded_loras`, `expert_parallel`, `hybrid_manager` (False:
    `--disable-hybrid-kv-cache-manager`), `eager`, `speculative_tokens`; without a word on `prefix_caching` it is
    vLLM's default, which is off where layers have states. `media` and `videos` say whether requests may bring any.

    `certain` is False where the files are not what a model of this shape has, and the catalog names no architecture:
    then layers may keep less than is counted.
    """

    memory_gib: float
    utilization: float
    tensor_parallel: int
    dtype: str
    quantization: str | None
    max_loras: int
    max_lora_rank: int
    max_model_len: int
    concurrency: int
    tokens_per_request: int
    kv_cache_dtype: str = "auto"
    batched_tokens: int | None = None
    weights: float | None = None
    product: str = ""
    version: str = DEFAULT_VERSION
    prefix_caching: bool | None = None
    fully_sharded_loras: bool = False
    expert_parallel: bool = False
    hybrid_manager: bool = True
    eager: bool = False
    speculative_tokens: int = 0
    media: bool = True
    videos: bool = True
    certain: bool = True

    def batch(self) -> int:
        """Tokens that are computed in one step."""
        default = default_batch(self.memory_gib, self.product, self.version)
        return self.batched_tokens or max(default, self.concurrency)
