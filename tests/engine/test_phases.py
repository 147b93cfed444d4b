"""Each phase builds exactly what it allows, and the step from phase 2 to 3 adds LoRA and touches nothing else."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.load import read_stack_file
from tests.engine.conftest import planned, run
from tools.local.workspace import POLICY_PACK, REPOSITORY, Workspace

Stack = Callable[..., Workspace]
SERVING = {"VllmRuntime", "MultiLoraService", "ServingRuntime", "InferenceService"}
LORA = {"fetch-adapters", "--enable-lora", "--lora-modules", "adapters-sha256"}


def settings(phase: int, stack: str = "dev") -> dict[str, Any]:
    """The stack's settings as they would have been in an earlier phase."""
    said = copy.deepcopy(read_stack_file(REPOSITORY / f"Pulumi.{stack}.yaml"))
    kitchens = {} if phase == 1 else said["kitchens"]
    if phase == 2:
        for kitchen in kitchens.values():
            kitchen.pop("adapters", None)
            kitchen.pop("loraMode", None)
    changed: dict[str, Any] = {"phase": phase, "kitchens": kitchens}
    if not kitchens and "monitoring" in said:  # objectives are of kitchens that are there
        changed["monitoring"] = {key: said["monitoring"][key] for key in said["monitoring"] if key != "objectives"}
        changed["monitoring"] |= {"form": "operator"}
    return changed


def inputs(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """What is planned; the policy pack has passed it."""
    steps = planned(run(workspace, "preview", "--json", "--policy-pack", str(POLICY_PACK)))
    return {step["urn"]: step["newState"].get("inputs", {}) for step in steps}


def kinds(urns: dict[str, Any]) -> set[str]:
    return {urn.split("::")[-2].split("$")[-1].rpartition(":")[2] for urn in urns}


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_phase_1_builds_tenants_and_buckets_and_no_more(name: str, stack: Stack) -> None:
    found = kinds(inputs(stack(name, settings(1, name))))
    assert {"Tenant", "Namespace", "ResourceQuota", "NetworkPolicy", "Bucket", "S3Bucket"} <= found
    assert not found & (SERVING | {"BaseModelVolume", "PersistentVolumeClaim", "Job", "Secret", "BucketAccess"})


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_phase_2_serves_base_models_without_a_trace_of_lora(name: str, stack: Stack) -> None:
    found = inputs(stack(name, settings(2, name)))
    assert kinds(found) >= SERVING | {"BaseModelVolume", "PersistentVolumeClaim"}
    text = str(found)
    assert not [word for word in LORA if word in text]
    assert "lora/" not in text


def test_from_phase_2_to_3_adds_lora_and_touches_nothing_else(stack: Stack, tmp_path: Path) -> None:
    """An update of phase 2 is recorded for real (as rendered files), then phase 3 is previewed against it."""
    render = {"renderTo": str(tmp_path / "rendered")}
    workspace = stack("dev", settings(2) | render)
    workspace = Workspace(workspace.folder, "dev", kubeconfig=None)
    assert run(workspace, "up", "--yes", "--skip-preview").status == 0
    workspace.prepare(settings(3) | render)
    steps = planned(run(workspace, "preview", "--json"))
    changed = [step for step in steps if step["op"] != "same"]
    assert {step["op"] for step in changed} == {"create", "update"}
    updated = [step["urn"].split("::")[-1] for step in changed if step["op"] == "update" and "$" in step["urn"]]
    tuned = [name for name, kitchen in settings(3)["kitchens"].items() if "adapters" in kitchen]
    assert sorted(updated) == sorted(tuned), "of what there was, each InferenceService with adapters alone"
    for step in changed:
        assert step["urn"].split("::")[-1].startswith(tuple(settings(3)["kitchens"])) or "Stack" in step["urn"], step
    created = {step["newState"]["type"].rpartition(":")[2] for step in changed if step["op"] == "create"}
    assert created == {"BucketAccess", "Secret", "ConfigMap"}
