"""The cache: bytes of a token, blocks of a request, against published figures and the logs of public servers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from components.gpu.memory_cache import CacheOptions, kinds, pool
from components.gpu.memory_shape import GIB, AttentionLayers, ModelShape, RecurrentLayers
from tests.unit.support.published_models import SHAPES

PLAIN = CacheOptions(gpus=1, dtype="bfloat16")
HYBRID = ModelShape(
    hidden_size=5120,
    intermediate_size=17408,
    layers=64,
    attention_heads=24,
    kv_heads=4,
    head_dim=256,
    vocabulary=248320,
    max_position_embeddings=262144,
    attention=(AttentionLayers(layers=16, kv_heads=4, head_dim=256),),
    recurrent=RecurrentLayers(
        layers=48, conv_values=30720, state_values=48 * 128 * 128, inner_size=6144, state_type="float32"
    ),
)
"""Qwen3.6-27B: three of four layers are gated delta nets."""

GEMMA_4 = replace(
    HYBRID,
    layers=60,
    recurrent=None,
    attention=(
        AttentionLayers(layers=50, kv_heads=16, head_dim=256, window=1024),
        AttentionLayers(layers=10, kv_heads=4, head_dim=512),
    ),
)


def token_bytes(shape: ModelShape, options: CacheOptions) -> float:
    """Bytes of a token in all layers that keep it."""
    return sum(kind.layers * kind.token_bytes for kind in kinds(shape, options))


@pytest.mark.parametrize(
    ("name", "kib"),
    [
        ("meta-llama/Llama-2-7b-hf", 512),
        ("meta-llama/Meta-Llama-3-8B", 128),
        ("meta-llama/Meta-Llama-3-70B", 320),
        ("Qwen/Qwen2.5-7B", 56),
        ("mistralai/Mixtral-8x7B-v0.1", 128),
    ],
)
def test_a_token_keeps_what_is_known_of_these_models(name: str, kib: int) -> None:
    assert token_bytes(SHAPES[name], PLAIN) == kib * 1024
    assert token_bytes(SHAPES[name], replace(PLAIN, kv_cache_dtype="fp8_e4m3")) == kib * 512


def test_latent_attention_keeps_its_latent_on_every_gpu() -> None:
    """DeepSeek-V3 (kv_lora_rank 512, qk_rope_head_dim 64, 61 layers) keeps 70,272 bytes a token, as is published."""
    shape = SHAPES["deepseek-ai/DeepSeek-V3"]
    assert [token_bytes(shape, replace(PLAIN, gpus=gpus)) for gpus in (1, 8)] == [70_272, 70_272]


def test_latent_attention_in_its_own_fp8_layout_has_scales() -> None:
    """656 bytes a token and layer, sparse or not (vllm/v1/kv_cache_interface.py, MLAAttentionSpec)."""
    shape = SHAPES["deepseek-ai/DeepSeek-V3"]
    assert token_bytes(shape, replace(PLAIN, kv_cache_dtype="fp8_ds_mla")) == 61 * 656


def test_sparse_latent_attention_keeps_its_indexer_s_keys() -> None:
    """DeepSeek-V3.2: 132 bytes more a layer; in fp8 656 instead of 576 (vllm/v1/kv_cache_interface.py)."""
    shape = replace(SHAPES["deepseek-ai/DeepSeek-V3"], index_head_dim=128)
    assert token_bytes(shape, PLAIN) == 61 * (576 * 2 + 132)
    assert token_bytes(shape, replace(PLAIN, kv_cache_dtype="fp8")) == 61 * (656 + 132)


@pytest.mark.parametrize(
    ("dtype", "bytes_a_layer"),
    [("auto", 4096), ("fp8", 2048), ("int8_per_token_head", 2080), ("int4_per_token_head", 1056), ("nvfp4", 1152)],
)
def test_each_type_of_the_cache_has_its_bytes(dtype: str, bytes_a_layer: int) -> None:
    """Of 8 heads of 128; types with a scale for each token and head have 4 bytes more for each of keys and values."""
    shape = SHAPES["meta-llama/Meta-Llama-3-8B"]
    assert kinds(shape, replace(PLAIN, kv_cache_dtype=dtype))[0].token_bytes == bytes_a_layer + (
        32 if dtype.startswith("int") else 0
    )


def test_heads_that_are_too_few_are_held_by_several_gpus() -> None:
    shape = SHAPES["Qwen/Qwen2.5-7B"]
    sizes = [kinds(shape, replace(PLAIN, gpus=gpus))[0].token_bytes for gpus in (1, 2, 4, 8)]
    assert [sizes[0] / size for size in sizes] == [1, 2, 4, 4]


def test_states_make_blocks_as_large_as_the_log_says() -> None:
    """talos-argocd-proxmox#1995: blocks of 1,568 tokens, 2.31 contexts of 131,072 in 4.99 GiB on each of two GPUs."""
    options = CacheOptions(gpus=2, dtype="bfloat16", kv_cache_dtype="fp8", prefix_caching=True)
    found = pool(HYBRID, options)
    assert found.block_bytes / 16 == 1568 * 2 * 2 * 256
    blocks = int(4.99 * GIB // found.block_bytes)
    assert blocks / found.at_start(131072) == pytest.approx(2.31, abs=0.01)


def test_two_gpus_and_another_hybrid_agree_with_their_log() -> None:
    """club-3090#612: Qwen3.6-35B-A3B, 4.33 contexts of 131,072 in 5.98 GiB."""
    shape = replace(
        HYBRID,
        attention=(AttentionLayers(layers=10, kv_heads=2, head_dim=256),),
        recurrent=replace(HYBRID.recurrent, layers=30, conv_values=8192 * 3, state_values=32 * 128 * 128),
    )
    found = pool(shape, CacheOptions(gpus=1, dtype="bfloat16", kv_cache_dtype="fp8", prefix_caching=True))
    assert int(5.98 * GIB // found.block_bytes) / found.at_start(131072) == pytest.approx(4.33, abs=0.01)


def test_a_state_is_kept_once_or_twice_or_for_every_block() -> None:
    one, two = (pool(HYBRID, replace(PLAIN, prefix_caching=on)) for on in (False, True))
    every = pool(
        replace(HYBRID, recurrent=replace(HYBRID.recurrent, every_block=True)), replace(PLAIN, prefix_caching=True)
    )
    assert two.at_start(100_000) - one.at_start(100_000) == 3, "three groups of 16 layers have a state more"
    assert every.at_start(100_000) == 4 * (one.at_start(100_000) - 3)
    assert one.states


def test_two_shapes_of_heads_share_pages() -> None:
    """Gemma 4 31B (vllm#43308): 81,920 bytes a token in its ten global layers, the window's blocks beside."""
    found = pool(GEMMA_4, replace(PLAIN, in_flight=2 * 2048))
    assert found.block_bytes == 10 * 16 * 2 * 16 * 256 * 2, "a page is that of the wider layers"
    assert found.at_start(262144) == 262144 // 32 + 5 * ((1023 + 4096 + 15) // 16 + 1)


def test_a_window_bounds_what_a_request_keeps() -> None:
    windowed = SHAPES["mistralai/Mistral-7B-v0.1"]
    found, whole = (pool(shape, PLAIN) for shape in (windowed, replace(windowed, sliding_window=None)))
    assert found.running(32768) == 4096 // 16 + 1, "one more: a window may begin within a block"
    assert whole.running(32768) == 32768 // 16
    assert pool(windowed, replace(PLAIN, in_flight=8192)).at_start(32768) == (4095 + 8192 + 15) // 16 + 1


def test_windows_save_nothing_without_the_hybrid_manager() -> None:
    """gpt-oss-20b: 12 of 24 layers have a window of 128; vLLM keeps all tokens in all of them then."""
    shape = replace(
        HYBRID, layers=24, kv_heads=8, head_dim=64, attention=(), recurrent=None, sliding_window=128,
        sliding_window_layers=12,
    )  # fmt: skip
    on, off = (pool(shape, replace(PLAIN, hybrid_manager=manager)) for manager in (True, False))
    whole = 131072 * 24 * 2 * 8 * 64 * 2
    assert off.block_bytes * off.at_start(131072) == whole == 6 * GIB
    assert on.block_bytes * on.at_start(131072) == pytest.approx(whole / 2, rel=0.02)


def test_layers_of_one_kind_have_no_groups() -> None:
    shape = SHAPES["meta-llama/Meta-Llama-3-8B"]
    found = pool(shape, PLAIN)
    assert (found.block_bytes, found.at_start(8192)) == (16 * 131072, 512)
    assert not found.states
