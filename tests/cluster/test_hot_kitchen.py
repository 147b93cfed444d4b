"""A kitchen in hot mode on the embedded cluster: admitted with its sidecar, Ready; one more adapter is no new pod."""

from __future__ import annotations

from typing import Any

from infra.load import read_stack_file
from tests.cluster.cluster_tools import Kubectl, is_ready
from tools.local.up import LocalKitchen
from tools.local.workspace import POLICY_PACK, REPOSITORY

NAMESPACE, NAME = "sales-dev", "summary"
FAQ = "helpdesk-faq/v2026-02-01"


def deployment(kube: Kubectl) -> Any:
    return kube.get("-n", NAMESPACE, "deployment", f"{NAME}-predictor")


def running(kube: Kubectl) -> list[tuple[str, str]]:
    pods = kube.get("-n", NAMESPACE, "pods", "-l", f"serving.kserve.io/inferenceservice={NAME}")["items"]
    return [(pod["metadata"]["name"], pod["metadata"]["uid"]) for pod in pods]


def test_kserve_keeps_the_sidecar_with_its_probe_and_volumes(kitchen: LocalKitchen, kube: Kubectl) -> None:
    assert is_ready(kube, NAMESPACE, NAME)
    pod = deployment(kube)["spec"]["template"]["spec"]
    containers = {entry["name"]: entry for entry in pod["containers"]}
    assert list(containers) == ["kserve-container", "reconcile-adapters"]
    server, sidecar = containers.values()
    assert sidecar["readinessProbe"]["httpGet"] == {"path": "/ready", "port": 8081, "scheme": "HTTP"}
    assert sidecar["securityContext"]["readOnlyRootFilesystem"]
    assert "--middleware=guard_updates.UpdateGuard" in server["args"]
    assert server["workingDir"] == "/etc/kitchen/hot", "the middleware is imported from there"
    assert "--lora-modules" not in server["args"]
    assert "--enable-lora" in server["args"]
    env = {entry["name"]: entry.get("value") for entry in server["env"]}
    assert env["VLLM_ALLOW_RUNTIME_LORA_UPDATING"] == "True"
    assert env["HF_HUB_OFFLINE"] == "1", "the runtime's environment is still there"
    writable = {m["name"] for m in server["volumeMounts"] if not m.get("readOnly")}
    assert writable == {"shared-memory", "scratch"}
    assert {"adapters", "declared-adapters", "hot-scripts", "update-token"} <= {v["name"] for v in pod["volumes"]}
    assert [entry["name"] for entry in pod["initContainers"]] == ["require-base-model"]
    static = kube.get("-n", "helpdesk-dev", "deployment", "support-predictor")["spec"]["template"]["spec"]
    assert len(static["containers"]) == 1
    assert "VLLM_ALLOW_RUNTIME_LORA_UPDATING" not in str(static)


def up(kitchen: LocalKitchen, *more_adapters: str) -> None:
    kitchens = read_stack_file(REPOSITORY / "Pulumi.dev.yaml")["kitchens"]
    kitchens[NAME]["adapters"] += more_adapters
    kitchen.workspace.prepare({**kitchen.changes(), "kitchens": kitchens})
    options = ("--yes", "--skip-preview", "--policy-pack", str(POLICY_PACK))
    assert kitchen.workspace.engine("up", *options, extra=kitchen.credentials()) == 0


def test_one_more_adapter_and_one_less_change_no_pod(kitchen: LocalKitchen, kube: Kubectl) -> None:
    before, pods = deployment(kube), running(kube)
    for more in ([FAQ], []):
        up(kitchen, *more)
        after = deployment(kube)
        assert after["spec"]["template"] == before["spec"]["template"]
        assert after["metadata"]["generation"] == before["metadata"]["generation"]
        assert running(kube) == pods
        declared = kube.get("-n", NAMESPACE, "configmap", f"{NAME}-declared-adapters")
        assert ('"helpdesk-faq"' in declared["data"]["manifest.json"]) == bool(more)
        assert not declared.get("immutable")
