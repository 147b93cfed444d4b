"""What is counted, beside vLLM's own code: the cache's blocks, sizes of states, and the list of architectures."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from components.gpu.memory_cache import CacheOptions, pool
from components.gpu.memory_shape import AttentionLayers, ModelShape, RecurrentLayers
from infra.architectures import FILE
from ops.checks.config_defaults import FILE as DEFAULTS
from ops.checks.model_layers import read_layers
from tests.serving.support.served_kitchen import PYTHON

SUPPORT = Path(__file__).parent / "support"

Part = tuple[int, int, int, int | None]
"""Layers, key-value heads, size of a head, window."""

CASES: dict[str, tuple[list[Part], tuple[int, int] | None, bool]] = {
    "plain": ([(32, 8, 128, None)], None, True),
    "windows everywhere": ([(32, 8, 128, 4096)], None, True),
    "gpt-oss": ([(12, 8, 64, 128), (12, 8, 64, None)], None, True),
    "gpt-oss without the manager": ([(12, 8, 64, 128), (12, 8, 64, None)], None, False),
    "Gemma 3 27B": ([(52, 16, 128, 1024), (10, 16, 128, None)], None, True),
    "Gemma 4 31B": ([(50, 16, 256, 1024), (10, 4, 512, None)], None, True),
    "Gemma 4 without the manager": ([(50, 16, 256, 1024), (10, 4, 512, None)], None, False),
    "nearly as many": ([(12, 8, 64, 128), (13, 8, 64, None)], None, True),
    "Qwen3.6 27B": ([(16, 4, 256, None)], (48, 4 * (30720 // 2 + 786432)), True),
    "Granite 4 small": ([(4, 8, 128, None)], (36, 4 * (25344 // 2 + 1048576 // 2)), True),
    "more attention than states": ([(20, 8, 128, None)], (12, 4 * 300_000), True),
}


def ours(parts: list[Part], state: tuple[int, int] | None, manager: bool, tokens: int, twice: bool) -> Any:
    """The pool as it is counted here."""
    recurrent = None
    if state is not None:
        recurrent = RecurrentLayers(
            layers=state[0], conv_values=0, state_values=state[1] // 4, inner_size=1, state_type="float32"
        )
    shape = ModelShape(
        hidden_size=4096,
        intermediate_size=1,
        layers=sum(part[0] for part in parts) + (state[0] if state else 0),
        attention_heads=64,
        kv_heads=8,
        head_dim=128,
        vocabulary=1,
        max_position_embeddings=tokens,
        attention=tuple(AttentionLayers(layers=a, kv_heads=b, head_dim=c, window=d) for a, b, c, d in parts),
        recurrent=recurrent,
    )
    options = CacheOptions(gpus=1, dtype="bfloat16", prefix_caching=twice, hybrid_manager=manager, in_flight=4096)
    return pool(shape, options)


def run(script: Path, given: str, *arguments: str) -> str:
    """What a script of the Python that has vLLM writes, its last line."""
    command = [os.environ[PYTHON], str(script), *arguments]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.rstrip().rpartition("\n")[2]


def test_blocks_are_those_of_vllm_s_own_manager() -> None:
    asked, expected = [], []
    for (name, (parts, state, manager)), tokens, twice in (
        (case, tokens, twice) for case in CASES.items() for tokens in (1000, 40_000, 131_072) for twice in (False, True)
    ):
        found = ours(parts, state, manager, tokens, twice)
        layers: list[dict[str, Any]] = [{"layers": a, "heads": b, "head": c, "window": d} for a, b, c, d in parts]
        block, page = 16, None
        if state is not None:
            token = 2 * 2 * parts[0][1] * parts[0][2]
            block = 16 * -(-state[1] // (16 * token))
            page = max(block * token, state[1])
            layers.append({"layers": state[0], "state": state[1]})
        asked.append(
            {"layers": layers, "tokens": tokens, "in_flight": 4096, "hybrid_manager": manager, "block": block,
             "page": page, "states": "align" if twice else "none"}
        )  # fmt: skip
        expected.append((name, tokens, twice, found.block_bytes, found.at_start(tokens)))
    said = json.loads(run(SUPPORT / "vllm_cache.py", json.dumps(asked)))
    theirs = [
        (*case[:3], float(answer["block"]), answer["blocks"]) for case, answer in zip(expected, said, strict=True)
    ]
    assert theirs == expected


def test_states_are_those_of_vllm_s_own_model_classes() -> None:
    """Of every hybrid that transformers has a config class for, with its defaults."""
    said = json.loads(run(SUPPORT / "vllm_states.py", ""))
    assert len(said) >= 8
    for name, entry in said.items():
        found = read_layers(entry["config"])
        state = found.said.get("recurrentLayers")
        assert state is not None, (name, found.unknown)
        assert (state["convValues"], state["stateValues"]) == (entry["conv"], entry["state"]), name
        assert state["layers"] == entry["layers"], name


def test_the_catalog_knows_the_architectures_of_this_vllm(tmp_path: Path) -> None:
    run(SUPPORT / "vllm_architectures.py", "", str(tmp_path / "architectures.json"))
    assert json.loads((tmp_path / "architectures.json").read_text()) == json.loads(FILE.read_text())


def test_the_catalog_knows_the_config_classes_of_this_transformers(tmp_path: Path) -> None:
    run(SUPPORT / "config_defaults.py", "", str(tmp_path / "defaults.json"))
    assert json.loads((tmp_path / "defaults.json").read_text()) == json.loads(DEFAULTS.read_text())


@pytest.mark.parametrize("architecture", ["GptOssForCausalLM", "Qwen3_5MoeForConditionalGeneration"])
def test_the_list_is_of_real_names(architecture: str) -> None:
    assert architecture in json.loads(FILE.read_text())["architectures"]
