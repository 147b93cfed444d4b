"""Environments rendered by the real engine: one that uses every option of serving, and any other."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.load import read_stack_file
from tests.support.once import once
from tests.support.stacks import prepare
from tools.engine.checkpoints import WITHOUT
from tools.local.workspace import REPOSITORY, Workspace

PROMETHEUS = "http://prometheus.monitoring.svc:9090"
CANARY_ADAPTERS = ["helpdesk-faq/v2026-02-01", "legal-contract-review/v2026-04-01"]


def changes() -> dict[str, Any]:
    """The dev environment in phase 4: a canary, an autoscaled kitchen and one as LLMInferenceService."""
    said = copy.deepcopy(read_stack_file(REPOSITORY / "Pulumi.dev.yaml"))
    gateway = {"gateway": "kitchen", "namespace": "kitchen-gateway", "domain": "models.kitchen.example"}
    platform = {"gatewayApi": gateway, "keda": True, "prometheus": PROMETHEUS, "llmInferenceService": True}
    for tenant in said["tenants"].values():
        tenant["quota"]["gpus"] = 8
    kitchens = said["kitchens"]
    kitchens["support"] |= {
        "replicas": 2,
        "canary": {"weight": 10, "adapters": CANARY_ADAPTERS, "runtime": {"quantization": "fp8", "drainSeconds": 60}},
    }
    kitchens["support"]["runtime"] |= {"prefixCaching": True, "extraArgs": ["--async-scheduling"]}
    kitchens["summary"]["autoscaling"] = {"maxReplicas": 3, "metric": "waiting", "target": 4}
    kitchens["digest"] = {
        **{key: kitchens["summary"][key] for key in ("tenant", "baseModel", "pool", "adapters", "runtime")},
        "api": "LLMInferenceService",
    }
    return {
        "phase": 4,
        "platform": {**said["platform"], **platform},
        "gpuPools": {"l40s": {**said["gpuPools"]["l40s"], "gpus": 16}},
        "tenants": said["tenants"],
        "kitchens": kitchens,
    }


def rendered_once(factory: pytest.TempPathFactory, name: str, more: dict[str, Any]) -> list[dict[str, Any]]:
    """`rendered`, made by the first module of a run that asks for settings of this `name`, read by the others."""

    def make() -> dict[str, Any]:
        return {"objects": rendered(factory.mktemp(name), more)}

    objects: list[dict[str, Any]] = once(factory, f"rendered-{name}", make)["objects"]
    return objects


def rendered(folder: Path, more: dict[str, Any]) -> list[dict[str, Any]]:
    """Every Kubernetes object of the dev environment with changed settings; the policy pack has passed them."""
    folder.mkdir(parents=True, exist_ok=True)
    workspace = Workspace(folder, "dev", kubeconfig=None)
    prepare(workspace, {**more, "renderTo": str(folder / "objects")})
    options = ("--yes", "--skip-preview", "--suppress-outputs")
    assert workspace.engine("up", *options, extra=WITHOUT) == 0
    return [yaml.safe_load(path.read_text()) for path in sorted((folder / "objects").rglob("*.yaml"))]
