"""What of a model decides its memory, as config.json and the catalog say it: layers, heads, experts, states, pictures.

Parameter counts follow the modules of `transformers/models/llama/modeling_llama.py` and its relatives; kinds of layers
and sizes of states the model classes of `vllm/model_executor/models`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

GIB = 1024**3


@dataclass(frozen=True, kw_only=True)
class AttentionLayers:
    """Layers that keep keys and values alike: so many, with these heads; `window` tokens of a request, None for all."""

    layers: int
    kv_heads: int
    head_dim: int
    window: int | None = None


@dataclass(frozen=True, kw_only=True)
class RecurrentLayers:
    """Layers that keep a state of fixed size for each request in place of keys and values.

    `conv_values` and `state_values` are those of one layer for one request, divided among the GPUs; `inner_size` is the
    width of what goes in and out of it. `state_type` is `auto` where the state has the type that the model computes in
    (vllm/model_executor/layers/mamba/mamba_utils.py, MambaStateShapeCalculator and MambaStateDtypeCalculator).
    `every_block`: with prefix caching vLLM keeps a state for every block of a request, not two (`mamba_cache_mode`).
    """

    layers: int
    conv_values: int
    state_values: int
    inner_size: int
    state_type: str = "auto"
    every_block: bool = False


@dataclass(frozen=True, kw_only=True)
class Vision:
    """The picture encoder: its width, patches for each token that it makes, tokens of the largest item.

    `video` is the number of largest pictures that the largest video is as much as: it grows with the context
    (vllm/model_executor/models/qwen2_vl.py, get_max_video_tokens); 0 where pictures are the largest item.
    """

    hidden_size: int
    patches_per_token: int
    item_tokens: int
    video: int = 0


@dataclass(frozen=True, kw_only=True)
class RopeScaling:
    """How positions beyond those of the training are reached: `type` as in config.json, `original` 0 if not said."""

    type: str
    factor: float
    original: int = 0


@dataclass(frozen=True, kw_only=True)
class ModelShape:
    """The fields of a model's config.json that decide its memory.

    `experts` is 0 for a dense model; with experts `intermediate_size` is one expert's. `sliding_window` bounds what a
    request keeps, in tokens, in `sliding_window_layers` layers, or in all of them where that is None. `kv_latent` is
    what multi-head latent attention keeps of a token in a layer: kv_lora_rank and qk_rope_head_dim; 0 without it;
    `index_head_dim` is that of the sparse one's indexer. `attention` names layers of several kinds, those that keep
    nothing left out; empty: all are alike. `architecture` is empty where the catalog names none, `uncounted` names
    parts that no formula here knows. `draft_bytes` are those of a draft head in the files.
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
    experts_per_token: int = 0
    sliding_window: int | None = None
    sliding_window_layers: int | None = None
    kv_latent: int = 0
    index_head_dim: int = 0
    draft_bytes: int = 0
    attention: tuple[AttentionLayers, ...] = ()
    recurrent: RecurrentLayers | None = None
    vision: Vision | None = None
    rope: RopeScaling | None = None
    quantized_bits: int | None = None
    architecture: str = ""
    uncounted: tuple[str, ...] = ()

    def attention_layers(self) -> tuple[AttentionLayers, ...]:
        """Layers that keep keys and values, by kind."""
        if self.attention:
            return self.attention
        windowed = 0
        if self.sliding_window is not None:
            windowed = self.layers if self.sliding_window_layers is None else self.sliding_window_layers
        kinds = ((self.layers - windowed, None), (windowed, self.sliding_window))
        return tuple(
            AttentionLayers(layers=layers, kv_heads=self.kv_heads, head_dim=self.head_dim, window=window)
            for layers, window in kinds
            if layers
        )

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

    def longest_context(self) -> int:
        """The longest context that vLLM derives: with YaRN the original one times its factor.

        Source: vllm/config/model.py, _get_and_verify_max_len: `su`, `longrope` and `llama3` have their factor in
        max_position_embeddings already, as has Gemma 3; YaRN counts from original_max_position_embeddings.
        """
        rope = self.rope
        if rope is None or rope.type in ("default", "su", "longrope", "llama3") or "Gemma3" in self.architecture:
            return self.max_position_embeddings
        start = self.max_position_embeddings
        if rope.type == "yarn" and rope.original:
            start = rope.original
        return int(start * rope.factor)


def can_split(shape: ModelShape, gpus: int) -> bool:
    """Whether vLLM splits the attention over so many GPUs: whole query heads, and whole key-value heads or whole copies
    of them (vllm/model_executor/layers/linear.py, QKVParallelLinear)."""
    return shape.attention_heads % gpus == 0 and (shape.kv_heads % gpus == 0 or gpus % shape.kv_heads == 0)


def heads_on_one(kv_heads: int, gpus: int) -> int:
    """Key and value heads that each of so many GPUs holds: at least one (vllm/config/model.py, get_num_kv_heads)."""
    return max(1, math.ceil(kv_heads / gpus))
