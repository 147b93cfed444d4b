"""What is refused before anything leaves a bundle, and how the catalog's text changes."""

from __future__ import annotations

import json
import shutil
import struct
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.catalog import FOLDER, load_catalog
from infra.faults import Fault, FaultsError
from ops.__main__ import main
from ops.bundle import command
from ops.bundle.candidates import Arrivals, arrivals, refuse_contradictions
from ops.bundle.manifest import Artifact, BundleFile
from ops.bundle.wanted import wanted_from
from ops.catalog import edit
from ops.catalog.entries import new_entry
from ops.catalog.kinds import KINDS
from ops.checks import read_artifact
from ops.checks.files import Content
from ops.sums import Sums
from tests.support import bundle_tools as tools
from tests.support.values import SPOILT, all_zero

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
    words = ["bundle", "import", str(bundle), "--unsigned", "--owner", "support-team"]
    return [*words, "--settings", tools.DEV, "--endpoint", "http://127.0.0.1:1"]


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

    def refuse(kind: str, name: str, folder: Path, _catalog: object, **_: object) -> tuple[Content, list[Fault]]:
        asked.append((kind, name, sorted(path.name for path in folder.iterdir())))
        fault = Fault(path=name, value="pickle", rule="no pickle", example="safetensors")
        return Content(sizes={}, parsed={}, tensors={}, sums=Sums(folder)), [fault]

    monkeypatch.setattr(command, "read_artifact", refuse)
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


def test_images_without_a_copier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = tools.image_layout(tmp_path / "images" / "tool")
    listed = tools.bring_in(tmp_path, tools.image_entry(digest))
    words = ["--list", str(listed), "--from", str(tmp_path), "--to", str(tmp_path / "bundle"), "--unsigned"]
    assert main(["bundle", "create", *words]) == 0
    monkeypatch.setattr("ops.bundle.copier.find", lambda: None)
    assert main(into(tmp_path / "bundle")) == 2
    assert main([*into(tmp_path / "bundle"), "--skip-images"]) == 0


def arrived(tmp_path: Path, *artifacts: Artifact, owner: str = "support-team") -> tuple[Arrivals, list[Fault]]:
    options = {
        "folder": FOLDER,
        "owner": owner,
        "signers": lambda *_: (),
        "checks": partial(read_artifact, stand_in=True),
    }
    return arrivals(artifacts, tmp_path / "artifacts", load_catalog(), **options)


def artifact(tmp_path: Path, kind: str, ref: str, source: Path, **more: Any) -> Artifact:
    what = wanted_from(tools.entry(kind, ref) | more)
    folder = tmp_path / "artifacts" / what.folder
    if not folder.exists():
        shutil.copytree(source, folder)
    files = [
        BundleFile(path=f"{what.folder}/{path.name}", size=path.stat().st_size, sha256="1" * 64)
        for path in sorted(folder.iterdir())
    ]
    return Artifact(what=what, files=tuple(files))


def test_an_entry_is_appended_and_nothing_else_changes(tmp_path: Path) -> None:
    source = tools.artifacts(tmp_path) / "lora" / tools.FAQ
    found, faults = arrived(tmp_path, artifact(tmp_path, "adapter", NEW, source))
    assert faults == []
    before = (FOLDER / "adapters.yaml").read_text()
    assert list(found.plan.after) == ["adapters.yaml"]
    text = found.plan.after["adapters.yaml"]
    assert text.startswith(before)
    added = yaml.safe_load("adapters:\n" + text.removeprefix(before))["adapters"]
    assert list(added) == [NEW]
    assert added[NEW]["state"] == "candidate"
    assert added[NEW]["rank"] == 8
    assert added[NEW]["targetModules"] == ["q_proj", "v_proj"]
    assert added[NEW]["baseModel"] == tools.MODEL
    assert added[NEW]["owner"] == "support-team"
    assert "approvals" not in added[NEW]


@pytest.mark.parametrize("spoilt", [*SPOILT, "blank"])
def test_weights_that_pods_refuse_do_not_come_in(tmp_path: Path, spoilt: str) -> None:
    source = tools.artifacts(tmp_path) / "lora" / tools.FAQ
    one = artifact(tmp_path, "adapter", NEW, source)
    path = tmp_path / "artifacts" / one.what.folder / "adapter_model.safetensors"
    spoil, said = SPOILT.get(spoilt, (lambda content: all_zero(content, within="lora_"), "shapes without weights"))
    path.write_bytes(spoil(path.read_bytes()))
    found, faults = arrived(tmp_path, one)
    assert said in "\n".join(map(str, faults))
    assert found.candidates == ()


def test_a_base_model_s_entry_says_what_its_files_say(tmp_path: Path) -> None:
    source = tools.artifacts(tmp_path) / "base" / tools.MODEL
    found, faults = arrived(tmp_path, artifact(tmp_path, "base-model", "tsuzumi-7b-instruct/v2", source))
    assert faults == []
    entry = found.candidates[0].entry
    config = json.loads((source / "config.json").read_text())
    assert entry["config"]["hiddenSize"] == config["hidden_size"]
    with (source / "model.safetensors").open("rb") as tensors:
        header = json.loads(tensors.read(struct.unpack("<Q", tensors.read(8))[0]))
    numbers = sum(part["data_offsets"][1] - part["data_offsets"][0] for name, part in header.items() if name[0] != "_")
    assert entry["parametersBillion"] == round(numbers / 4 / 1e9, 6) > 0


def test_both_ways_in_make_the_same_entry(tmp_path: Path) -> None:
    """A base model that is published and one that is imported: one volume size, one number of parameters."""
    source = tools.artifacts(tmp_path) / "base" / tools.MODEL
    ref = "tsuzumi-7b-instruct/v2"
    found, _ = arrived(tmp_path, artifact(tmp_path, "base-model", ref, source))
    content, _ = read_artifact("base-model", ref, source, load_catalog(), stand_in=True)
    said = {key: found.candidates[0].entry[key] for key in ("licence", "origin", "owner")}
    assert new_entry(KINDS["model"], content, said, dict.fromkeys(content.sizes, "1" * 64)) == found.candidates[0].entry


def test_an_adapter_comes_with_its_base_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The catalog is tried once with the base models and once with the rest, however many there are."""
    source = tools.artifacts(tmp_path)
    ref = "tsuzumi-7b-instruct/v2"
    model = artifact(tmp_path, "base-model", ref, source / "base" / tools.MODEL)
    adapters = []
    for number in (1, 2, 3):
        name = f"helpdesk-faq/v2026-09-0{number}"
        adapters.append(artifact(tmp_path, "adapter", name, source / "lora" / tools.FAQ, baseModel=ref))
        config = tmp_path / "artifacts" / "lora" / name / "adapter_config.json"
        config.write_text(config.read_text().replace(tools.MODEL, ref))
    loads = []
    monkeypatch.setattr(edit, "load_catalog", lambda folder: (loads.append(folder), load_catalog(folder))[1])
    found, faults = arrived(tmp_path, *adapters, model)
    assert faults == []
    assert sorted(found.plan.after) == ["adapters.yaml", "base-models.yaml"]
    assert {candidate.ref for candidate in found.candidates} == {ref, *(entry.what.ref for entry in adapters)}
    assert len(loads) == 2


def test_each_fault_names_the_artifact(tmp_path: Path) -> None:
    source = tools.artifacts(tmp_path) / "lora" / tools.FAQ
    wrong = artifact(tmp_path, "adapter", NEW, source)
    (tmp_path / "artifacts" / wrong.what.folder / "adapter_config.json").write_text('{"r": 8}')
    found, faults = arrived(tmp_path, wrong)
    assert {fault.path.partition(": ")[0] for fault in faults} == {f"lora/{NEW}/adapter_config.json"}
    assert (found.candidates, found.plan.after) == ((), {})


def test_the_manifest_and_the_adapter_name_one_base_model(tmp_path: Path) -> None:
    source = tools.artifacts(tmp_path) / "lora" / tools.FAQ
    other = artifact(tmp_path, "adapter", NEW, source, baseModel="sarashina-70b-instruct/v1")
    _, faults = arrived(tmp_path, other)
    assert [fault.rule for fault in faults] == [
        "bundle.json says for which base model it is, and its own configuration another one"
    ]


def test_what_nobody_answers_for_is_refused(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [word for word in into(bundle) if word not in ("--owner", "support-team")]
    assert main(words) == 2
    assert f"--owner: missing; rule: a new entry has it: who brings it in and answers for it ({NEW})" in (
        capsys.readouterr().err
    )


def test_what_the_catalog_states_holds(tmp_path: Path) -> None:
    """Licence and base model of an adapter, repository and version of an image: not the sums alone."""
    source = tools.artifacts(tmp_path) / "lora" / tools.FAQ
    entry = load_catalog().adapters[tools.FAQ]
    files = tuple(
        BundleFile(path=f"lora/{tools.FAQ}/{file.path}", size=file.size_bytes, sha256=file.sha256)
        for file in entry.files
    )
    other = artifact(tmp_path, "adapter", tools.FAQ, source, licence="MIT", baseModel="other/v1")
    image = load_catalog().images["vllm"]
    moved = tools.image_entry(image.digest) | {"name": "vllm", "version": "0.1"}
    with pytest.raises(FaultsError) as caught:
        refuse_contradictions(
            [replace(other, files=files), Artifact(what=wanted_from(moved), files=())], load_catalog(), ""
        )
    assert sorted(fault.path for fault in caught.value.faults) == [
        "images/vllm: repository",
        "images/vllm: version",
        f"lora/{tools.FAQ}: baseModel",
        f"lora/{tools.FAQ}: licence",
    ]


def test_an_image_is_marked_as_imported_and_no_other(tmp_path: Path) -> None:
    before = (FOLDER / "images.yaml").read_text()
    image = load_catalog().images["storage-initializer"]
    known = Artifact(what=wanted_from(tools.image_entry(image.digest) | {"name": "storage-initializer"}), files=())
    found, _ = arrived(tmp_path, known)
    after = found.plan.after["images.yaml"]
    changed = [(old, new) for old, new in zip(before.splitlines(), after.splitlines(), strict=True) if old != new]
    assert changed == [("    imported: false", "    imported: true")]
    assert yaml.safe_load(after)["images"]["storage-initializer"]["imported"] is True
    assert yaml.safe_load(after)["images"]["vllm"]["imported"] is False
    assert load_catalog().images["minio"].imported is False
