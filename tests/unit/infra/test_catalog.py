"""Catalog: the entries in Git are right, and a wrong entry is told."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.catalog import FILES, FOLDER, load_catalog
from infra.faults import FaultsError
from tools.fixtures import all_files, sums


def test_stand_ins_have_the_sums_of_the_generated_files() -> None:
    entries = _data("base-models.yaml")["baseModels"], _data("adapters.yaml")["adapters"]
    written = {f"base/{ref}": entry["files"] for ref, entry in entries[0].items()}
    written |= {f"lora/{ref}": entry["files"] for ref, entry in entries[1].items()}
    assert written == {name: sums(files) for name, files in all_files().items()}


def test_an_image_is_named_by_registry_repository_and_digest() -> None:
    image = load_catalog().images["vllm"]
    assert image.reference("registry.kitchen.example") == (f"registry.kitchen.example/vllm/vllm-openai@{image.digest}")


def test_every_digest_in_the_catalog_was_published_somewhere() -> None:
    """None is invented: a repetitive digest would be an example, and examples stay out of the catalog."""
    for image in load_catalog().images.values():
        assert len(set(image.digest.removeprefix("sha256:"))) > 8


def _data(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text())
    return loaded


def _changed(folder: Path, name: str, change: Any) -> Path:
    for file in FILES:
        shutil.copy(FOLDER / file, folder / file)
    data = _data(name)
    change(data)
    (folder / name).write_text(yaml.safe_dump(data))
    return folder


CODE = "code-review/v2026-05-01"
LLAMA = "llama-3-8b-instruct/v1"
BAD = [
    ("images.yaml", lambda d: d["images"]["vllm"].update(digest="latest"), "images.vllm.digest"),
    ("images.yaml", lambda d: d["images"]["vllm"].update(digest="sha256:" + "A" * 64), "images.vllm.digest"),
    ("images.yaml", lambda d: d["images"]["vllm"].pop("approvals"), "images.vllm.approvals"),
    ("adapters.yaml", lambda d: d["adapters"][CODE].update(baseModel="no/v1"), "baseModel"),
    (
        "adapters.yaml",
        lambda d: d["adapters"][CODE]["files"].pop("adapter_config.json"),
        "adapter_config.json: missing",
    ),
    ("adapters.yaml", lambda d: d["adapters"][CODE]["files"].update({"../x": {}}), "../x"),
    ("base-models.yaml", lambda d: d["baseModels"][LLAMA].update(state="aproved"), "approved"),
    (
        "adapters.yaml",
        lambda d: d["adapters"][CODE].update(owner=" Model-Board "),
        "who brought it in does not approve it",
    ),
    ("adapters.yaml", lambda d: d["adapters"][CODE]["approvals"][0].update(evaluation=" "), "must not be empty"),
    ("adapters.yaml", lambda d: d["adapters"][CODE].update(licence="Proprietary"), "must be a licence of"),
    (
        "adapters.yaml",
        lambda d: d["adapters"][CODE].update(retirement={"on": "2026-06-01", "reason": "worse than v1"}),
        "an entry with a retirement is retired",
    ),
    (
        "base-models.yaml",
        lambda d: d["baseModels"][LLAMA]["config"].update(slidingWindowLayers=33),
        "slidingWindow: missing; rule: must stand beside slidingWindowLayers",
    ),
    (
        "base-models.yaml",
        lambda d: d["baseModels"][LLAMA]["config"].update(slidingWindow=128, slidingWindowLayers=33),
        "slidingWindowLayers: 33; rule: the model has 32 layers",
    ),
    (
        "base-models.yaml",
        lambda d: d["baseModels"][LLAMA]["config"].update(kvLoraRank=512),
        "qkRopeHeadDim: missing; rule: must stand beside kvLoraRank",
    ),
    ("base-models.yaml", lambda d: d["baseModels"][LLAMA].update(quantization="AWQ 4"), "quantization_config.quant"),
    ("licences.yaml", lambda d: d.update(licences=["Apache-2.0", "Apache-2.0"]), "must not repeat an entry"),
]


@pytest.mark.parametrize(("name", "change", "text"), BAD)
def test_a_wrong_entry_is_told(name: str, change: Any, text: str, tmp_path: Path) -> None:
    with pytest.raises(FaultsError, match=r"^catalog: ") as caught:
        load_catalog(_changed(tmp_path, name, change))
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("adapters.yaml", "adapters: {}\nadapters: {}\n", 'adapters: "stands twice"'),
        ("adapters.yaml", "adapters: {}\nimages: {}\n", "must be a mapping with the one key adapters"),
        ("images.yaml", "- vllm\n", "must be a mapping with the one key images"),
        ("images.yaml", "images: {vllm: {approvals: {2026-02-03: board}}}\n", "is a date for some readers"),
        (
            "images.yaml",
            "images: {vllm: {version: 2026-02-30}}\n",
            'must be a readable YAML mapping: line 1: images.vllm.version: "2026-02-30"; rule: is a date for some',
        ),
    ],
)
def test_a_file_that_could_be_read_in_two_ways_is_told(name: str, text: str, told: str, tmp_path: Path) -> None:
    _changed(tmp_path, "images.yaml", lambda data: None)
    (tmp_path / name).write_text(text)
    with pytest.raises(FaultsError, match=r"^catalog: ") as caught:
        load_catalog(tmp_path)
    assert told in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(FaultsError, match=r"images\.yaml"):
        load_catalog(tmp_path)
