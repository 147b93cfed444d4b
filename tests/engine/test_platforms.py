"""Both platforms in the real engine: what OpenShift adds fits its real schemas, and credentials are seen nowhere."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.load import read_stack_file
from tests.engine.conftest import planned, run
from tests.support.stacks import prepare
from tools.local.offline import offline_workspace
from tools.local.workspace import POLICY_PACK, REPOSITORY, Workspace
from tools.toolchain import data, ensure
from tools.upgrade.schemas import validators

Stack = Callable[..., Workspace]
Objects = dict[tuple[str, str], dict[str, Any]]
Planned = Callable[[str, str], Objects]
CANARY = "canary-9d42-not-to-be-seen"
CREDENTIALS = json.dumps({"auths": {"registry.kitchen.example": {"username": "robot", "password": CANARY}}})
ROUTES = {"domain": "apps.kitchen.example", "allowedSources": ["10.20.0.0/16", "10.30.0.0/16"]}
PLATFORMS: dict[str, dict[str, Any]] = {
    "kubernetes": {"kind": "kubernetes", "monitoring": True},
    "routes": {"kind": "openshift", "routes": ROUTES, "monitoring": True},
    "openshift-ai": {"kind": "openshift", "openshiftAI": True, "monitoring": True},
}


def objects(workspace: Workspace) -> Objects:
    """Kubernetes objects that a preview with the policy pack plans, by kind and name of the resource."""
    steps = planned(run(workspace, "preview", "--json", "--policy-pack", str(POLICY_PACK)))
    return {
        (state["inputs"]["kind"], state["urn"].rpartition("::")[2]): state["inputs"]
        for state in (step["newState"] for step in steps)
        if state["type"].startswith("kubernetes:")
    }


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    """What an environment is on a platform, in phase 4 and with a pull secret; previewed once for all tests."""

    @cache
    def made(environment: str, platform: str) -> Objects:
        workspace = offline_workspace(environment, tmp_path_factory.mktemp(f"{environment}-{platform}"))
        changes = {"platform": PLATFORMS[platform], "phase": 4, "pullSecret": "registry-pull"}
        # Routes of single kitchens, and OpenShift AI's proxies, are for environments without an entry.
        return objects(prepare(workspace, changes, without=["entry"]))

    return made


@pytest.mark.parametrize("name", PLATFORMS)
@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_every_platform_passes_the_pack_and_the_real_schemas(environment: str, name: str, on: Planned) -> None:
    ensure(["crds"])
    planned_objects = on(environment, name)
    schemas = validators(data("crds") / "crds")
    checked = set()
    for (kind, resource), content in planned_objects.items():
        validator = schemas.get(content["apiVersion"], kind)
        if validator is not None:
            checked.add(kind)
            assert [f"{resource}: {e.json_path}: {e.message}" for e in validator.iter_errors(content)] == []
    endpoints = planned_objects["PodMonitor", "support"]["spec"]["podMetricsEndpoints"]
    assert [entry["port"] for entry in endpoints] == ["http1", "http", "status"]
    assert {entry["path"] for entry in endpoints} == {"/metrics"}
    constants = {rule["targetLabel"]: rule["replacement"] for rule in endpoints[0]["relabelings"]}
    assert constants == {"environment": environment, "tenant": "helpdesk", "kitchen": "support", "part": "server"}
    routes = {"Route"} if name == "routes" else set()
    assert checked == {"ServingRuntime", "InferenceService", "PodMonitor", "PrometheusRule", *routes}


def test_an_llm_inference_service_is_reached_and_measured_on_its_own_port(stack: Stack) -> None:
    platform = {**PLATFORMS["routes"], "llmInferenceService": True}
    kitchens = read_stack_file(REPOSITORY / "Pulumi.dev.yaml")["kitchens"]
    kitchens["support"]["api"] = "LLMInferenceService"
    found = objects(stack("dev", {"platform": platform, "phase": 4, "kitchens": kitchens}))
    route = found["Route", "support"]["spec"]
    assert (route["to"]["name"], route["port"]["targetPort"]) == ("support-kserve-workload-svc", 8000)
    (rule,) = found["NetworkPolicy", "support-ingress"]["spec"]["ingress"]
    assert [entry["port"] for entry in rule["ports"]] == [8000]
    labels = [entry["namespaceSelector"]["matchLabels"] for entry in rule["from"]]
    access, openshift = "kitchen.example.com/access", "network.openshift.io/policy-group"
    assert labels == [{access: "gateway"}, {openshift: "ingress"}, {access: "metrics"}, {openshift: "monitoring"}]
    (server,) = found["LLMInferenceService", "support"]["spec"]["template"]["containers"]
    scraped = {entry["port"] for entry in found["PodMonitor", "support"]["spec"]["podMetricsEndpoints"]}
    assert {entry["name"] for entry in server["ports"]} <= scraped


def test_phase_3_has_no_monitors_yet(stack: Stack) -> None:
    assert not [key for key in objects(stack("dev", {"platform": PLATFORMS["kubernetes"]})) if key[0] == "PodMonitor"]


def test_openshift_shows_projects_and_assigns_users_itself(on: Planned) -> None:
    made = on("dev", "routes")
    annotations = made["Namespace", "helpdesk"]["metadata"]["annotations"]
    assert annotations["openshift.io/display-name"] == "helpdesk (dev)"
    assert "support-team" in annotations["openshift.io/description"]
    assert annotations["openshift.io/node-selector"] == ""
    for key in ("runAsUser", "runAsGroup", "fsGroup"):
        assert f'"{key}"' not in json.dumps(list(made.values())), "restricted-v2 assigns it"


def test_a_route_is_tls_only_and_for_the_stated_networks(on: Planned) -> None:
    route = on("dev", "routes")["Route", "support"]
    assert route["spec"]["host"] == "support-helpdesk-dev.apps.kitchen.example"
    assert route["spec"]["to"]["name"] == "support-predictor"
    assert route["spec"]["tls"] == {"termination": "edge", "insecureEdgeTerminationPolicy": "None"}
    annotations = route["metadata"]["annotations"]
    assert annotations["haproxy.router.openshift.io/ip_allowlist"] == "10.20.0.0/16 10.30.0.0/16"
    assert annotations["haproxy.router.openshift.io/timeout"] == "10m"


def test_openshift_ai_makes_the_route_and_asks_who_calls(on: Planned) -> None:
    made = on("dev", "openshift-ai")
    assert not [key for key in made if key[0] == "Route"]
    metadata = made["InferenceService", "support"]["metadata"]
    assert metadata["labels"]["networking.kserve.io/visibility"] == "exposed"
    assert metadata["annotations"]["security.opendatahub.io/enable-auth"] == "true"
    runtime = made["ServingRuntime", "support"]["metadata"]
    assert runtime["annotations"]["opendatahub.io/kserve-runtime"] == "vllm"


def test_servers_have_the_environment_s_priority_and_pull_secret(on: Planned) -> None:
    made = on("prod", "kubernetes")
    assert made["PriorityClass", "servers"]["value"] == 100000
    assert made["InferenceService", "support"]["spec"]["predictor"]["priorityClassName"] == "kitchen-prod"
    accounts = [content for (kind, _), content in made.items() if kind == "ServiceAccount"]
    assert len(accounts) >= 4
    assert all(account["imagePullSecrets"] == [{"name": "registry-pull"}] for account in accounts)
    assert ("Secret", "helpdesk-pull") not in made, "without credentials it exists already"


def test_callers_of_a_tenant_without_kitchens_get_nothing(stack: Stack) -> None:
    made = objects(stack("dev", {"phase": 1, "kitchens": {}}))
    assert ("Role", "helpdesk-owner") in made
    assert ("Role", "helpdesk-caller") not in made


def set_credentials(workspace: Workspace, text: str) -> None:
    command = ["pulumi", "config", "set", "--secret", "kitchen:registryCredentials", "--stack", workspace.stack]
    command += ["--config-file", str(workspace.config_file), "--non-interactive"]
    env = workspace.environment()
    subprocess.run(command, cwd=workspace.project, env=env, input=text, text=True, check=True, capture_output=True)


def everything(folder: Path) -> str:
    return "\n".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())


def test_rendering_writes_a_placeholder_and_no_credentials(stack: Stack, tmp_path: Path) -> None:
    target = tmp_path / "rendered"
    workspace = stack("dev", {"pullSecret": "registry-pull", "renderTo": str(target)})
    set_credentials(workspace, CREDENTIALS)
    result = run(workspace, "up", "--yes", "--policy-pack", str(POLICY_PACK))
    assert result.status == 0, result.text
    documents = [yaml.safe_load(path.read_text()) for path in target.rglob("*.yaml")]
    pull = [entry for entry in documents if entry["metadata"]["name"] == "registry-pull"]
    assert len(pull) == 2
    for entry in pull:
        assert entry["type"] == "kubernetes.io/dockerconfigjson"
        content = entry.get("stringData") or {
            key: base64.b64decode(value).decode() for key, value in entry["data"].items()
        }
        assert json.loads(content[".dockerconfigjson"]) == {"auths": {"render-only": {}}}
    for text in (result.text, everything(tmp_path)):
        assert CANARY not in text
        assert base64.b64encode(CREDENTIALS.encode()).decode() not in text


@pytest.mark.parametrize("text", [CANARY, CREDENTIALS.replace("registry.kitchen", "other")])
def test_wrong_credentials_end_in_one_message_that_does_not_show_them(text: str, stack: Stack) -> None:
    workspace = stack("dev", {"pullSecret": "registry-pull"})
    set_credentials(workspace, text)
    result = run(workspace, "preview", "--diff")
    assert result.status != 0
    assert 'registryCredentials: "(not shown)"; rule: ' in result.text
    assert CANARY not in result.text


def test_a_preview_with_credentials_does_not_show_them(stack: Stack) -> None:
    workspace = stack("dev", {"pullSecret": "registry-pull"})
    set_credentials(workspace, CREDENTIALS)
    for options in (["--diff"], ["--json", "--policy-pack", str(POLICY_PACK)]):
        result = run(workspace, "preview", *options)
        assert result.status == 0, result.text
        assert "registry-pull" in result.text
        assert CANARY not in result.text
        assert base64.b64encode(CREDENTIALS.encode()).decode() not in result.text
