"""An adapter as a whole: what its base model's architecture allows, and keys that say nothing."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from infra.catalog import FOLDER, Catalog
from infra.catalog.serves import serves
from infra.documents import read
from ops.checks import check_artifact
from ops.checks.adapter_config import read_config
from tests.support.artifacts import ADAPTER, MODEL, RANK, WEIGHTS, change_config, write_adapter


def told(folder: Path, catalog: Catalog) -> list[str]:
    return [str(fault) for fault in check_artifact("adapter", ADAPTER, folder, catalog)]


@pytest.mark.parametrize(
    ("architecture", "served"), [("LlamaForCausalLM", True), ("BloomForCausalLM", False), ("MadeUpForCausalLM", True)]
)
def test_an_adapter_needs_an_architecture_that_takes_some(
    tmp_path: Path, catalog: Catalog, architecture: str, served: bool
) -> None:
    """Of an architecture that is not known nothing is said here: a note says that names were not compared."""
    base = replace(catalog.base_models[MODEL], architecture=architecture)
    changed = replace(catalog, base_models={**catalog.base_models, MODEL: base})
    lines = told(write_adapter(tmp_path / "menu"), changed)
    assert (lines == []) is served, lines
    assert served or "serves no adapters of BloomForCausalLM, the architecture of tiny/v1" in lines[0]


def test_an_empty_list_of_layers_says_nothing(tmp_path: Path, catalog: Catalog) -> None:
    """PEFT takes it as it takes null: every layer."""
    folder = write_adapter(tmp_path / "menu")
    change_config(folder, layers_to_transform=[])
    assert told(folder, catalog) == []


@pytest.mark.parametrize("said", [True, False])
@pytest.mark.parametrize(("inputs", "outputs"), [(64, 128), (128, 64)])
def test_matrices_of_linear_layers_are_not_turned(
    tmp_path: Path, catalog: Catalog, said: bool, inputs: int, outputs: int
) -> None:
    """PEFT takes fan_in_fan_out back where a layer is linear, and vLLM never reads it."""
    folder = write_adapter(tmp_path / "menu")
    start = "base_model.model.model.layers.0.mlp.up_proj.lora"
    shapes = {f"{start}_A.weight": (RANK, inputs), f"{start}_B.weight": (outputs, RANK)}
    save_file({name: np.ones(shape, np.float32) for name, shape in shapes.items()}, folder / WEIGHTS)
    change_config(folder, fan_in_fan_out=said, target_modules=["up_proj"])
    found = [str(fault) for fault in check_artifact("adapter", "", folder, catalog)]
    assert (found == []) is (outputs == 128), found
    assert outputs == 128 or "up_proj of tiny/v1 has" in found[0]


def test_a_version_that_is_added_to_the_data_changes_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer vLLM that serves DoRA: the key goes from `mustBeOff` to `understood`, and newer ones are judged by it."""
    known = read(FOLDER / "serves.yaml")["serves"]
    newer = deepcopy(known["0.27.1"]) | {"understood": ["use_dora"]}
    del newer["mustBeOff"]["use_dora"]
    (tmp_path / "serves.yaml").write_text(json.dumps({"serves": known | {"0.33.0": newer}}))
    rules = read(tmp_path / "serves.yaml")["serves"]
    monkeypatch.setattr("infra.catalog.serves._rules", lambda: rules)
    config = {"peft_type": "LORA", "r": 8, "lora_alpha": 16, "target_modules": ["q_proj"], "use_dora": True}
    config["base_model_name_or_path"] = MODEL
    told = {version: read_config(config, serves(version))[1] for version in ("0.27.1", "0.33.0", "0.33.1")}
    assert [fault.path for fault in told["0.27.1"]] == ["adapter_config.json: use_dora"]
    assert told["0.33.0"] == told["0.33.1"] == []
