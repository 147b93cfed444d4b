"""GPU memory: the formulas against published models, how parts move, and what a preview says where it does not fit."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.gpu import Load, fits
from components.gpu.memory import FITS, TIGHT, compute_dtype, lora_bytes
from components.gpu.memory_shape import GIB, can_split
from components.gpu.memory_weights import weight_bytes
from components.gpu.products import mig_profile, real_memory_gib
from infra.catalog import BaseModel, Catalog, FileSum, load_catalog
from infra.faults import FaultsError
from infra.load import load_settings, read_stack_file
from infra.memory import fit_of, memory_table, spare_lora_gib
from tests.unit.support.published_models import PARAMETERS, SHAPES
from tools.local.workspace import REPOSITORY

CATALOG = load_catalog()
LOAD = Load(
    memory_gib=79.6,
    utilization=0.9,
    tensor_parallel=1,
    dtype="bfloat16",
    quantization=None,
    max_loras=1,
    max_lora_rank=16,
    max_model_len=4096,
    concurrency=16,
    tokens_per_request=1024,
)


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_are_those_of_the_published_files(name: str) -> None:
    assert SHAPES[name].parameters() == PARAMETERS[name]


@pytest.mark.parametrize(
    ("name", "trainable"),
    [
        # What PEFT prints as trainable parameters with rank 16 on all seven linear modules.
        ("meta-llama/Llama-2-7b-hf", 39_976_960),
        ("meta-llama/Meta-Llama-3-8B", 41_943_040),
        ("mistralai/Mistral-7B-v0.1", 41_943_040),
        ("Qwen/Qwen2.5-7B", 40_370_176),
    ],
)
def test_a_lora_slot_holds_every_linear_module(name: str, trainable: int) -> None:
    shape = SHAPES[name]
    ends = 16 * 2 * (shape.hidden_size + shape.vocabulary)
    assert lora_bytes(shape, LOAD) / 2 == trainable + ends


def test_quantized_weights_keep_their_embeddings() -> None:
    shape = SHAPES["meta-llama/Meta-Llama-3-8B"]
    plain, fp8, awq = (weight_bytes(shape, "bfloat16", method) / GIB for method in (None, "fp8", "awq"))
    assert plain == pytest.approx(14.96, abs=0.01)
    assert fp8 == pytest.approx(8.46, abs=0.02)
    assert 5 < awq < 6, "published AWQ files of this model have 5.3 GiB"


def test_a_70b_model_needs_several_gpus_of_80_gb() -> None:
    shape = SHAPES["meta-llama/Meta-Llama-3-70B"]
    assert not fits(shape, LOAD).fits
    assert not fits(shape, replace(LOAD, tensor_parallel=2, utilization=0.8)).fits
    assert fits(shape, replace(LOAD, tensor_parallel=4)).fits


def test_one_longest_request_must_fit_even_where_nobody_is_expected_to_send_it() -> None:
    shape = SHAPES["meta-llama/Llama-2-7b-hf"]
    fit = fits(shape, replace(LOAD, memory_gib=18, concurrency=1, tokens_per_request=16))
    assert fit.kv_cache == pytest.approx(4096 * 512 * 1024 / GIB)
    assert not fit.fits


def test_the_vocabulary_s_lora_is_whole_on_every_gpu() -> None:
    shape = SHAPES["meta-llama/Meta-Llama-3-70B"]
    whole = 2 * 2 * 16 * (shape.hidden_size + shape.vocabulary)
    assert lora_bytes(shape, replace(LOAD, tensor_parallel=8)) > whole


@pytest.mark.parametrize(
    ("heads", "kv", "gpus", "expected"), [(40, 10, 4, False), (32, 8, 16, True), (40, 10, 5, True)]
)
def test_heads_are_split_as_vllm_splits_them(heads: int, kv: int, gpus: int, expected: bool) -> None:
    shape = replace(SHAPES["meta-llama/Llama-2-7b-hf"], attention_heads=heads, kv_heads=kv)
    assert can_split(shape, gpus) == expected


def test_auto_is_the_model_s_own_type() -> None:
    assert compute_dtype("auto", "bfloat16") == "bfloat16"
    assert compute_dtype("auto", "float32") == "float16"
    assert compute_dtype("bfloat16", "float16") == "bfloat16"


LOADS = st.builds(
    replace,
    st.just(LOAD),
    tensor_parallel=st.sampled_from([1, 2, 4]),
    max_loras=st.integers(0, 8),
    max_lora_rank=st.sampled_from([8, 16, 64, 256]),
    max_model_len=st.integers(128, 131072),
    concurrency=st.integers(1, 512),
    tokens_per_request=st.integers(1, 8192),
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(name=st.sampled_from(sorted(SHAPES)), load=LOADS)
def test_more_never_needs_less_and_more_gpus_never_more(name: str, load: Load) -> None:
    shape = SHAPES[name]
    total = fits(shape, load).total
    for field in ("max_loras", "max_lora_rank", "max_model_len", "concurrency", "tokens_per_request"):
        assert fits(shape, replace(load, **{field: 2 * getattr(load, field)})).total >= total, field
    assert fits(shape, replace(load, tensor_parallel=2 * load.tensor_parallel)).total <= total
    assert fits(shape, replace(load, quantization="fp8")).total < total


@pytest.mark.parametrize(
    ("product", "resource", "gib", "profile"),
    [
        ("NVIDIA-L40S", "nvidia.com/gpu", 44.99, None),
        ("NVIDIA-H100-80GB-HBM3", "nvidia.com/gpu", 79.65, None),
        ("NVIDIA-RTX-6000-Ada-Generation", "nvidia.com/gpu", 47.99, None),
        ("NVIDIA-A100-SXM4-80GB-MIG-3g.40gb", "nvidia.com/gpu", 39.25, "3g.40gb"),
        ("NVIDIA-A100-SXM4-80GB", "nvidia.com/mig-1g.10gb", 9.5, "1g.10gb"),
        ("NVIDIA-A100-SXM4-80GB", "nvidia.com/mig-1g.10gb.me", 9.5, "1g.10gb"),
        ("NVIDIA-A100-SXM4-80GB-MIG-1g.10gb.me", "nvidia.com/gpu", 9.5, "1g.10gb"),
        ("NVIDIA-H200-MIG-1g.18gb", "nvidia.com/gpu", 16.76, "1g.18gb"),
    ],
)
def test_a_product_has_less_than_its_box_says(product: str, resource: str, gib: float, profile: str | None) -> None:
    assert real_memory_gib(product, resource) == pytest.approx(gib, abs=0.01)
    assert mig_profile(product, resource) == profile


def test_an_unknown_product_has_what_is_stated() -> None:
    assert real_memory_gib("ACME-1", "acme.example/gpu") is None


def dev() -> dict[str, Any]:
    return copy.deepcopy(read_stack_file(REPOSITORY / "Pulumi.dev.yaml"))


def told(data: dict[str, Any]) -> str:
    with pytest.raises(FaultsError) as caught:
        load_settings(data, CATALOG, "Pulumi.dev.yaml")
    return str(caught.value)


def verdict(data: dict[str, Any], catalog: Catalog = CATALOG) -> str:
    """The verdict on the kitchen `support` where a preview passes it."""
    found = load_settings(data, catalog)
    kitchen = found.kitchens["support"]
    return fit_of(kitchen, found.gpu_pools[kitchen.pool], catalog).verdict


def test_what_does_not_fit_says_what_would() -> None:
    data = dev()
    data["gpuPools"]["l4"] = {"product": "NVIDIA-L4", "memoryGiB": 24, "gpus": 8}
    data["kitchens"]["support"] |= {"pool": "l4"}
    text = told(data)
    assert 'kitchens.support.runtime: "113% of pool l4"' in text
    assert "needed are 22.4: weights 13.5, LoRA slots 0.2 (2 of rank 16), KV cache 8.0" in text
    assert "other 0.3 to 1.7" in text, "an estimate is told with both ends"
    example = text.partition("example: ")[2]
    assert "tensorParallelSize: 2" in example
    assert "pool: l40s" in example
    (concurrency,) = [part for part in example.split(" or ") if part.startswith("concurrency")]
    data["kitchens"]["support"]["runtime"]["concurrency"] = int(concurrency.split()[1])
    assert verdict(data) == FITS
    data["kitchens"]["support"]["runtime"]["concurrency"] += 1
    assert verdict(data) == TIGHT, "the example is the largest that surely fits"


def test_a_prefill_that_is_not_chunked_is_one_step() -> None:
    data = dev()
    data["gpuPools"]["l40s"] |= {"product": "ACME-1", "memoryGiB": 400}
    data["kitchens"]["support"]["runtime"] |= {"maxModelLen": 32768}
    others = []
    for args in ([], ["--max-num-batched-tokens=32768"], ["--no-enable-chunked-prefill"]):
        data["kitchens"]["support"]["runtime"]["extraArgs"] = args
        settings = load_settings(data, CATALOG)
        others.append(fit_of(settings.kitchens["support"], settings.gpu_pools["l40s"], CATALOG).overhead)
    assert others[0] < others[1] == others[2]


def test_what_no_node_has_is_not_told() -> None:
    data = dev()
    data["gpuPools"]["l4"] = {"product": "NVIDIA-L4", "memoryGiB": 24, "gpus": 8, "gpusPerNode": 1}
    data["kitchens"]["support"] |= {"pool": "l4"}
    assert "tensorParallelSize" not in told(data)


@pytest.mark.parametrize(
    ("mode", "adapters", "runtime", "expected"),
    [
        ("static", 2, {}, 0),
        ("static", 2, {"maxCpuLoras": 64}, 0),
        ("static", 4, {"maxCpuLoras": 64, "maxLoraRank": 256}, 3),
        ("hot", 2, {"maxCpuLoras": 64}, 5),
        ("hot", 2, {"maxCpuLoras": 64, "tensorParallelSize": 2}, 10),
    ],
)
def test_adapters_in_main_memory_are_asked_for(
    mode: str, adapters: int, runtime: dict[str, Any], expected: int
) -> None:
    """A slot of rank 16 has 0.08 GiB here; each GPU's process keeps its own."""
    kitchen = load_settings(dev(), CATALOG).kitchens["support"]
    changes = {"max_cpu_loras": runtime.get("maxCpuLoras"), "max_lora_rank": runtime.get("maxLoraRank", 16)}
    asked = replace(kitchen.runtime, **changes, tensor_parallel_size=runtime.get("tensorParallelSize", 1))
    kitchen = replace(kitchen, runtime=asked, lora_mode=mode, adapters=kitchen.adapters * (adapters // 2))
    assert spare_lora_gib(kitchen, CATALOG.base_models[kitchen.base_model]) == expected


def test_the_quota_counts_adapters_in_main_memory() -> None:
    data = dev()
    data["tenants"]["sales"]["quota"]["memoryGiB"] = 64
    load_settings(data, CATALOG)
    data["kitchens"]["summary"]["runtime"]["maxCpuLoras"] = 256
    assert "GiB of memory at most" in told(data)


def test_slices_are_never_told_to_work_together() -> None:
    data = dev()
    data["gpuPools"]["l40s"] |= {"product": "NVIDIA-A100-SXM4-80GB", "resource": "nvidia.com/mig-1g.10gb.me"}
    assert "tensorParallelSize" not in told(data)


@pytest.mark.parametrize(
    ("changes", "pool", "expected"),
    [
        ({"maxModelLen": 65536}, {}, ["maxModelLen: 65536", "contexts of 32768 tokens at most", "maxModelLen: 32768"]),
        ({"tokensPerRequest": 9000}, {}, ["tokensPerRequest: 9000", "at most maxModelLen (8192)"]),
        (
            {"tensorParallelSize": 3},
            {},
            ["tensorParallelSize: 3", "split the 32 query and 8 key-value heads", "example: tensorParallelSize: 2"],
        ),
        (
            {"tensorParallelSize": 2},
            {"product": "NVIDIA-A100-SXM4-80GB-MIG-3g.40gb"},
            ["MIG slices (3g.40gb)", "example: tensorParallelSize: 1"],
        ),
        ({}, {"resource": "nvidia.com/mig-40gb"}, ["gpuPools.l40s.resource", "example: nvidia.com/mig-3g.40gb"]),
        (
            {},
            {"product": "NVIDIA-A100-SXM4-80GB-MIG-3g.40gb", "resource": "nvidia.com/mig-3g.40gb"},
            ["gpuPools.l40s.resource", "MIG strategy single", "no resource, or product: NVIDIA-A100-SXM4-80GB"],
        ),
        ({}, {"product": "NVIDIA-L40s"}, ['gpuPools.l40s.product: "NVIDIA-L40s"', "example: NVIDIA-L40S"]),
        (
            {"tensorParallelSize": 8},
            {"gpusPerNode": 6},
            ["a node of pool l40s has 6 GPUs: it would stay Pending", "example: tensorParallelSize: 4"],
        ),
        ({"concurrency": 512, "maxModelLen": 32768}, {}, ["% of pool l40s", "512 requests of 2048 tokens"]),
    ],
)
def test_faults_of_gpu_memory(changes: dict[str, Any], pool: dict[str, Any], expected: list[str]) -> None:
    data = dev()
    data["tenants"]["helpdesk"]["quota"]["gpus"] = 16
    data["gpuPools"]["l40s"] |= {"gpus": 64, **pool}
    data["kitchens"]["support"]["runtime"] |= changes
    text = told(data)
    for part in expected:
        assert part in text, text


def weights_column(model: BaseModel, runtime: dict[str, Any]) -> str:
    """The table's figure for the kitchen `support` with another base model of this name."""
    data = dev()
    data["gpuPools"]["l40s"] |= {"product": "ACME-1", "memoryGiB": 400}
    data["kitchens"]["support"]["runtime"] |= runtime
    catalog = replace(CATALOG, base_models={**CATALOG.base_models, model.ref: model})
    return memory_table(load_settings(data, catalog), catalog).splitlines()[1].split()[2]


@pytest.mark.parametrize(
    ("changes", "runtime", "by_shape", "by_files"),
    [
        ({}, {}, "13.5", "9.0"),
        ({"quantization": "awq"}, {}, "4.1", "9.0"),
        ({"quantization": "awq"}, {"quantization": "awq_marlin"}, "4.1", "9.0"),
        ({"quantization": "compressed-tensors"}, {}, "13.5", "9.0"),
        ({}, {"quantization": "fp8"}, "7.0", "4.7"),
        ({"dtype": "float32"}, {}, "13.5", "4.5"),
    ],
)
def test_weights_are_those_of_the_files(
    changes: dict[str, Any], runtime: dict[str, Any], by_shape: str, by_files: str
) -> None:
    """A stand-in is counted by its shape, anything else by its files: 9 GiB here."""
    model = replace(CATALOG.base_models["tsuzumi-7b-instruct/v1"], **{"dtype": "bfloat16", **changes})
    assert weights_column(model, runtime) == by_shape
    files = [FileSum(path=f"model-{part}.safetensors", sha256="0" * 64, size_bytes=3 * GIB) for part in range(3)]
    other = FileSum(path="tokenizer.json", sha256="0" * 64, size_bytes=GIB)
    assert weights_column(replace(model, stand_in=False, files=(*files, other)), runtime) == by_files


def test_the_table_has_a_line_a_kitchen() -> None:
    lines = memory_table(load_settings(dev(), CATALOG), CATALOG).splitlines()
    assert [line.split()[0] for line in lines] == ["KITCHEN", "support", "summary", "search"]
    assert lines[2].split()[4] == "16.0", "without a statement every request has its full context"
    assert lines[1].split()[1:] == ["l40s", "13.5", "0.2", "8.0", "0.3-1.7", "22.0-23.4", "40.1", "56", "25", "fits"]
