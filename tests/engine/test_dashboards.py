"""Dashboards in the real engine: the pack passes them, and their objects fit the real schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import planned, run
from tests.support.stacks import prepare
from tools.local.offline import offline_workspace, write_monitoring
from tools.local.workspace import POLICY_PACK
from tools.toolchain import data, ensure
from tools.upgrade.schemas import validators

BOARDS = {"adapter", "delivery", "entry", "environment", "gpus", "kitchen"}
NAMES = {f"kitchen-dev-{name}" for name in BOARDS}


def objects(folder: Path, form: str) -> list[dict[str, Any]]:
    """What dev plans with dashboards; the preview has the policy pack."""
    said = {"phase": 4, "platform": {"kind": "kubernetes", "monitoring": True}, "monitoring": {"dashboards": form}}
    workspace = prepare(offline_workspace("dev", folder), said)
    steps = planned(run(workspace, "preview", "--json", "--policy-pack", str(POLICY_PACK)))
    states = [step["newState"]["inputs"] for step in steps if step["newState"]["type"].startswith("kubernetes:")]
    return [state for state in states if state["metadata"].get("namespace") == "monitoring-dev"]


def test_grafanas_sidecar_finds_each_of_them(tmp_path: Path) -> None:
    found = [
        made for made in objects(tmp_path, "grafana") if made["metadata"]["labels"].get("grafana_dashboard") == "1"
    ]
    assert {made["kind"] for made in found} == {"ConfigMap"}
    assert {key for made in found for key in made["data"]} == {f"{name}.json" for name in NAMES}
    assert {json.loads(text)["uid"] for made in found for text in made["data"].values()} == NAMES


def test_the_operator_of_perses_takes_each_of_them(tmp_path: Path) -> None:
    found = [made for made in objects(tmp_path, "perses") if made["kind"] == "PersesDashboard"]
    assert {made["metadata"]["name"] for made in found} == NAMES
    ensure(["crds"])
    schema = validators(data("crds") / "crds").get("perses.dev/v1alpha1", "PersesDashboard")
    assert schema is not None
    assert [error.message for made in found for error in schema.iter_errors(made)] == []


@pytest.mark.parametrize(("form", "count"), [("files", 12), ("none", 0)])
def test_files_are_written_when_they_are_asked_for(form: str, count: int, tmp_path: Path) -> None:
    workspace = prepare(offline_workspace("dev", tmp_path), {"phase": 4, "monitoring": {"dashboards": form}})
    written = write_monitoring(workspace.config_file, tmp_path / "files")
    assert len(written) == count
    assert {path.parent.name for path in written} == ({"grafana", "perses"} if count else set())
