"""Shapes of published models, entered by hand from their config.json, and the parameter counts that are published.

Origin: config.json and model index (`total_size` / 2) of the named repositories on the Hugging Face Hub. These are
figures; the models' own licences (Llama Community Licences, Apache-2.0) are about their weights, none of which is here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from components.gpu import ModelShape


def _shape(sizes: tuple[int, int, int, int, int, int, int], **more: Any) -> ModelShape:
    """Sizes in the order hidden, intermediate, layers, heads, key-value heads, vocabulary, longest context."""
    hidden, inner, layers, heads, kv, vocabulary, longest = sizes
    return ModelShape(
        hidden_size=hidden,
        intermediate_size=inner,
        layers=layers,
        attention_heads=heads,
        kv_heads=kv,
        head_dim=hidden // heads,
        vocabulary=vocabulary,
        max_position_embeddings=longest,
        **more,
    )


SHAPES = {
    "meta-llama/Llama-2-7b-hf": _shape((4096, 11008, 32, 32, 32, 32000, 4096)),
    "meta-llama/Meta-Llama-3-8B": _shape((4096, 14336, 32, 32, 8, 128256, 8192)),
    "meta-llama/Meta-Llama-3-70B": _shape((8192, 28672, 80, 64, 8, 128256, 8192)),
    "meta-llama/Llama-3.2-1B": _shape((2048, 8192, 16, 32, 8, 128256, 131072), tied_embeddings=True),
    "mistralai/Mistral-7B-v0.1": _shape((4096, 14336, 32, 32, 8, 32000, 32768), sliding_window=4096),
    "mistralai/Mixtral-8x7B-v0.1": _shape((4096, 14336, 32, 32, 8, 32000, 32768), experts=8),
    "Qwen/Qwen2.5-7B": _shape((3584, 18944, 28, 28, 4, 152064, 131072), attention_bias=True),
    "Qwen/Qwen2.5-0.5B": _shape((896, 4864, 24, 14, 2, 151936, 32768), attention_bias=True, tied_embeddings=True),
    "TinyLlama/TinyLlama-1.1B-Chat-v1.0": _shape((2048, 5632, 22, 32, 4, 32000, 2048)),
    "google/gemma-3-27b-it": replace(
        _shape((5376, 21504, 62, 32, 16, 262208, 131072), sliding_window=1024, sliding_window_layers=52), head_dim=128
    ),
    "deepseek-ai/DeepSeek-V3": _shape((7168, 2048, 61, 128, 128, 129280, 163840), experts=256, kv_latent=576),
}
"""Of the last two the cache alone is compared: they have parts that the count of parameters does not know."""

PARAMETERS = {
    "meta-llama/Llama-2-7b-hf": 6_738_415_616,
    "meta-llama/Meta-Llama-3-8B": 8_030_261_248,
    "meta-llama/Meta-Llama-3-70B": 70_553_706_496,
    "meta-llama/Llama-3.2-1B": 1_235_814_400,
    "mistralai/Mistral-7B-v0.1": 7_241_732_096,
    "mistralai/Mixtral-8x7B-v0.1": 46_702_792_704,
    "Qwen/Qwen2.5-7B": 7_615_616_512,
    "Qwen/Qwen2.5-0.5B": 494_032_768,
    "TinyLlama/TinyLlama-1.1B-Chat-v1.0": 1_100_048_384,
}
