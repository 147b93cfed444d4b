"""Base models that say what no model does: each is refused in a line, and none ends the check."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.catalog import Catalog
from ops.checks import read_artifact
from tests.support.artifacts import MODEL, safetensors

WEIGHTS = "model.safetensors"


def told(folder: Path, catalog: Catalog, ref: str = "") -> list[str]:
    return [str(fault) for fault in read_artifact("base-model", ref, folder, catalog)[1]]


def renamed(folder: Path, old: str, new: str) -> None:
    """The same tensors, some by another name."""
    content = (folder / WEIGHTS).read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    header = {name.replace(old, new): entry for name, entry in json.loads(content[8:end]).items()}
    (folder / WEIGHTS).write_bytes(safetensors(header, content[end:]))


def with_tensor(folder: Path, name: str) -> None:
    """One tensor more, of this name."""
    content = (folder / WEIGHTS).read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    header, data = json.loads(content[8:end]), content[end:]
    header[name] = {"dtype": "F16", "shape": [1, 1], "data_offsets": [len(data), len(data) + 2]}
    (folder / WEIGHTS).write_bytes(safetensors(header, data + b"\0\0"))


@pytest.mark.parametrize("text", ["null", "[]", "3", '"x"', "false"])
def test_a_configuration_is_an_object(folder: Path, catalog: Catalog, text: str) -> None:
    (folder / "config.json").write_text(text)
    (line,) = told(folder, catalog)
    assert line.startswith(f"config.json: {text}; rule: must be a JSON object")


@pytest.mark.parametrize("ref", ["", MODEL])
@pytest.mark.parametrize(
    "name", ["model.layers.{0-9}.x.weight", "a{}.weight", "a\x1b[31m.weight", "a\n.weight", "x" * 300]
)
def test_names_of_tensors_are_plain(folder: Path, catalog: Catalog, name: str, ref: str) -> None:
    with_tensor(folder, name)
    (line,) = [line for line in told(folder, catalog, ref) if "the name of a tensor" in line]
    assert line.startswith("model.safetensors: tensor: ")
    assert line.isprintable()


def test_more_layers_than_any_model_has_are_refused(folder: Path, catalog: Catalog) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 10**18}))
    lines = told(folder, catalog)
    assert any("num_hidden_layers: 1000000000000000000; rule: must be at most 10000" in line for line in lines), lines


@pytest.mark.parametrize("stem", ["mtp", "vision_tower.encoder", "model.visual", "audio_tower"])
def test_layers_of_other_parts_do_not_stand_for_those_of_the_language_model(
    folder: Path, catalog: Catalog, stem: str
) -> None:
    renamed(folder, "model.layers.1.", f"{stem}.layers.1.")
    lines = told(folder, catalog)
    assert any("the weights have 1 layers, 1 is not among them" in line for line in lines), lines


def test_layers_without_embeddings_are_refused(folder: Path, catalog: Catalog) -> None:
    renamed(folder, "model.embed_tokens.", "model.other.")
    assert any("no embeddings of tokens" in line for line in told(folder, catalog))
