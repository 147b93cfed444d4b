"""What a base model is: refused where vLLM would not run it, named where nothing is known, counted where it is."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from components.gpu.memory import FITS, TIGHT
from components.gpu.memory_shape import GIB
from infra.architectures import ARCHITECTURES, VERSION, said_of, serves_lora, tasks, why_not
from infra.catalog import Catalog, FileSum, load_catalog
from infra.faults import FaultsError
from infra.load import load_settings, read_stack_file
from infra.memory import fit_of, memory_table, not_counted, tight_kitchens
from infra.shapes import shape_of
from tools.local.workspace import REPOSITORY

CATALOG = load_catalog()
REF = "tsuzumi-7b-instruct/v1"
CONFIG = {
    "architecture": "LlamaForCausalLM",
    "hiddenSize": 4096,
    "intermediateSize": 14336,
    "numHiddenLayers": 32,
    "numAttentionHeads": 32,
    "numKeyValueHeads": 8,
    "vocabSize": 32000,
    "maxPositionEmbeddings": 32768,
}
HYBRID = {
    "architecture": "Qwen3_5ForCausalLM",
    "attentionLayers": [{"layers": 8, "kvHeads": 8, "headDim": 128}],
    "recurrentLayers": {
        "layers": 24,
        "convValues": 30720,
        "stateValues": 786432,
        "innerSize": 6144,
        "stateType": "float32",
    },
}


def with_config(files_gib: float | None = None, **changes: Any) -> Catalog:
    """The catalog with another config of the base model of `support`; no stand-in where its files have a size."""
    config = {key: value for key, value in (CONFIG | changes).items() if value is not None}
    model = replace(CATALOG.base_models[REF], shape=shape_of(config))
    if files_gib is not None:
        weights = FileSum(path="model.safetensors", sha256="0" * 64, size_bytes=int(files_gib * GIB))
        model = replace(model, stand_in=False, dtype="bfloat16", files=(weights,))
    return replace(CATALOG, base_models={**CATALOG.base_models, REF: model})


def dev(**runtime: Any) -> dict[str, Any]:
    data = copy.deepcopy(read_stack_file(REPOSITORY / "Pulumi.dev.yaml"))
    data["kitchens"]["support"]["runtime"] |= runtime
    del data["kitchens"]["summary"]
    data["gpuPools"]["l40s"]["gpus"] = 64
    data["tenants"]["helpdesk"]["quota"]["gpus"] = 16
    return data


def told(data: dict[str, Any], catalog: Catalog) -> str:
    with pytest.raises(FaultsError) as caught:
        load_settings(data, catalog)
    return str(caught.value)


def verdict(data: dict[str, Any], catalog: Catalog) -> str:
    settings = load_settings(data, catalog)
    kitchen = settings.kitchens["support"]
    return fit_of(kitchen, settings.gpu_pools[kitchen.pool], catalog).verdict


@pytest.mark.parametrize(
    ("architecture", "expected"),
    [
        ("MadeUpForCausalLM", f"is no architecture that vLLM {VERSION} knows"),
        ("Eagle3LlamaForCausalLM", "is a draft model"),
        ("FalconForCausalLM", f"vLLM {VERSION} serves no LoRA adapters of FalconForCausalLM"),
        ("BertModel", f"vLLM {VERSION} serves no LoRA adapters of BertModel"),
    ],
)
def test_what_a_server_would_not_run_is_refused(architecture: str, expected: str) -> None:
    text = told(dev(), with_config(architecture=architecture))
    assert expected in text
    assert text.count("kitchens.support") == 1, "one line"


def test_without_adapters_an_architecture_without_lora_is_served() -> None:
    data = dev()
    data["kitchens"]["support"]["adapters"] = []
    load_settings(data, with_config(architecture="FalconForCausalLM"))


def test_what_vllm_says_is_told_by_task() -> None:
    assert tasks("BertModel") == ("pool",)
    assert tasks("LlamaForCausalLM") == ("generate", "pool")
    assert tasks("GptOssForCausalLM") == ("generate",)
    assert tasks("MadeUpForCausalLM") == ()
    assert serves_lora("Qwen3MoeForCausalLM")
    assert not serves_lora("Mamba2ForCausalLM")
    assert why_not("LlamaForCausalLM") is None
    assert said_of("JambaForCausalLM") >= {"hybrid", "blockStates"}


def test_every_word_of_the_list_is_known() -> None:
    words = {word for said in ARCHITECTURES.values() for word in said}
    assert words == {"generate", "pool", "draft", "lora", "media", "hybrid", "blockStates", "stateOnly", "backend"}
    assert len(ARCHITECTURES) > 300


EXPERTS = {"architecture": "Qwen3MoeForCausalLM", "numLocalExperts": 4, "intermediateSize": 2048}


def test_slots_are_split_by_rank_or_by_expert() -> None:
    runtime = {"tensorParallelSize": 2, "extraArgs": ["--fully-sharded-loras", "--enable-expert-parallel"]}
    assert "vLLM does not do both" in told(dev(**runtime), with_config(**EXPERTS))


def test_a_context_that_yarn_reaches_is_served() -> None:
    rope = {"type": "yarn", "factor": 4, "original": 32768}
    asked = dev(maxModelLen=131072, concurrency=1, tokensPerRequest=1024)
    load_settings(asked, with_config(ropeScaling=rope))
    assert "knows contexts of 32768 tokens at most" in told(asked, with_config())
    asked = dev(maxModelLen=131073)
    assert "knows contexts of 131072 tokens at most" in told(asked, with_config(ropeScaling=rope))


def test_states_are_counted_for_each_request() -> None:
    """Many short requests: keys and values are few, states are not."""
    many, fewer = (dev(concurrency=asked, tokensPerRequest=64, maxModelLen=8192) for asked in (2048, 512))
    assert "% of pool l40s" in told(many, with_config(**HYBRID))
    load_settings(many, with_config())
    settings = load_settings(fewer, with_config(**HYBRID))
    assert any("is tight on one GPU of pool l40s" in said for said in tight_kitchens(settings, with_config(**HYBRID)))


def test_only_attention_layers_keep_keys_and_values() -> None:
    long = dev(concurrency=8, tokensPerRequest=32768, maxModelLen=32768)
    load_settings(long, with_config(**HYBRID))
    assert "% of pool l40s" in told(long, with_config())


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({}, ()),
        ({"architecture": None}, ("kinds of layers and other parts: its entry names no architecture",)),
        ({"notCounted": ["audio encoder"]}, ("audio encoder",)),
        ({"architecture": "NemotronHForCausalLM"}, ("the state of layers without attention",)),
        ({"architecture": "Qwen2_5_VLForConditionalGeneration"}, ("encoder of pictures or sound",)),
    ],
)
def test_what_is_not_counted_is_named_in_every_preview(changes: dict[str, Any], parts: tuple[str, ...]) -> None:
    catalog = with_config(**changes)
    settings = load_settings(dev(), catalog)
    assert not_counted(settings.kitchens["support"], catalog.base_models[REF]) == parts
    table = memory_table(settings, catalog)
    assert [line for line in table.splitlines() if line.startswith("not counted")] == [
        f"not counted for support: {', '.join(parts)}" for _ in parts[:1]
    ]


@pytest.mark.parametrize(
    ("architecture", "files_gib", "expected"),
    [
        (None, 13.5, FITS),  # as large as a Llama of these numbers
        (None, 16.5, TIGHT),  # larger: an encoder, or other layers
        (None, 9.0, TIGHT),  # smaller
        ("LlamaForCausalLM", 9.0, FITS),  # what it is is said
    ],
)
def test_files_tell_whether_an_unnamed_model_is_a_plain_one(
    architecture: str | None, files_gib: float, expected: str
) -> None:
    catalog = with_config(files_gib, architecture=architecture)
    assert verdict(dev(), catalog) == expected
    missing = not_counted(load_settings(dev(), catalog).kitchens["support"], catalog.base_models[REF])
    assert bool(missing) == (architecture is None), "never without the line"


def test_a_tight_kitchen_is_a_warning_with_both_ends() -> None:
    catalog = with_config(16.5, architecture=None)
    settings = load_settings(dev(), catalog)
    (sentence,) = tight_kitchens(settings, catalog)
    assert sentence.startswith("kitchen support is tight on one GPU of pool l40s: ")
    assert "it may take 40.1 GiB and needs " in sentence
    assert " by the estimate, without what is not counted. It may not start: " in sentence
    table = memory_table(settings, catalog).splitlines()
    assert table[-1] == "What is not counted comes on top of SUM: the verdict is without it."
    assert sentence.endswith("start it on one node first, and read `Available KV cache memory` in its log")


@pytest.mark.parametrize(
    ("extra", "field", "expected"),
    [
        ([], "kv_cache", 8.0),
        (["--kv-cache-dtype=fp8"], "kv_cache", 4.0),
        (["--kv_cache_dtype=fp8_e5m2"], "kv_cache", 4.0),
    ],
)
def test_flags_are_counted(extra: list[str], field: str, expected: float) -> None:
    settings = load_settings(dev(extraArgs=extra), CATALOG)
    fit = fit_of(settings.kitchens["support"], settings.gpu_pools["l40s"], CATALOG)
    assert getattr(fit, field) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("extra", "counted"),
    [
        ([], True),
        (['--limit-mm-per-prompt={"image": 2}'], True),
        (['--limit-mm-per-prompt={"image": 0, "video": 0}'], False),
        (["--language-model-only"], False),
        (["--skip-mm-profiling"], True),
    ],
)
def test_pictures_that_nobody_may_send_are_not_counted(extra: list[str], counted: bool) -> None:
    vision = {"hiddenSize": 1280, "patchesPerToken": 4, "itemTokens": 16384, "video": 7}
    catalog = with_config(architecture="Qwen2_5_VLForConditionalGeneration", vision=vision)
    settings = load_settings(dev(extraArgs=extra), catalog)
    kitchen = settings.kitchens["support"]
    fit = fit_of(kitchen, settings.gpu_pools["l40s"], catalog)
    assert (fit.overhead > 2) is counted


def test_windows_cost_all_tokens_without_the_hybrid_manager() -> None:
    windows = {"architecture": "GptOssForCausalLM", "slidingWindow": 128, "slidingWindowLayers": 16}
    catalog = with_config(**windows)
    sizes = []
    for extra in ([], ["--disable-hybrid-kv-cache-manager"]):
        settings = load_settings(dev(extraArgs=extra, maxModelLen=32768, concurrency=1), catalog)
        sizes.append(fit_of(settings.kitchens["support"], settings.gpu_pools["l40s"], catalog).longest)
    assert sizes[1] == pytest.approx(32768 * 131072 / GIB)
    assert sizes[0] < 0.7 * sizes[1]
