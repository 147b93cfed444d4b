"""A pod that cannot be placed stays Pending, and says why: by the real scheduler and the real quota."""

from __future__ import annotations

from typing import Any

from tests.cluster.support.kubectl import Kubectl, apply, eventually, is_ready, kitchen


def changed(product: str = "NVIDIA-RTX-6000-Ada-Generation", **predictor: Any) -> list[dict[str, Any]]:
    documents = kitchen(product)
    documents[-1]["spec"]["predictor"] |= predictor
    return documents


def reasons(kubectl: Kubectl, namespace: str) -> list[str]:
    """What the scheduler says about the pods that it does not place."""
    return [
        condition["message"]
        for pod in kubectl.get("-n", namespace, "pods")["items"]
        for condition in pod["status"].get("conditions", [])
        if condition["type"] == "PodScheduled" and condition.get("reason") == "Unschedulable"
    ]


def refused(kubectl: Kubectl, namespace: str, documents: list[dict[str, Any]]) -> str:
    """Apply a kitchen of which one pod cannot be placed; return the reason."""
    apply(kubectl, namespace, documents)

    # Before its claim is bound a pod waits for that, wherever it could be placed.
    def placed() -> list[str]:
        return [reason for reason in reasons(kubectl, namespace) if "PersistentVolumeClaim" not in reason]

    eventually(placed, "the scheduler refuses a pod")
    (reason,) = placed()
    return reason


def test_a_product_that_no_node_has(kubectl: Kubectl, namespace: str) -> None:
    reason = refused(kubectl, namespace, changed("NVIDIA-GB200-EXAMPLE"))
    assert "didn't match Pod's node affinity/selector" in reason
    assert "Insufficient" not in reason
    assert not is_ready(kubectl, namespace, "support")


def test_a_pod_without_the_toleration_of_its_pool(kubectl: Kubectl, namespace: str) -> None:
    reason = refused(kubectl, namespace, changed(tolerations=[]))
    assert "8 node(s) had untolerated taint(s)" in reason, "all nodes with GPUs, whatever their product"
    assert "Insufficient" not in reason


def test_a_pool_that_is_full(kubectl: Kubectl, namespace: str) -> None:
    """Two nodes of four GPUs: the third pod of four finds none."""
    documents = changed(minReplicas=3, maxReplicas=3)
    documents[1]["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] = "4"
    reason = refused(kubectl, namespace, documents)
    assert "2 Insufficient nvidia.com/gpu" in reason

    def nodes() -> set[str]:
        pods = kubectl.get("-n", namespace, "pods")["items"]
        return {pod["spec"]["nodeName"] for pod in pods if pod["spec"].get("nodeName")}

    # The scheduler counts a place as taken before the API server knows of it.
    eventually(lambda: len(nodes()) == 2, "the others are on both nodes")


def test_a_quota_that_is_used_up_leaves_no_pod_and_an_event(kubectl: Kubectl, namespace: str) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "quota"},
        "spec": {"hard": {"requests.nvidia.com/gpu": "1"}},
    }
    documents = changed("NVIDIA-A100-SXM4-80GB", minReplicas=2, maxReplicas=2)
    apply(kubectl, namespace, [quota])
    used = ("-n", namespace, "resourcequota", "quota")
    eventually(lambda: kubectl.get(*used).get("status", {}).get("used"), "until it is counted all pods are refused")
    apply(kubectl, namespace, documents)

    def told() -> list[str]:
        events = kubectl.get("-n", namespace, "events", "--field-selector", "involvedObject.kind=ReplicaSet")["items"]
        return [event["message"] for event in events if event["reason"] == "FailedCreate"]

    eventually(told, "the ReplicaSet's event")
    assert "exceeded quota: quota, requested: requests.nvidia.com/gpu=1, used: requests.nvidia.com/gpu=1" in told()[0]
    assert len(kubectl.get("-n", namespace, "pods")["items"]) == 1
    eventually(lambda: reasons(kubectl, namespace) == [], "its claim is bound, and nothing else keeps it waiting")
