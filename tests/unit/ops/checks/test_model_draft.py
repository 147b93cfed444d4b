"""Draft heads among a model's weights."""

from __future__ import annotations

import pytest

from ops.checks.model_draft import draft_bytes
from ops.checks.safetensors_header import Tensor


def tensor(name: str, size: int = 10) -> dict[str, Tensor]:
    return {name: Tensor(name=name, dtype="U8", shape=(size,), begin=5, end=5 + size)}


@pytest.mark.parametrize(
    ("name", "counted"),
    [
        ("mtp.layers.0.mlp.up_proj.weight", True),
        ("model.mtp.fc.weight", True),
        ("model.layers.61.eh_proj.weight", True),
        ("model.language_model.layers.61.eh_proj.weight", True),
        ("language_model.model.layers.61.eh_proj.weight", True),
        ("model.layers.60.mlp.up_proj.weight", False),
        ("vision_tower.encoder.layers.99.mlp.weight", False),
        ("model.embed_tokens.weight", False),
    ],
)
def test_a_draft_head_is_known_by_its_names(name: str, counted: bool) -> None:
    assert draft_bytes({"model.safetensors": tensor(name)}, 61) == (10 if counted else 0)


def test_all_files_count() -> None:
    files = {"a.safetensors": tensor("mtp.a", 3), "b.safetensors": tensor("mtp.b", 4) | tensor("model.layers.0.a")}
    assert draft_bytes(files, 1) == 7


@pytest.mark.parametrize("layers", [None, 0, True, "61"])
def test_no_layer_is_behind_an_unknown_last_one(layers: object) -> None:
    assert draft_bytes({"a.safetensors": tensor("model.layers.61.a")}, layers) == 0
