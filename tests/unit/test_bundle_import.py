"""What is refused before anything leaves a bundle, and how the catalog's text changes."""

from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path

import pytest
import yaml

from infra.catalog import FOLDER, load_catalog
from infra.faults import Fault, FaultsError
from ops.__main__ import main
from ops.bundle import command
from ops.bundle.candidate import entry_of, mark_imported, with_entries
from ops.bundle.manifest import Artifact, BundleFile
from ops.bundle.wanted import wanted_from
from tests import bundle_tools as tools

NEW = "helpdesk-faq/v2026-09-01"


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive with an adapter that the catalog does not know; a store that nobody is to ask."""
    for name in ("KITCHEN_OBJECT_STORE_ACCESS_KEY", "KITCHEN_OBJECT_STORE_SECRET_KEY"):
        monkeypatch.setenv(name, "x" * 20)
    source = tools.artifacts(tmp_path)
    (source / "lora" / tools.FAQ).rename(source / "lora" / NEW)
    return made(tmp_path, source, NEW)


def made(tmp_path: Path, source: Path, ref: str) -> Path:
    listed = tools.bring_in(tmp_path, tools.entry("adapter", ref))
    words = ["--list", str(listed), "--from", str(source), "--to", str(tmp_path / "bundle"), "--unsigned"]
    assert main(["bundle", "create", *words, "--archive", str(tmp_path / "bundle.tar")]) == 0
    return tmp_path / "bundle.tar"


def into(bundle: Path) -> list[str]:
    return ["bundle", "import", str(bundle), "--unsigned", "--settings", tools.DEV, "--endpoint", "http://127.0.0.1:1"]


def test_other_content_than_the_catalog_s_is_refused(
    tmp_path: Path, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same reference with other content: before the store is asked, and nothing is unpacked."""
    del bundle
    (tmp_path / "bundle.tar").unlink()
    shutil.rmtree(tmp_path / "bundle")
    source = tmp_path / "artifacts"
    (source / "lora" / NEW).rename(source / "lora" / tools.FAQ)
    (source / "lora" / tools.FAQ / "adapter_config.json").write_text("{}")
    before = sorted(path.name for path in tmp_path.iterdir())
    archive = made(tmp_path, source, tools.FAQ)
    capsys.readouterr()
    assert main(into(archive)) == 2
    told = capsys.readouterr().err
    assert "1 fault" in told
    assert "other content takes a new version" in told
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*before, "bundle", "bundle.tar"])


def test_a_check_that_fails_stops_everything(
    tmp_path: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def refuse(kind: str, name: str, folder: Path, _catalog: object) -> list[Fault]:
        asked.append((kind, name, sorted(path.name for path in folder.iterdir())))
        return [Fault(path=name, value="pickle", rule="no pickle", example="safetensors")]

    monkeypatch.setattr(command, "check_artifact", refuse)
    before = tools.tree(tmp_path)
    assert main(into(bundle)) == 1
    assert asked == [("adapter", NEW, ["adapter_config.json", "adapter_model.safetensors"])]
    assert "rule: no pickle" in capsys.readouterr().err
    assert tools.tree(tmp_path) == before


def test_a_bundle_that_was_changed_is_not_unpacked(
    tmp_path: Path, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = bytearray(bundle.read_bytes())
    content[-2000] ^= 1
    bundle.write_bytes(content)
    before = tools.tree(tmp_path)
    assert main(into(bundle)) == 1
    assert "adapter_model.safetensors" in capsys.readouterr().err
    assert tools.tree(tmp_path) == before


def test_a_store_out_of_reach_is_told_and_the_catalog_stays(
    tmp_path: Path, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = shutil.copytree(FOLDER, tmp_path / "catalog", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    before = tools.tree(catalog)
    assert main([*into(bundle), "--catalog", str(catalog), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert "cannot be reached" in told["message"]
    assert tools.tree(catalog) == before


def test_images_without_skopeo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = tools.image_layout(tmp_path / "images" / "tool")
    listed = tools.bring_in(tmp_path, tools.image_entry(digest))
    words = ["--list", str(listed), "--from", str(tmp_path), "--to", str(tmp_path / "bundle"), "--unsigned"]
    assert main(["bundle", "create", *words]) == 0
    monkeypatch.setattr("ops.bundle.skopeo.version", lambda: None)
    assert main(into(tmp_path / "bundle")) == 2
    assert main([*into(tmp_path / "bundle"), "--skip-images"]) == 0


def artifact(folder: Path, kind: str, ref: str, names: tuple[str, ...]) -> Artifact:
    what = wanted_from(tools.entry(kind, ref))
    files = [
        BundleFile(path=f"{what.folder}/{name}", size=(folder / name).stat().st_size, sha256="1" * 64) for name in names
    ]
    return Artifact(what=what, files=tuple(files))


def test_an_entry_is_appended_and_nothing_else_changes(tmp_path: Path) -> None:
    source = tools.artifacts(tmp_path) / "lora" / tools.FAQ
    new = artifact(source, "adapter", NEW, ("adapter_config.json", "adapter_model.safetensors"))
    texts = with_entries(FOLDER, [(new, entry_of(new, source, imported=True))])
    before = (FOLDER / "adapters.yaml").read_text()
    assert list(texts) == ["adapters.yaml"]
    assert texts["adapters.yaml"].startswith(before)
    added = yaml.safe_load("adapters:\n" + texts["adapters.yaml"].removeprefix(before))["adapters"]
    assert list(added) == [NEW]
    assert added[NEW]["state"] == "candidate"
    assert added[NEW]["rank"] == 8
    assert added[NEW]["targetModules"] == ["q_proj", "v_proj"]
    assert added[NEW]["baseModel"] == tools.MODEL
    assert "approvals" not in added[NEW]


def test_a_base_model_s_entry_says_what_its_files_say(tmp_path: Path) -> None:
    source = tools.artifacts(tmp_path) / "base" / tools.MODEL
    names = tuple(sorted(path.name for path in source.iterdir()))
    new = artifact(source, "base-model", "tsuzumi-7b-instruct/v2", names)
    entry = entry_of(new, source, imported=True)
    with_entries(FOLDER, [(new, entry)])
    config = json.loads((source / "config.json").read_text())
    assert entry["config"]["hiddenSize"] == config["hidden_size"]
    with (source / "model.safetensors").open("rb") as tensors:
        header = json.loads(tensors.read(struct.unpack("<Q", tensors.read(8))[0]))
    numbers = sum(part["data_offsets"][1] - part["data_offsets"][0] for name, part in header.items() if name[0] != "_")
    assert entry["parametersBillion"] == round(numbers / 4 / 1e9, 6)


def test_an_adapter_of_an_unknown_base_model_is_no_candidate(tmp_path: Path) -> None:
    source = tools.artifacts(tmp_path) / "lora" / tools.FAQ
    new = artifact(source, "adapter", NEW, ("adapter_config.json", "adapter_model.safetensors"))
    entry = entry_of(new, source, imported=True) | {"baseModel": "unknown/v1"}
    with pytest.raises(FaultsError, match="must be a base model of the catalog"):
        with_entries(FOLDER, [(new, entry)])
    (source / "adapter_config.json").write_text('{"r": 8}')
    with pytest.raises(FaultsError, match="target_modules"):
        entry_of(new, source, imported=True)


def test_an_image_is_marked_as_imported_and_no_other() -> None:
    before = (FOLDER / "images.yaml").read_text()
    after = mark_imported(before, "storage-initializer")
    changed = [(old, new) for old, new in zip(before.splitlines(), after.splitlines(), strict=True) if old != new]
    assert changed == [("    imported: false", "    imported: true")]
    assert yaml.safe_load(after)["images"]["storage-initializer"]["imported"] is True
    assert yaml.safe_load(after)["images"]["vllm"]["imported"] is False
    assert mark_imported(before, "unknown") == before
    assert load_catalog().images["minio"].imported is False
