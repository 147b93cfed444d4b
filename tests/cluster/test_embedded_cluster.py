"""The embedded cluster is what the other tests of this tier stand on: here its content is tested."""

from __future__ import annotations

import stat
import subprocess

import pytest
import yaml

from tests.cluster.support.kubectl import Kubectl, apply, claim, eventually, is_ready, kitchen
from tests.support.lines import json_lines
from tools.cluster import Cluster
from tools.cluster.components import START_ORDER


def test_every_process_is_healthy_and_every_node_takes_pods(cluster: Cluster, kubectl: Kubectl) -> None:

    def healthy() -> bool:
        status = cluster.status()
        return status.state == "running" and {one.name for one in status.components if one.healthy} == set(START_ORDER)

    eventually(healthy, "every process answers in time")
    nodes = kubectl.get("nodes")["items"]
    products = {node["metadata"]["labels"].get("nvidia.com/gpu.product") for node in nodes}
    assert {"NVIDIA-H100-80GB-HBM3", "NVIDIA-A100-SXM4-80GB", "NVIDIA-L40S", None} < products
    for node in nodes:
        keys = [taint["key"] for taint in node["spec"].get("taints", [])]
        gpu = node["status"]["allocatable"].get("nvidia.com/gpu")
        assert keys == (["nvidia.com/gpu"] if gpu else []), node["metadata"]["name"]


def test_an_inference_service_becomes_ready_on_its_gpu(cluster: Cluster, kubectl: Kubectl, namespace: str) -> None:
    apply(kubectl, namespace, kitchen("NVIDIA-L40S"))
    eventually(lambda: is_ready(kubectl, namespace, "support"), "InferenceService Ready")
    (pod,) = kubectl.get("-n", namespace, "pods")["items"]
    assert pod["spec"]["nodeName"].startswith("l40s-")
    volumes = [
        volume["persistentVolumeClaim"] for volume in pod["spec"]["volumes"] if "persistentVolumeClaim" in volume
    ]
    assert volumes[0]["claimName"] == "shared-rwx-readwritemany", "KServe's pod webhook did not mount the model"
    written = json_lines(cluster.audit_log)
    assert any(
        event["verb"] in ("create", "patch")
        and event["objectRef"].get("resource") == "inferenceservices"
        and event["objectRef"].get("namespace") == namespace
        for event in written
        if "objectRef" in event
    )


def test_kserves_webhook_denies_a_service_with_two_models(kubectl: Kubectl, namespace: str) -> None:
    *others, service = kitchen("NVIDIA-L40S")
    service["spec"]["predictor"]["minReplicas"] = 3
    service["spec"]["predictor"]["maxReplicas"] = 2
    done = kubectl.run("apply", "-n", namespace, "-f", "-", manifest=yaml.safe_dump_all([*others, service]))
    assert done.returncode != 0
    assert "admission webhook" in done.stderr
    assert "inferenceservice.kserve-webhook-server.validator" in done.stderr


def test_a_gpu_that_does_not_exist_keeps_the_pod_pending(kubectl: Kubectl, namespace: str) -> None:
    apply(kubectl, namespace, kitchen("NVIDIA-GB200-EXAMPLE"))

    def refused() -> bool:
        return any(
            condition["type"] == "PodScheduled" and condition.get("reason") == "Unschedulable"
            for pod in kubectl.get("-n", namespace, "pods")["items"]
            for condition in pod["status"].get("conditions", [])
        )

    eventually(refused, "the scheduler refuses the pod")
    (pod,) = kubectl.get("-n", namespace, "pods")["items"]
    assert pod["status"]["phase"] == "Pending"
    assert not is_ready(kubectl, namespace, "support")


def test_claims_are_bound_in_every_class_and_mode_and_their_volumes_go_with_them(
    kubectl: Kubectl, namespace: str
) -> None:
    claims = [
        claim(storage_class, mode)
        for storage_class in ("shared-rwx", "cephfs-rwx")
        for mode in ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce")
    ]
    unknown = claim("no-such-class", "ReadWriteMany")
    apply(kubectl, namespace, [*claims, unknown])

    def bound() -> set[str]:
        found = kubectl.get("-n", namespace, "pvc")["items"]
        return {item["metadata"]["name"] for item in found if item["status"]["phase"] == "Bound"}

    expected = {entry["metadata"]["name"] for entry in claims}
    eventually(lambda: bound() == expected, "all claims of known classes bound")
    kubectl("delete", "-n", namespace, "pvc", "--all", "--wait=false")

    def volumes() -> list[str]:
        found = kubectl.get("pv")["items"]
        return [item["metadata"]["name"] for item in found if item["spec"]["claimRef"]["namespace"] == namespace]

    eventually(lambda: not volumes(), "volumes of deleted claims are gone")


def test_rbac_is_enforced(kubectl: Kubectl, namespace: str) -> None:
    asked = kubectl.run("auth", "can-i", "list", "secrets", "-n", namespace, "--as", "somebody@example.com")
    assert asked.stdout.strip() == "no"


def test_secrets_are_readable_by_their_owner_alone(cluster: Cluster) -> None:
    private = [cluster.kubeconfig, cluster.directory / "credentials.json", *cluster.directory.glob("pki/*.key")]
    assert len(private) > 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    arguments = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    assert cluster.minio_secret_key not in arguments


def test_start_of_a_running_cluster_is_a_no_op(cluster: Cluster, capfd: pytest.CaptureFixture[str]) -> None:
    before = [entry.pid for entry in cluster.status().components]
    Cluster(cluster.directory).start()
    assert [entry.pid for entry in cluster.status().components] == before
    assert "runs already" in capfd.readouterr().err
