"""Adapters of every kind that is accepted here, on real vLLM: each changes the answers; what is refused does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.numpy import load_file

from ops.checks import check_artifact
from tests.serving.support.tiny_models import DEEPSEEK, LLAMA, PHI3, Kind, adapter, catalog_with, put
from tests.serving.support.tiny_server import BASE, TinyServer
from tests.support.artifacts import WEIGHTS, write

PROMPT = list(range(32, 96))
EXPRESSION = r"(?:.*?(?:language|text).*?(?:q_proj|v_proj))|(?:\bmodel\.layers\.[\d]{1,}\.self_attn\.(?:q_proj|v_proj))"
NO_MLA = {"VLLM_MLA_DISABLE": "1"}  # vLLM's CPU backend has no latent attention

KINDS: dict[str, tuple[Kind, dict[str, tuple[str, ...]], dict[str, str]]] = {
    "dense": (
        LLAMA,
        {
            "head": ("lm_head",),
            "head-and-attention": ("lm_head", "q_proj", "v_proj"),
            "embeddings": ("embed_tokens",),
            "linear": ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"),
        },
        {},
    ),
    "fused": (PHI3, {"qkv": ("qkv_proj",), "gate-up": ("gate_up_proj",), "rest": ("o_proj", "down_proj")}, {}),
    "latent": (
        DEEPSEEK,
        {
            "q-a": ("q_a_proj",),
            "q-b": ("q_b_proj",),
            "kv-a": ("kv_a_proj_with_mqa",),
            "kv-b": ("kv_b_proj",),
            "o": ("o_proj",),
        },
        NO_MLA,
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_each_accepted_kind_changes_the_answer(name: str, tmp_path: Path) -> None:
    kind, wanted, environment = KINDS[name]
    model = write(tmp_path / "model", kind.files())
    catalog = catalog_with(tmp_path / "catalog", kind, model)
    adapters = {short: adapter(tmp_path / short, kind, words) for short, words in wanted.items()}
    for short, folder in adapters.items():
        assert check_artifact("adapter", "", folder, catalog) == [], short
    with TinyServer(tmp_path, model, adapters, environment=environment) as server:
        answers = {short: server.answer(short, PROMPT) for short in (BASE, *adapters)}
    assert all(len(tokens) == 16 for tokens in answers.values())
    assert len({tuple(tokens) for tokens in answers.values()}) == len(answers), answers


def test_configurations_that_trainers_write_change_nothing_of_the_answer(tmp_path: Path) -> None:
    """The tensors decide: the same ones under another configuration, or without PEFT's prefix, answer alike."""
    model = write(tmp_path / "model", LLAMA.files())
    catalog = catalog_with(tmp_path / "catalog", LLAMA, model)
    right = adapter(tmp_path / "right", LLAMA, ("q_proj", "v_proj"))
    tensors = load_file(right / WEIGHTS)
    said = {
        "expression": {"target_modules": EXPRESSION},
        "excluded": {"target_modules": ["q_proj", "k_proj", "v_proj"], "exclude_modules": ["k_proj"]},
        "numbered": {"target_modules": [f"{n}.self_attn.{word}" for n in (0, 1) for word in ("q_proj", "v_proj")]},
        "mapping": {
            "target_modules": ["q_proj", "v_proj"],
            "auto_mapping": {"base_model_class": "LlamaForCausalLM", "unsloth_fixed": True},
            "rank_pattern": {"q_proj": 8},
            "task_type": None,
        },
    }
    adapters = {name: put(tmp_path / name, LLAMA, tensors, **config) for name, config in said.items()}
    short = {name.removeprefix("base_model.model."): value for name, value in tensors.items()}
    adapters["without-prefix"] = put(tmp_path / "short", LLAMA, short, target_modules=["q_proj", "v_proj"])
    for name, folder in adapters.items():
        assert check_artifact("adapter", "", folder, catalog) == [], name
    with TinyServer(tmp_path, model, {"right": right, **adapters}) as server:
        expected = server.answer("right", PROMPT)
        assert expected != server.answer(BASE, PROMPT)
        assert {name: server.answer(name, PROMPT) for name in adapters} == dict.fromkeys(adapters, expected)


def test_what_meets_no_module_answers_as_the_base_model_and_is_refused(tmp_path: Path) -> None:
    model = write(tmp_path / "model", LLAMA.files())
    catalog = catalog_with(tmp_path / "catalog", LLAMA, model)
    right = adapter(tmp_path / "right", LLAMA, ("q_proj", "v_proj"))
    tensors = load_file(right / WEIGHTS)
    changes = {
        "language-model": ("model.layers", "model.language_model.layers"),
        "twice": ("model.layers", "model.model.layers"),
        "compiled": ("model.layers", "_orig_mod.model.layers"),
        "absent-layer": (".layers.", ".layers.9"),
    }
    adapters = {
        name: put(
            tmp_path / name,
            LLAMA,
            {tensor.replace(old, new, 1): value for tensor, value in tensors.items()},
            target_modules=["q_proj", "v_proj"],
        )
        for name, (old, new) in changes.items()
    }
    zeros = {name: value * (0 if "lora_B" in name else 1) for name, value in tensors.items()}
    adapters["zeros"] = put(tmp_path / "zeros", LLAMA, zeros, target_modules=["q_proj", "v_proj"])
    for name, folder in adapters.items():
        told = "\n".join(map(str, check_artifact("adapter", "", folder, catalog)))
        said = {"zeros": "answers as its base model", "absent-layer": "lacks this layer"}
        assert said.get(name, "expected: base_model.model.model.layers.{0-1}.self_attn.q_proj") in told
    with TinyServer(tmp_path, model, {"right": right, **adapters}) as server:
        base = server.answer(BASE, PROMPT)
        assert server.answer("right", PROMPT) != base
        assert {name: server.answer(name, PROMPT) for name in adapters} == dict.fromkeys(adapters, base)
