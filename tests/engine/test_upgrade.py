"""The check of other versions with the real engine: nothing is told without cause, and what loses data is."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tools.local.workspace import REPOSITORY
from tools.toolchain import data, ensure
from tools.upgrade import check
from tools.upgrade.check import Environment, checked
from tools.upgrade.errors import UpgradeError
from tools.upgrade.settled import SideWorkspace, Steps, settle, workspace_of
from tools.upgrade.sides import Side

Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def side() -> Side:
    ensure(["crds"])
    return Side(
        name="base", venv=Path(sys.prefix), tools={}, modules={}, packages={}, environment={}, crds=data("crds")
    )


@pytest.fixture(scope="module")
def settled(side: Side, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Steps]:
    """Dev's folder with a settled state, made once; and the steps that settled it."""
    folder = tmp_path_factory.mktemp("settled") / "dev"
    return folder, settle(workspace_of(side, "dev", folder, REPOSITORY))


@pytest.fixture
def compared(
    side: Side, settled: tuple[Path, Steps], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Environment]:
    """Compare with the settled state, in which `change` may say of each resource what an older version recorded."""

    def made(change: Change = lambda resource: None, work: Side | None = None) -> Environment:
        def recorded(workspace: SideWorkspace) -> Steps:
            shutil.copytree(settled[0], workspace.folder, dirs_exist_ok=True)
            workspace.prepare({})
            state = workspace.exported()
            for resource in state["deployment"]["resources"]:
                change(resource)
            workspace.imported(state)
            return settled[1]

        monkeypatch.setattr(check, "settle", recorded)
        return checked(side, work or replace(side, name="work tree"), "dev", tmp_path, (REPOSITORY, REPOSITORY))

    return made


def test_a_settled_state_is_one_in_which_nothing_changes(
    settled: tuple[Path, Steps], compared: Callable[..., Environment]
) -> None:
    assert {step["op"] for step in settled[1]} == {"same"}
    found = compared()
    assert (found.rows, found.restless, found.refusals, found.is_bad) == ((), (), (), False)
    assert found.resources == len(settled[1]) > 100
    assert found.judged >= 6, "services and runtimes of three kitchens"
    state = next(settled[0].glob("state/.pulumi/stacks/*/dev.json")).read_text()
    assert "stand-in" not in state, "what stands for secrets is treated as one"


def test_what_is_updated_in_place_is_told_and_harms_nobody(compared: Callable[..., Environment]) -> None:
    def older(resource: dict[str, Any]) -> None:
        if resource["type"].endswith(":LimitRange"):
            for side in (resource["inputs"], resource["outputs"], resource["outputs"]["__inputs"]):
                side["metadata"]["labels"]["added-by-an-older-version"] = "yes"

    found = compared(older)
    assert {(row.operation, row.kind, row.holds_data) for row in found.rows} == {("update", "LimitRange", False)}
    assert not found.is_bad


def test_a_claim_that_would_be_made_anew_is_data_at_risk(compared: Callable[..., Environment]) -> None:
    def older(resource: dict[str, Any]) -> None:
        if resource["type"].endswith(":PersistentVolumeClaim"):
            for side in (resource["inputs"], resource["outputs"], resource["outputs"]["__inputs"]):
                side["spec"]["storageClassName"] = "another"

    found = compared(older)
    lost = [row for row in found.rows if row.loses_data]
    assert {(row.operation, row.kind) for row in lost} == {("replace", "PersistentVolumeClaim")}
    assert all("spec.storageClassName" in row.properties for row in lost)
    assert found.is_bad


def test_a_provider_that_would_be_made_anew_takes_every_object_with_it(compared: Callable[..., Environment]) -> None:
    def older(resource: dict[str, Any]) -> None:
        if resource["type"] == "pulumi:providers:kubernetes":
            for side in (resource["inputs"], resource["outputs"]):
                side["clusterIdentifier"] = "another"

    found = compared(older)
    assert {"kubernetes", "Namespace", "PersistentVolumeClaim"} <= {row.kind for row in found.rows}
    assert {row.operation for row in found.rows} == {"replace"}
    assert found.rows[0].loses_data
    assert found.is_bad


def test_a_bucket_that_the_program_no_longer_declares_is_data_at_risk(compared: Callable[..., Environment]) -> None:
    def older(resource: dict[str, Any]) -> None:
        if resource["type"].endswith(":S3Bucket") and resource["inputs"]["bucket"] == "dev-evaluations":
            resource["urn"] += "-of-old"

    found = compared(older)
    assert [(row.operation, row.name) for row in found.rows if row.loses_data] == [("delete", "dev-evaluations")]


def test_versions_that_cannot_preview_are_told_with_the_engine_s_words(
    compared: Callable[..., Environment], side: Side, tmp_path: Path
) -> None:
    nothing = tmp_path / "no-plugins"
    nothing.mkdir()
    found = compared(work=replace(side, name="work tree", environment={"PULUMI_HOME": str(nothing)}))
    assert found.is_bad
    assert found.failed.startswith("dev: the preview with the versions of the work tree failed:\n")
    assert "kubernetes" in found.failed


def test_an_object_that_other_crds_refuse_is_named(
    compared: Callable[..., Environment], side: Side, tmp_path: Path
) -> None:
    other = tmp_path / "crds"
    shutil.copytree(side.crds, other)
    (file,) = (path for path in other.rglob("*.yaml") if path.name.endswith("_servingruntimes.yaml"))
    text = file.read_text()
    file.write_text(text.replace("supportedModelFormats:", "supportedFormats:"))
    assert text != file.read_text()
    found = compared(work=replace(side, name="work tree", crds=other))
    assert found.is_bad
    assert {refusal.object.partition(" ")[0] for refusal in found.refusals} == {"ServingRuntime"}
    assert all(refusal.work and not refusal.base for refusal in found.refusals)
    assert "supportedModelFormats" in json.dumps([refusal.work for refusal in found.refusals])


def test_a_base_that_cannot_preview_is_no_answer(side: Side, tmp_path: Path) -> None:
    nothing = tmp_path / "no-plugins"
    nothing.mkdir()
    broken = replace(side, environment={"PULUMI_HOME": str(nothing)})
    with pytest.raises(UpgradeError, match="versions of the base failed"):
        settle(workspace_of(broken, "dev", tmp_path / "dev", REPOSITORY))
