"""The numbers of a model's config.json: one clear line for each fault, and what a fine model's lint still says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.catalog import Catalog
from infra.shapes import shape_of
from ops.__main__ import main
from ops.catalog.entries import new_entry
from ops.catalog.kinds import KINDS
from ops.checks import check_artifact, read_artifact
from tests.support.artifacts import MODEL, safetensors

NUMBERS = (
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "vocab_size",
    "max_position_embeddings",
)


def changed(folder: Path, **values: Any) -> None:
    """Another config.json; a value None takes the key out."""
    path = folder / "config.json"
    content = json.loads(path.read_text()) | values
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))


def nested(folder: Path, *without: str, **more: Any) -> None:
    """The numbers in a text_config, some of them left out."""
    content = json.loads((folder / "config.json").read_text())
    inner = {key: content.pop(key) for key in (*NUMBERS, "model_type") if key in content}
    inner = {key: value for key, value in inner.items() if key not in without}
    (folder / "config.json").write_text(json.dumps(content | {"text_config": inner} | more))


def told(folder: Path, catalog: Catalog) -> list[str]:
    """Faults of a model that has no entry."""
    return [str(fault) for fault in check_artifact("base-model", "", folder, catalog)]


def test_a_nested_config_is_as_good_as_a_flat_one(folder: Path, catalog: Catalog) -> None:
    nested(folder)
    assert told(folder, catalog) == []


def test_a_nested_config_without_numbers_is_one_line(folder: Path, catalog: Catalog) -> None:
    nested(folder, *NUMBERS)
    (line,) = told(folder, catalog)
    names = ", ".join(NUMBERS)
    assert line.startswith('config.json: text_config: "lacks 7 of them"; rule: must have whole numbers from 1 on as ')
    assert f"{names}; example: " in line


def test_a_number_that_a_nested_config_lacks_is_named(folder: Path, catalog: Catalog) -> None:
    nested(folder, "vocab_size", "model_type")
    (line,) = told(folder, catalog)
    assert "must have whole numbers from 1 on as vocab_size; example" in line


def test_numbers_that_cannot_be_read_are_told_all_at_once(folder: Path, catalog: Catalog) -> None:
    changed(folder, head_dim=-5, rope_scaling=[1], quantization_config={"quant_method": 7}, hidden_size=2**41)
    lines = told(folder, catalog)
    places = {line.split(": ")[1] for line in lines}
    assert places == {"hidden_size", "head_dim", "rope_scaling", "quantization_config.quant_method"}
    assert len(lines) == len(places)
    assert "must be at most 1099511627776" in "".join(lines)


def test_half_a_config_is_one_line(folder: Path, catalog: Catalog) -> None:
    (folder / "config.json").write_text(
        json.dumps({"architectures": ["WhisperForConditionalGeneration"], "vocab_size": 9})
    )
    (line,) = told(folder, catalog)
    assert "lacks 6 of them" in line


def test_numbers_of_the_class_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """LLaVA leaves most of its language model to the class of Llama."""
    nested(folder, "num_hidden_layers")
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["model_type"] = "llama"
    (folder / "config.json").write_text(json.dumps(config))
    assert main(["model", "lint", str(folder)]) in (0, 1)
    assert "leaves numbers of its text part to their class, which has num_hidden_layers 32" in capsys.readouterr().out


def test_a_config_of_something_else_is_one_line(folder: Path, catalog: Catalog) -> None:
    (folder / "config.json").write_text(
        json.dumps({"architectures": ["LlamaForCausalLM"], "n_embd": 768, "n_layer": 12})
    )
    (line,) = told(folder, catalog)
    assert "is it the config.json of something else?" in line


def test_the_config_of_another_model_is_one_line(folder: Path, catalog: Catalog) -> None:
    changed(folder, vocab_size=32000)
    (line,) = told(folder, catalog)
    assert line.startswith(
        'config.json: "vocab_size x hidden_size [32000, 64]"; rule: the weights are another model\'s: '
    )


def test_an_index_that_names_missing_shards_is_one_line(folder: Path, catalog: Catalog) -> None:
    (folder / "model.safetensors").unlink()
    entry = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    (folder / "model-1.safetensors").write_bytes(safetensors({"t1": entry}, bytes(4)))
    weight_map = {"t1": "model-1.safetensors"} | {f"t{n}": f"model-{n}.safetensors" for n in range(2, 9)}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    lines = [line for line in told(folder, catalog) if "weight_map" in line]
    (line,) = lines
    assert "model-2.safetensors, model-3.safetensors, model-4.safetensors, ..." in line
    assert "names 7 files that are not there" in line


@pytest.mark.parametrize(
    ("architectures", "message"),
    [
        (None, "must name the architecture: vLLM chooses by it how the model runs"),
        ([], "must name the architecture"),
        ("LlamaForCausalLM", "must name the architecture"),
        (["MadeUpForCausalLM"], "is no architecture that vLLM"),
        (["EagleLlamaForCausalLM"], "is a draft model"),
        (["Mamba2ForCausalLM"], "has no attention"),
    ],
)
def test_an_architecture_is_known_or_refused(
    architectures: object, message: str, folder: Path, catalog: Catalog
) -> None:
    changed(folder, architectures=architectures)
    (line,) = told(folder, catalog)
    assert line.startswith("config.json: architectures: ")
    assert message in line


def test_key_value_heads_may_be_left_out(folder: Path, catalog: Catalog) -> None:
    """vLLM takes as many as there are heads."""
    changed(folder, num_key_value_heads=None)
    assert told(folder, catalog) == []
    content, _ = read_artifact("base-model", "", folder, catalog)
    assert (
        new_entry(KINDS["model"], content, {}, dict.fromkeys(content.sizes, "0" * 64))["config"]["numKeyValueHeads"]
        == 4
    )


def unknown(architecture: str) -> str:
    return f"not compared: which weights {architecture} needs, and in which sizes, by these names"


@pytest.mark.parametrize(
    ("config", "notes"),
    [
        ({}, []),
        (
            {"architectures": ["FalconForCausalLM"]},
            ["vLLM serves no adapters of FalconForCausalLM", unknown("FalconForCausalLM")],
        ),
        (
            {"architectures": ["BertModel"]},
            [
                "BertModel makes embeddings or scores, no text",
                "vLLM serves no adapters of BertModel",
                unknown("BertModel"),
            ],
        ),
        (
            {"architectures": ["Qwen2AudioForConditionalGeneration"], "audio_config": {"d_model": 1280}},
            [
                "not counted: audio encoder",
                "vLLM serves no adapters of Qwen2AudioForConditionalGeneration",
                unknown("Qwen2AudioForConditionalGeneration"),
            ],
        ),
        (
            {"architectures": ["LlavaForConditionalGeneration"], "vision_config": {"hidden_size": 1152}},
            ["not counted: vision encoder", unknown("LlavaForConditionalGeneration")],
        ),
        (
            {"architectures": ["JambaForCausalLM"]},
            ["not counted: the state of layers without attention", unknown("JambaForCausalLM")],
        ),
    ],
)
def test_a_fine_model_says_what_is_not_counted(
    config: dict[str, Any], notes: list[str], folder: Path, catalog: Catalog
) -> None:
    changed(folder, **config)
    content, faults = read_artifact("base-model", "", folder, catalog)
    assert (faults, content.notes) == ([], notes)


def test_lint_prints_notes_below_the_word_fine(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = "LlavaForConditionalGeneration"
    changed(folder, architectures=[named], vision_config={"hidden_size": 1152})
    assert main(["model", "lint", str(folder)]) == 0
    notes = f"  note: not counted: vision encoder\n  note: {unknown(named)}\n"
    assert capsys.readouterr().out == f"{folder}: fine\n{notes}"


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({"architectures": ["Qwen2ForCausalLM"]}, "architecture"),
        ({"rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 512}}, "ropeScaling"),
        ({"audio_config": {"d_model": 64}}, "notCounted"),
    ],
)
def test_what_memory_is_counted_with_is_that_of_the_entry(
    config: dict[str, Any], key: str, folder: Path, catalog: Catalog
) -> None:
    content, _ = read_artifact("base-model", "", folder, catalog)
    entry = new_entry(KINDS["model"], content, {}, dict.fromkeys(content.sizes, "0" * 64))
    model = replace(catalog.base_models[MODEL], shape=shape_of(entry["config"]), stand_in=False)
    known = replace(catalog, base_models={**catalog.base_models, MODEL: model})
    paths = {fault.path for fault in check_artifact("base-model", MODEL, folder, known)}
    assert not {path for path in paths if path.startswith("config.json: ")}
    changed(folder, **config)
    paths = {fault.path for fault in check_artifact("base-model", MODEL, folder, known)}
    assert f"config.json: {key}" in paths


def test_an_entry_that_names_no_architecture_is_not_held_to_one(folder: Path, catalog: Catalog) -> None:
    model = catalog.base_models[MODEL]
    before = replace(model, shape=replace(model.shape, architecture=""))
    catalog = replace(catalog, base_models={**catalog.base_models, MODEL: before})
    changed(folder, architectures=["Qwen2ForCausalLM"])
    paths = {fault.path for fault in check_artifact("base-model", MODEL, folder, catalog)}
    assert "config.json: architecture" not in paths
