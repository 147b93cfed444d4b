"""Data classes go with an artifact: out of the catalog, in the bundle, into another catalog."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from infra.catalog import FILES, FOLDER, load_catalog
from infra.faults import FaultsError
from ops.__main__ import main
from ops.bundle.bring_in import from_list, from_settings
from ops.bundle.candidates import Arrivals, arrivals, refuse_contradictions
from ops.bundle.manifest import Artifact, BundleFile, Manifest, decode
from ops.bundle.wanted import Wanted, wanted_from
from ops.checks import read_artifact
from ops.sums import sha256
from tests.support import bundle_tools as tools
from tests.unit.support.entry import with_entry

NEW = "helpdesk-faq/v2026-09-01"
CLASSES = ("confidential", "personal")


def classed(folder: Path) -> Path:
    """The catalog with classes of one adapter."""
    folder.mkdir()
    for file in FILES:
        shutil.copy(FOLDER / file, folder / file)
    data = yaml.safe_load((folder / "adapters.yaml").read_text())
    data["adapters"][tools.FAQ]["access"] = {"dataClasses": list(CLASSES)}
    (folder / "adapters.yaml").write_text(yaml.safe_dump(data, sort_keys=False))
    return folder


def artifact(folder: Path, what: Wanted) -> Artifact:
    """A new version of the adapter, as it lies in a bundle below `folder`."""
    shutil.copytree(tools.artifacts(folder) / "lora" / tools.FAQ, folder / what.folder)
    paths = sorted((folder / what.folder).iterdir())
    return Artifact(
        what=what,
        files=tuple(
            BundleFile(path=f"{what.folder}/{path.name}", size=path.stat().st_size, sha256=sha256(path))
            for path in paths
        ),
    )


def arrived(folder: Path, catalog: Path, brought: Artifact) -> tuple[Arrivals, list[str]]:
    known = load_catalog(catalog)
    found, faults = arrivals(
        [brought], folder, known, folder=catalog, owner="support-team", signers=lambda *_: (),
        checks=lambda kind, ref, where, now: read_artifact(kind, ref, where, now, stand_in=True),
    )  # fmt: skip
    return found, [f"{fault.path}: {fault.rule}" for fault in faults]


def test_an_environment_s_bundle_says_the_classes(tmp_path: Path) -> None:
    settings = tmp_path / "Pulumi.x.yaml"
    told = with_entry(clearances={name: ["helpdesk-callers"] for name in CLASSES})
    settings.write_text(yaml.safe_dump({"config": {f"kitchen:{key}": value for key, value in told.items()}}))
    asked = from_settings(settings, "2026-02-03", classed(tmp_path / "catalog"))
    assert {entry.ref: entry.data_classes for entry in asked.wanted if entry.data_classes} == {tools.FAQ: CLASSES}
    (faq,) = [entry for entry in asked.wanted if entry.ref == tools.FAQ]
    assert wanted_from(faq.encoded()) == faq
    files = (BundleFile(path=f"{faq.folder}/a.json", size=1, sha256="a" * 64),)
    manifest, faults = decode(Manifest(artifacts=(Artifact(what=faq, files=files),)).encoded())
    assert faults == []
    assert manifest is not None
    assert manifest.artifacts[0].what.data_classes == CLASSES


def test_a_list_says_them_and_an_image_has_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = tools.bring_in(tmp_path, tools.entry("adapter", NEW, dataClasses=list(CLASSES)))
    assert from_list(listed).wanted[0].data_classes == CLASSES
    wrong = tools.image_entry("sha256:" + "a" * 64) | {"dataClasses": ["confidential"]}
    bad = tools.bring_in(tmp_path, tools.entry("adapter", NEW, dataClasses=["Not so"]))
    words = ["--from", str(tmp_path), "--to", str(tmp_path / "bundle"), "--unsigned"]
    assert main(["bundle", "create", "--list", str(bad), *words]) == 2
    assert 'artifacts.0.dataClasses.0: "Not so"' in capsys.readouterr().err
    assert main(["bundle", "create", "--list", str(tools.bring_in(tmp_path, wrong)), *words]) == 2
    assert "artifacts.0.dataClasses" in capsys.readouterr().err


def test_an_import_writes_them(tmp_path: Path) -> None:
    what = wanted_from(tools.entry("adapter", NEW, dataClasses=list(CLASSES)))
    found, faults = arrived(tmp_path, FOLDER, artifact(tmp_path, what))
    # The catalog of Git has the same weights without a class.
    rule = f"must have the classes of {NEW}, which has the same weights"
    assert faults == [
        f"adapters.{tools.FAQ}.access.dataClasses: {rule}; what is declassified has other files and a new name"
    ]
    assert found.candidates == ()
    found, faults = arrived(tmp_path, classed(tmp_path / "catalog"), artifact_again(tmp_path, what))
    assert faults == []
    assert found.candidates[0].entry["access"] == {"dataClasses": list(CLASSES)}
    assert found.plan.catalog.adapters[NEW].data_classes == CLASSES


def artifact_again(folder: Path, what: Wanted) -> Artifact:
    shutil.rmtree(folder / "artifacts")
    shutil.rmtree(folder / what.folder)
    return artifact(folder, what)


def test_an_import_without_the_classes_of_the_version_before_is_refused(tmp_path: Path) -> None:
    brought = artifact(tmp_path, wanted_from(tools.entry("adapter", NEW)))
    found, faults = arrived(tmp_path, classed(tmp_path / "catalog"), brought)
    assert len(faults) == 1
    assert faults[0].startswith(f"adapters.{NEW}.access.dataClasses: must have the classes of {tools.FAQ}, the version")
    assert found.candidates == ()


def test_an_entry_that_lacks_the_bundle_s_classes_is_told(tmp_path: Path) -> None:
    catalog = load_catalog(classed(tmp_path / "catalog"))
    for classes, lost in ((CLASSES, 0), ((), 0), ((*CLASSES, "secret"), 1)):
        what = wanted_from(tools.entry("adapter", tools.FAQ, dataClasses=list(classes)))
        files = tuple(
            BundleFile(path=f"{what.folder}/{file.path}", size=file.size_bytes, sha256=file.sha256)
            for file in catalog.adapters[tools.FAQ].files
        )
        try:
            refuse_contradictions([Artifact(what=what, files=files)], catalog, "")
            faults = []
        except FaultsError as error:
            faults = [(fault.path, fault.example) for fault in error.faults]
        assert faults == [(f"{what.folder}: dataClasses", "access: {dataClasses: [secret]}")] * lost, json.dumps(
            classes
        )
