"""Typed settings of the server: what they render, what contradicts, and older files that say them by flags."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from infra.catalog import BaseModel, Catalog, FileSum, load_catalog
from infra.faults import FaultsError
from infra.flag_words import flag_word
from infra.keys import camel
from infra.kitchen.features import features, read_settings
from infra.load import load_settings, read_stack_file
from infra.rules.flag_values import value_fault
from infra.rules.flags import OWNED
from infra.settings import Kitchen
from infra.typed_flags import READERS
from infra.validate import schema
from tools.local.workspace import REPOSITORY

FILE = read_stack_file(REPOSITORY / "Pulumi.dev.yaml")
TEMPLATE = FileSum(path="chat_template.jinja", sha256="0" * 64, size_bytes=10)

EVERY: dict[str, Any] = {
    "prefixCaching": False,
    "kvCacheDtype": "fp8",
    "chunkedPrefill": True,
    "batchedTokens": 4096,
    "toolCallParser": "hermes",
    "reasoningParser": "qwen3",
    "chatTemplate": "chat_template.jinja",
    "structuredOutputs": {"backend": "xgrammar", "anyWhitespace": False, "inReasoning": True},
    "speculation": {"method": "ngram", "tokens": 4, "promptLookupMax": 4, "promptLookupMin": 2},
    "multimodal": {"image": 2, "video": 0},
    "fullyShardedLoras": True,
    "tensorParallelSize": 2,
}
FLAGS = [
    "--no-enable-prefix-caching",
    "--kv-cache-dtype=fp8",
    "--enable-chunked-prefill",
    "--max-num-batched-tokens=4096",
    "--enable-auto-tool-choice",
    "--tool-call-parser=hermes",
    "--reasoning-parser=qwen3",
    "--chat-template=/mnt/models/chat_template.jinja",
    '--structured-outputs-config={"backend": "xgrammar", "disable_any_whitespace": true, "enable_in_reasoning": true}',
    '--speculative-config={"method": "ngram", "num_speculative_tokens": 4, "prompt_lookup_max": 4, '
    '"prompt_lookup_min": 2}',
    '--limit-mm-per-prompt={"image": 2, "video": 0}',
    "--fully-sharded-loras",
]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The catalog with a chat template beside each base model."""
    return changed(load_catalog(), lambda model: replace(model, files=(*model.files, TEMPLATE)))


def seeing(catalog: Catalog) -> Catalog:
    """The catalog with base models that see pictures."""

    def change(model: BaseModel) -> BaseModel:
        return replace(model, shape=replace(model.shape, architecture="Qwen2_5_VLForConditionalGeneration"))

    return changed(catalog, change)


def changed(catalog: Catalog, change: Any) -> Catalog:
    return replace(catalog, base_models={ref: change(model) for ref, model in catalog.base_models.items()})


def mixture(catalog: Catalog) -> Catalog:
    """The catalog with base models of two small experts."""

    def change(model: BaseModel) -> BaseModel:
        return replace(model, shape=replace(model.shape, experts=2, intermediate_size=1024))

    return changed(catalog, change)


def kitchen(catalog: Catalog, runtime: dict[str, Any], **more: Any) -> Kitchen:
    data = copy.deepcopy(FILE)
    data["tenants"]["helpdesk"]["quota"] |= {"gpus": 8}
    data["kitchens"]["support"]["runtime"] |= runtime
    data["kitchens"]["support"] |= more
    return load_settings(data, catalog).kitchens["support"]


def faults(catalog: Catalog, runtime: dict[str, Any], **more: Any) -> list[str]:
    try:
        kitchen(catalog, runtime, **more)
    except FaultsError as error:
        return [str(fault) for fault in error.faults]
    return []


def test_pooling_is_said_for_vectors_alone(catalog: Catalog) -> None:
    pooling = {"pooling": {"type": "MEAN", "dimensions": 256, "activation": False}}
    flag = '--pooler-config={"seq_pooling_type": "MEAN", "dimensions": 256, "use_activation": false}'
    assert features(kitchen(catalog, pooling, task="embed")).flags()[-1] == flag
    (told,) = faults(catalog, pooling)
    assert told.startswith("kitchens.support.runtime.pooling: ")
    assert "is how a vector is made of a text, and task is generate" in told


def test_each_setting_is_its_flag(catalog: Catalog) -> None:
    found = kitchen(seeing(mixture(catalog)), EVERY)
    assert features(found).flags() == FLAGS


def test_what_is_not_said_is_left_to_vllm(catalog: Catalog) -> None:
    assert features(kitchen(catalog, {})).flags() == []


def test_every_rendered_flag_is_one_that_its_setting_owns() -> None:
    for entry in FLAGS:
        word = flag_word(0, entry)
        assert word.whole and word.name in OWNED
        assert word.value is None or value_fault(word.name, word.key, word.value) is None


@pytest.mark.parametrize(
    ("task", "flags"),
    [
        ("generate", []),
        ("embed", ["--runner=pooling", "--convert=embed"]),
        ("rerank", ["--runner=pooling"]),
        ("classify", ["--runner=pooling", "--convert=classify"]),
    ],
)
def test_a_task_is_how_the_server_runs_the_model(task: str, flags: list[str], catalog: Catalog) -> None:
    assert features(kitchen(catalog, {}, task=task)).flags() == flags


@pytest.mark.parametrize(
    ("runtime", "place", "rule"),
    [
        ({"toolCallParser": "hermess"}, "toolCallParser", "must be a parser of vLLM 0.27.1: apertus, "),
        ({"toolCallParser": "hermess"}, "toolCallParser", "example: toolCallParser: hermes"),
        ({"reasoningParser": "deepseek_r2"}, "reasoningParser", "example: reasoningParser: deepseek_r1"),
        ({"batchedTokens": 16}, "batchedTokens", "must be at least concurrency (32)"),
        ({"batchedTokens": 4096, "chunkedPrefill": False}, "batchedTokens", "at least maxModelLen (8192), as prefills"),
        ({"chatTemplate": "other.jinja"}, "chatTemplate", "whose sum the catalog has: chat_template.jinja; example"),
        ({"chatTemplate": "config.json"}, "chatTemplate", "(*.jinja) of the base model tsuzumi-7b-instruct/v1"),
        ({"chatTemplate": "model.safetensors"}, "chatTemplate", "must be a template (*.jinja) of the base model"),
        ({"chatTemplate": "../x.jinja"}, "chatTemplate", "must match"),
        ({"kvCacheDtype": "bogus"}, "kvCacheDtype", "must be one of"),
        ({"speculation": {"method": "eagle3", "tokens": 2}}, "speculation.method", "must be one of"),
        ({"speculation": {"method": "suffix", "tokens": 2, "promptLookupMax": 3}}, "speculation", "guesses by trees"),
        (
            {"speculation": {"method": "ngram", "tokens": 2, "promptLookupMin": 4, "promptLookupMax": 3}},
            "speculation.promptLookupMin",
            "must be at most promptLookupMax (3)",
        ),
        ({"fullyShardedLoras": True}, "fullyShardedLoras", "tensorParallelSize is 1"),
        ({"expertParallel": True}, "expertParallel", "is no mixture of experts"),
        ({"multimodal": {"smell": 1}}, "multimodal", "smell"),
    ],
)
def test_each_fault_is_one_line_at_its_place(runtime: dict[str, Any], place: str, rule: str, catalog: Catalog) -> None:
    (told,) = faults(catalog, runtime)
    assert told.startswith(f"kitchens.support.runtime.{place}")
    assert rule in told


@pytest.mark.parametrize("field", ["anyWhitespace", "additionalProperties"])
@pytest.mark.parametrize("backend", [None, "auto", "guidance", "lm-format-enforcer", "outlines", "xgrammar"])
def test_what_a_backend_cannot_forbid_is_refused(field: str, backend: str | None, catalog: Catalog) -> None:
    said: dict[str, Any] = {} if backend is None else {"backend": backend}
    can = backend == "guidance" or (backend == "xgrammar" and field == "anyWhitespace")
    told = faults(catalog, {"structuredOutputs": {**said, field: False}})
    assert [line.partition(";")[0] for line in told] == (
        [] if can else [f"kitchens.support.runtime.structuredOutputs.{field}: false"]
    )
    assert faults(catalog, {"structuredOutputs": {**said, field: True}}) == []


@pytest.mark.parametrize(
    ("architecture", "refused"),
    [("LlamaForCausalLM", True), ("Qwen2_5_VLForConditionalGeneration", False), ("", False), ("Unheard", False)],
)
def test_pictures_are_not_for_a_model_of_texts_alone(architecture: str, refused: bool, catalog: Catalog) -> None:
    def change(model: BaseModel) -> BaseModel:
        return replace(model, shape=replace(model.shape, architecture=architecture))

    told = [line for line in faults(changed(catalog, change), {"multimodal": {"image": 2}}) if "multimodal" in line]
    assert len(told) == refused
    assert all("is a LlamaForCausalLM, which reads texts alone" in line for line in told)


def test_experts_are_shared_out_over_gpus(catalog: Catalog) -> None:
    (told,) = faults(mixture(catalog), {"expertParallel": True})
    assert "nothing to share out: tensorParallelSize is 1" in told


def test_a_rank_that_experts_do_not_take_is_refused(catalog: Catalog) -> None:
    experts = mixture(catalog)
    (told,) = faults(experts, {"maxLoraRank": 256})
    assert told.startswith(
        "kitchens.support.runtime.maxLoraRank: 256; rule: a mixture of experts takes ranks up to 128"
    )
    assert faults(experts, {"maxLoraRank": 256, "fullyShardedLoras": True, "tensorParallelSize": 2}) == []
    assert faults(experts, {"maxLoraRank": 256}, adapters=[]) == []
    assert faults(catalog, {"maxLoraRank": 256}) == []


@pytest.mark.parametrize("task", ["embed", "rerank", "classify"])
def test_what_is_for_words_is_not_for_vectors(task: str, catalog: Catalog) -> None:
    said = {key: EVERY[key] for key in ("toolCallParser", "reasoningParser", "speculation")}
    told = faults(catalog, said, task=task)
    assert sorted(line.partition(":")[0] for line in told) == sorted(f"kitchens.support.runtime.{key}" for key in said)
    assert all(f"is for answers in words, and task is {task}" in line for line in told)


OLD = [
    ("--enable-prefix-caching", "prefix_caching", True),
    ("--no-enable-prefix-caching", "prefix_caching", False),
    ("--kv_cache_dtype=fp8", "kv_cache_dtype", "fp8"),
    ("--no-enable-chunked-prefill", "chunked_prefill", False),
    ("--max-num-batched-tokens=8192", "batched_tokens", 8192),
    ("--tool-call-parser=hermes", "tool_call_parser", "hermes"),
    ("--reasoning-parser=qwen3", "reasoning_parser", "qwen3"),
    ("--chat-template=/mnt/models/chat_template.jinja", "chat_template", "chat_template.jinja"),
    ('--limit-mm-per-prompt={"image": 2}', "multimodal", {"image": 2}),
]


@pytest.mark.parametrize(("flag", "field", "value"), OLD)
def test_a_flag_of_an_older_file_is_read_as_the_setting(flag: str, field: str, value: Any, catalog: Catalog) -> None:
    found = kitchen(seeing(catalog), {"extraArgs": ["--async-scheduling", flag]})
    assert getattr(found.runtime, field) == value
    assert found.runtime.further_args == ("--async-scheduling",)
    assert read_settings(found) == [(1, camel(field))]


def test_what_stands_beside_a_flag_is_read_with_it(catalog: Catalog) -> None:
    found = kitchen(catalog, {"extraArgs": ["--enable-auto-tool-choice", "--tool-call-parser=hermes"]})
    assert found.runtime.further_args == ()
    (told,) = faults(catalog, {"extraArgs": ["--enable-auto-tool-choice"]})
    assert "this is what runtime.toolCallParser says" in told


def test_a_structured_output_backend_is_read_in_both_forms(catalog: Catalog) -> None:
    for flag in ("--structured-outputs-config.backend=guidance", '--structured-outputs-config={"backend": "guidance"}'):
        found = kitchen(catalog, {"extraArgs": [flag]}).runtime.structured_outputs
        assert found is not None and found.backend == "guidance"


def test_a_setting_and_its_flag_are_one_too_many(catalog: Catalog) -> None:
    (told,) = faults(catalog, {"kvCacheDtype": "auto", "extraArgs": ["--kv-cache-dtype=fp8"]})
    assert told.startswith("kitchens.support.runtime.extraArgs[0]: ")
    assert "this is what runtime.kvCacheDtype says" in told


def test_a_fault_is_told_where_the_file_says_it(catalog: Catalog) -> None:
    (told,) = faults(catalog, {"extraArgs": ["--async-scheduling", "--max-num-batched-tokens=16"]})
    assert told.startswith("kitchens.support.runtime.extraArgs[1]: 16; rule: must be at least concurrency (32)")


def test_what_is_read_is_owned_by_a_setting_of_that_name() -> None:
    assert {flag: OWNED[flag] for flag in READERS} == {
        flag: f"runtime.{''.join(part if not at else part.capitalize() for at, part in enumerate(field.split('_')))}"
        for flag, (field, _) in READERS.items()
    }


def test_a_flag_s_setting_is_a_key_of_the_schema() -> None:
    keys = schema("settings")["properties"]["kitchens"]["additionalProperties"]["properties"]
    for setting in set(OWNED.values()) - {"entry"}:
        head, _, rest = setting.partition(".")
        assert head in keys and (not rest or rest in keys[head]["properties"]), setting
    canary = keys["canary"]["properties"]["runtime"]["properties"]
    assert {**keys["runtime"]["properties"], **canary} == keys["runtime"]["properties"]
    assert keys["runtime"]["properties"].keys() - canary.keys() == {"tokensPerRequest"}


def test_flags_of_another_version_are_not_known(catalog: Catalog) -> None:
    image = replace(catalog.images["vllm"], version="0.32.0")
    other = replace(catalog, images={**catalog.images, "vllm": image})
    (told,) = faults(other, {"extraArgs": ["--async-scheduling"]})
    assert "image vllm has vLLM 0.32.0, and infra/catalog/server-flags.json knows the flags of 0.27.1 alone" in told
    assert faults(other, {}) == []
