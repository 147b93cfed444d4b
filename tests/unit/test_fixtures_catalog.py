"""The catalog in Git holds the sums of the generated stand-ins: a change of either must show here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors.numpy import load

from infra.catalog import load_catalog
from tools import fixtures


@pytest.mark.parametrize("adapter", fixtures.ADAPTERS, ids=lambda adapter: adapter.ref)
def test_an_adapter_is_what_the_catalog_says(adapter: fixtures.AdapterFixture) -> None:
    entry = load_catalog().adapters[adapter.ref]
    sums = {file.path: {"sha256": file.sha256, "sizeBytes": file.size_bytes} for file in entry.files}
    files = fixtures.adapter_files(adapter)
    assert sums == fixtures.sums(files)
    assert (entry.base_model, entry.rank) == (adapter.base_model, adapter.rank)
    config = json.loads(files["adapter_config.json"])
    assert (config["r"], config["peft_type"], config["base_model_name_or_path"]) == (
        entry.rank,
        "LORA",
        entry.base_model,
    )
    tensors = load(files["adapter_model.safetensors"])
    assert {tensor.shape[0] for name, tensor in tensors.items() if ".lora_A." in name} == {adapter.rank}
    assert {tensor.shape[1] for name, tensor in tensors.items() if ".lora_B." in name} == {adapter.rank}


@pytest.mark.parametrize("ref", fixtures.BASE_MODELS)
def test_a_base_model_is_what_the_catalog_says(ref: str) -> None:
    entry = load_catalog().base_models[ref]
    sums = {file.path: {"sha256": file.sha256, "sizeBytes": file.size_bytes} for file in entry.files}
    assert sums == fixtures.sums(fixtures.base_model_files(ref))


def test_every_stand_in_of_the_catalog_is_generated() -> None:
    catalog = load_catalog()
    assert set(catalog.adapters) == {adapter.ref for adapter in fixtures.ADAPTERS}
    assert set(catalog.base_models) == set(fixtures.BASE_MODELS)


def test_no_two_artifacts_have_the_same_weights() -> None:
    weights = [
        content
        for files in fixtures.all_files().values()
        for path, content in files.items()
        if path.endswith(".safetensors")
    ]
    assert len(set(weights)) == len(weights)


def test_write_lays_out_base_and_lora(tmp_path: Path) -> None:
    written = fixtures.write(tmp_path)
    assert set(written) == set(fixtures.all_files())
    assert (tmp_path / "lora" / "helpdesk-faq" / "v2026-02-01" / "adapter_config.json").is_file()
    assert (tmp_path / "base" / "tsuzumi-7b-instruct" / "v1" / "model.safetensors").is_file()
