"""What vLLM does with a base model whose files lack a weight: why `kitchen model lint` holds them against a list.

Two starts show it: it misses no linear layer, output layer or embeddings that no file has, and ends at a norm.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.numpy import load, save

from infra.catalog import load_catalog
from ops.checks import read_artifact
from tests.serving.support.tiny_models import LLAMA
from tests.serving.support.tiny_server import BASE, TinyServer
from tests.support.artifacts import write

PROMPT = list(range(32, 96))
WEIGHTS = "model.safetensors"
UNMISSED = (
    "model.layers.0.self_attn.o_proj",
    "model.layers.1.mlp.up_proj",
    "model.layers.1.mlp.down_proj",
    "model.embed_tokens",
    "lm_head",
)
ENDS = ("model.layers.0.input_layernorm", "model.norm")


def without(folder: Path, *names: str) -> Path:
    """The tiny Llama without the weights of these modules."""
    files = LLAMA.files()
    tensors = load(files[WEIGHTS])
    for name in names:
        del tensors[f"{name}.weight"]
    return write(folder, files | {WEIGHTS: save(tensors, metadata={"format": "pt"})})


def lint(model: Path) -> str:
    return "\n".join(map(str, read_artifact("base-model", "", model, load_catalog())[1]))


@pytest.mark.parametrize("name", (*UNMISSED, *ENDS))
def test_lint_refuses_each(name: str, tmp_path: Path) -> None:
    assert lint(without(tmp_path / "whole")) == ""
    assert name in lint(without(tmp_path / "model", name))


def test_vllm_starts_and_answers_without_linear_layers_and_without_an_output_layer(tmp_path: Path) -> None:
    """The answer is tokens, or none where the numbers that the memory held are no numbers."""
    model = without(tmp_path / "model", *UNMISSED)
    with TinyServer(tmp_path, model, {}) as server:
        assert len(server.answer(BASE, PROMPT)) in (0, 16)
        assert "not initialized" not in server.log()


def test_vllm_ends_at_a_norm_that_no_file_has(tmp_path: Path) -> None:
    server = TinyServer(tmp_path, without(tmp_path / "model", *UNMISSED, *ENDS), {})
    with pytest.raises(AssertionError, match="did not start"), server:
        pass
    told = next(line for line in server.log().splitlines() if "not initialized from checkpoint" in line)
    assert [name for name in (*UNMISSED, *ENDS) if f"'{name}.weight'" in told] == list(ENDS)
