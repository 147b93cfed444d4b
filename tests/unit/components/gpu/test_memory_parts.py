"""Weights, LoRA slots, what versions do, and what is beside: against public logs, and how they move."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.gpu import Load, fits
from components.gpu.memory import FITS, FITS_NOT, TIGHT, cuda_gib, weights_on_one
from components.gpu.memory_lora import slot_bytes
from components.gpu.memory_multimodal import encoder_bytes, item_tokens
from components.gpu.memory_overhead import overhead
from components.gpu.memory_shape import GIB, ModelShape, RopeScaling, Vision
from components.gpu.memory_versions import Estimate, captured_sizes, default_batch, engine, numbers
from components.gpu.memory_weights import linear_bytes, padding_bytes
from tests.unit.support.published_models import SHAPES

LLAMA = SHAPES["meta-llama/Meta-Llama-3-8B"]
EXPERTS = replace(LLAMA, hidden_size=2880, intermediate_size=2880, layers=36, experts=128, experts_per_token=4)
VISION = Vision(hidden_size=1280, patches_per_token=4, item_tokens=16384, video=7)
LOAD = Load(
    memory_gib=44.99,
    utilization=0.9,
    tensor_parallel=1,
    dtype="bfloat16",
    quantization=None,
    max_loras=0,
    max_lora_rank=16,
    max_model_len=8192,
    concurrency=32,
    tokens_per_request=2048,
)


def likely(shape: ModelShape, load: Load) -> float:
    """Overhead in GiB, its likely end."""
    return overhead(shape, load, engine(load.version)).likely / GIB


@pytest.mark.parametrize(
    ("reported", "seen"), [(24.0, 23.69), (23.99, 23.65), (40.0, 39.39), (80.0, 79.25), (79.65, 79.19), (140.4, 139.8)]
)
def test_cuda_has_less_than_the_driver_reports(reported: float, seen: float) -> None:
    assert cuda_gib(reported) == pytest.approx(seen, abs=0.3)
    assert cuda_gib(reported) < reported


@pytest.mark.parametrize(
    ("product", "version", "gpus", "gib"),
    [
        # 65.97 (Marlin) and 64.38 (Triton's kernels) of files of 60.8: vllm#23278, #33155.
        ("NVIDIA-H100-80GB-HBM3", "0.10.1", 1, 65.97),
        ("NVIDIA-H100-80GB-HBM3", "0.14.1", 1, 64.38),
        ("NVIDIA-A100-SXM4-80GB", "0.27.1", 1, 65.97),
    ],
)
def test_mxfp4_is_padded_to_whole_tiles(product: str, version: str, gpus: int, gib: float) -> None:
    load = replace(LOAD, quantization="mxfp4", weights=60.8 * GIB, product=product, version=version)
    assert weights_on_one(EXPERTS, replace(load, tensor_parallel=gpus)) / GIB == pytest.approx(gib, rel=0.005)


def test_only_mxfp4_of_experts_is_padded() -> None:
    for shape, method in ((EXPERTS, "fp8"), (EXPERTS, None), (LLAMA, "mxfp4")):
        assert padding_bytes(shape, method, 1, "NVIDIA-L40S", "0.27.1") == 0


@pytest.mark.parametrize(
    ("method", "bits", "expected"),
    [
        (None, None, 2.0),
        ("compressed-tensors", 4, 0.5625),
        ("compressed-tensors", 8, 1.0),
        ("compressed-tensors", None, None),
        ("modelopt_fp4", None, 0.5625),
        ("made-up", 4, 0.5625),
    ],
)
def test_bytes_of_a_weight_are_known_or_said_to_be_unknown(
    method: str | None, bits: int | None, expected: float | None
) -> None:
    assert linear_bytes("bfloat16", method, bits) == expected


def test_fully_sharded_slots_split_both_matrices() -> None:
    """vLLM PR 28761: 16 slots of rank 32 on four GPUs, 39.73 GiB a GPU and 12.73 fully sharded."""
    shape = replace(
        LLAMA, hidden_size=2048, intermediate_size=768, layers=48, kv_heads=4, vocabulary=151936, experts=128
    )
    whole, split = (16 * slot_bytes(shape, 32, "bfloat16", 4, fully_sharded=on) / GIB for on in (False, True))
    assert whole == pytest.approx(39.73, rel=0.02)
    assert split == pytest.approx(12.73, rel=0.02)
    assert slot_bytes(shape, 32, "bfloat16", 1, fully_sharded=True) == slot_bytes(shape, 32, "bfloat16")


def test_whole_experts_are_divided_with_expert_parallelism() -> None:
    shape = replace(LLAMA, experts=8)
    together, apart = (slot_bytes(shape, 16, "bfloat16", 4, expert_parallel=on) for on in (False, True))
    assert apart < together, "the matrix that is held whole is held for a quarter of the experts"


@pytest.mark.parametrize(
    ("gib", "product", "version", "tokens"),
    [
        (44.5, "NVIDIA-L40S", "0.27.1", 2048),
        (79.2, "NVIDIA-H100-80GB-HBM3", "0.27.1", 8192),
        (79.2, "NVIDIA-A100-SXM4-80GB", "0.27.1", 2048),
        (178.0, "NVIDIA-B200", "0.27.1", 8192),
        (178.0, "NVIDIA-B200", "0.33.0", 16384),
    ],
)
def test_the_batch_goes_by_gpu_and_version(gib: float, product: str, version: str, tokens: int) -> None:
    assert default_batch(gib, product, version) == tokens


def test_versions_differ_where_their_logs_do() -> None:
    old, sorting, pivots, inside = (engine(version) for version in ("0.7.3", "0.14.1", "0.19.0", "0.27.1"))
    assert [found.phases_add for found in (old, sorting)] == [False, True]
    assert sorting.logit_bytes.likely > 2 * pivots.logit_bytes.likely
    assert [found.graphs_inside for found in (pivots, inside)] == [False, True]
    assert engine("nightly") == inside, "what is no number is counted as the catalog's"
    assert numbers("v0.27.1rc2") == (0, 27, 1)


def test_graphs_are_captured_up_to_twice_the_requests() -> None:
    """1 and 2 for one request (club-3090#612); 51 sizes up to 512 (recipes#551)."""
    assert [captured_sizes(requests) for requests in (1, 8, 256, 1024)] == [2, 5, 51, 51]


def test_requests_and_vocabulary_decide_the_sampler() -> None:
    """1,024 requests of 151,936: 8.13 GiB beside the weights of a mixture on four H100 (vllm#21348, 0.9)."""
    shape = replace(LLAMA, hidden_size=4096, intermediate_size=1536, layers=94, vocabulary=151936, experts=128)
    load = replace(LOAD, memory_gib=79.65, tensor_parallel=4, version="0.9.2", concurrency=1024)
    assert likely(shape, load) == pytest.approx(8.13, rel=0.15)
    assert likely(shape, replace(load, concurrency=16)) < 2


def test_the_largest_picture_or_video_is_counted() -> None:
    """More than 16 GiB for a context of 128,000 (vllm#18124), about 2.5 for one of 8,192 (vllm#16570)."""
    shape = replace(LLAMA, vision=VISION)
    assert item_tokens(shape, 128_000) == 7 * 16384
    assert item_tokens(shape, 128_000, videos=False) == item_tokens(shape, 8192) == 16384
    many, one = (encoder_bytes(shape, 2048, length) for length in (128_000, 8192))
    assert many.low / GIB < 16 < many.high / GIB
    assert one.likely / GIB == pytest.approx(2.3, abs=0.3)


def test_pictures_that_are_off_take_nothing() -> None:
    shape = replace(LLAMA, vision=VISION)
    assert likely(shape, replace(LOAD, media=False)) == likely(LLAMA, LOAD) < likely(shape, LOAD)


def test_an_unknown_part_makes_the_estimate_wider() -> None:
    known, unknown = (fits(replace(LLAMA, uncounted=parts), LOAD).other for parts in ((), ("audio encoder",)))
    assert unknown.low == known.low
    assert unknown.high > known.high + 3


@pytest.mark.parametrize(("memory", "verdict"), [(30, FITS), (22.0, TIGHT), (20, FITS_NOT)])
def test_a_verdict_is_sure_or_tight(memory: float, verdict: str) -> None:
    assert fits(LLAMA, replace(LOAD, memory_gib=memory, concurrency=16)).verdict == verdict


def test_layers_that_may_keep_less_are_not_said_to_fit_or_not() -> None:
    sure = replace(LOAD, memory_gib=30, concurrency=64)
    assert fits(LLAMA, sure).verdict == FITS_NOT
    assert fits(LLAMA, replace(sure, certain=False)).verdict == TIGHT
    assert fits(LLAMA, replace(LOAD, memory_gib=80, certain=False)).verdict == TIGHT


def test_graphs_beside_the_budget_make_it_tight() -> None:
    """Before 0.21 graphs came after the cache: 2.2 GiB were not enough for a mixture of experts (vllm#17469)."""
    shape = replace(LLAMA, hidden_size=2048, intermediate_size=768, layers=48, kv_heads=4, experts=128)
    load = replace(LOAD, memory_gib=22.49, tensor_parallel=4, version="0.8.5", concurrency=256, tokens_per_request=16)
    assert fits(shape, replace(load, weights=57 * GIB)).verdict == TIGHT
    assert fits(shape, replace(load, weights=57 * GIB, eager=True)).verdict == FITS


@pytest.mark.parametrize(
    ("rope", "architecture", "longest"),
    [
        (None, "", 8192),
        (RopeScaling(type="yarn", factor=4, original=32768), "", 131072),
        (RopeScaling(type="yarn", factor=4), "", 32768),
        (RopeScaling(type="linear", factor=2.0), "", 16384),
        (RopeScaling(type="llama3", factor=8, original=8192), "", 8192),
        (RopeScaling(type="longrope", factor=32, original=4096), "", 8192),
        (RopeScaling(type="linear", factor=8.0), "Gemma3ForConditionalGeneration", 8192),
    ],
)
def test_the_longest_context_is_the_one_that_vllm_derives(
    rope: RopeScaling | None, architecture: str, longest: int
) -> None:
    assert replace(LLAMA, rope=rope, architecture=architecture).longest_context() == longest


NUMBERS = st.floats(0, 100, allow_nan=False)
ESTIMATES = st.builds(lambda a, b, c: Estimate(**dict(zip(("low", "likely", "high"), sorted((a, b, c)), strict=True))),
                      NUMBERS, NUMBERS, NUMBERS)  # fmt: skip


@settings(max_examples=100, deadline=None, derandomize=True)
@given(ESTIMATES, ESTIMATES, st.floats(0, 10))
def test_the_ends_of_an_estimate_stay_in_order(one: Estimate, other: Estimate, factor: float) -> None:
    for found in (one + other, one.or_more(other), one * factor):
        assert found.low <= found.likely <= found.high


LOADS = st.builds(
    replace,
    st.just(LOAD),
    memory_gib=st.floats(8, 180),
    concurrency=st.integers(1, 1024),
    tensor_parallel=st.sampled_from([1, 2, 4]),
    version=st.sampled_from(["0.7.3", "0.14.1", "0.27.1"]),
    weights=st.floats(1, 200).map(lambda gib: gib * GIB),
    certain=st.booleans(),
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(SHAPES)), LOADS)
def test_a_larger_gpu_never_has_a_worse_verdict(name: str, load: Load) -> None:
    order = [FITS_NOT, TIGHT, FITS]
    smaller, larger = (
        fits(SHAPES[name], replace(load, memory_gib=gib, batched_tokens=8192)).verdict
        for gib in (load.memory_gib, 1.5 * load.memory_gib)
    )
    assert order.index(smaller) <= order.index(larger)


def test_a_draft_head_is_loaded_only_to_speculate() -> None:
    shape, load = replace(LLAMA, draft_bytes=GIB), replace(LOAD, weights=15.0 * GIB)
    assert weights_on_one(shape, load) == 14 * GIB
    assert weights_on_one(shape, replace(load, speculative_tokens=3)) == 15 * GIB
    assert weights_on_one(shape, replace(load, weights=None)) == weights_on_one(LLAMA, replace(load, weights=None))


def test_graphs_of_experts_grow_with_layers_and_sizes() -> None:
    """vllm#17469: 2.2 GiB were too few for 48 layers; spark-vllm-docker#396: 5 GiB for 62."""
    dense, few = replace(EXPERTS, experts=0), replace(EXPERTS, layers=18)
    more = overhead(EXPERTS, LOAD, engine("0.27.1")).high - overhead(dense, LOAD, engine("0.27.1")).high
    assert more > 1.5 * (overhead(few, LOAD, engine("0.27.1")).high - overhead(dense, LOAD, engine("0.27.1")).high)
    eager = replace(LOAD, eager=True)
    assert overhead(EXPERTS, eager, engine("0.27.1")).high < overhead(EXPERTS, LOAD, engine("0.27.1")).high
