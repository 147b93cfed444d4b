"""Everything that dev and prod are on OpenShift is admitted by a real API server, and every kitchen becomes Ready."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.support.kubectl import OURS, Kubectl, eventually, no_other_environment
from tests.support.stacks import prepare
from tools.engine.checkpoints import WITHOUT
from tools.local.workspace import Workspace
from tools.toolchain import PREVIEW, ensure

STACKS, TENANTS, KITCHENS = 2, 6, 7
PLATFORMS: dict[str, dict[str, Any]] = {
    "routes": {
        "kind": "openshift",
        "routes": {"domain": "apps.kitchen.example", "allowedSources": ["10.20.0.0/16"]},
        "monitoring": True,
    },
    "openshift-ai": {"kind": "openshift", "openshiftAI": True, "monitoring": True},
}


def render(stack: str, platform: dict[str, Any], folder: Path) -> Path:
    """Write the YAML of a stack on a platform, in phase 4 and with a pull secret; the engine tier judges it."""
    target = folder / "rendered" / stack
    workspace = Workspace(folder / stack, stack, kubeconfig=None)
    changes = {"platform": platform, "phase": 4, "pullSecret": "registry-pull", "registryCredentials": "render-only"}
    # Routes of single kitchens, and OpenShift AI's proxies, are for environments without an entry.
    prepare(workspace, {**changes, "renderTo": str(target)}, without=["entry"])
    options = ("--stack", stack, "--config-file", str(workspace.config_file))
    done = subprocess.run(
        ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", *options],
        cwd=workspace.project,
        env=workspace.environment() | WITHOUT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return target


@pytest.fixture(params=PLATFORMS)
def applied(request: pytest.FixtureRequest, tmp_path: Path, kubectl: Kubectl) -> Iterator[str]:
    """Both environments on one platform, applied as a GitOps tool would."""
    ensure(PREVIEW)
    rendered = [render(stack, PLATFORMS[request.param], tmp_path) for stack in ("dev", "prod")]
    paths = [path for folder in rendered for path in folder.rglob("*.yaml")]
    namespaces = [path for path in paths if "\nkind: Namespace\n" in path.read_text()]
    # Beside those of tenants each environment has one for its alerts.
    assert len(namespaces) == TENANTS + STACKS
    apply = ("apply", "--server-side", "--validate=strict")
    with no_other_environment(kubectl):
        kubectl(*apply, *[f"--filename={path}" for path in namespaces])
        kubectl(*apply, "--recursive", *[f"--filename={folder}" for folder in rendered])
        yield request.param


def test_every_object_is_admitted_and_every_kitchen_becomes_ready(applied: str, kubectl: Kubectl) -> None:
    kubectl("wait", "inferenceservices", "-A", *OURS, "--for=condition=Ready", "--timeout=300s")

    def pods() -> list[dict[str, Any]]:
        found = kubectl.get("pods", "-A", *OURS)["items"]
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def servers() -> list[dict[str, Any]]:
        return [pod for pod in pods() if "serving.kserve.io/inferenceservice" in pod["metadata"]["labels"]]

    eventually(lambda: len(servers()) == 3 + 8, "every server has its pods")
    for pod in pods():
        assert "runAsUser" not in pod["spec"]["securityContext"], "OpenShift assigns it"
    # One a kitchen, and one a tenant for loads of base models.
    assert len(kubectl.get("podmonitors", "-A", *OURS)["items"]) == KITCHENS + TENANTS
    held = [item["spec"]["groups"] for item in kubectl.get("prometheusrules", "-A", *OURS)["items"]]
    rules = [group["rules"] for groups in held for group in groups]
    assert {rule["alert"] for group in rules for rule in group if "alert" in rule} > {"KitchenServersMissing"}
    routes = [route["spec"]["host"] for route in kubectl.get("routes", "-A", *OURS)["items"]]
    assert len(set(routes)) == (KITCHENS if applied == "routes" else 0)
    priorities = {item["metadata"]["name"]: item["value"] for item in kubectl.get("priorityclasses", *OURS)["items"]}
    assert priorities["kitchen-prod"] > priorities["kitchen-dev"]
