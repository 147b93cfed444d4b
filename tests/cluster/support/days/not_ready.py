"""Kitchens that cannot become Ready, and updates that something in the cluster stops."""

from __future__ import annotations

import json
from typing import Any

from tests.cluster.support.days.day import Act, Day, Group
from tests.cluster.support.days.removed import HELPDESK, SALES
from tests.cluster.support.days.scene import Scene

WAIT = "WAIT=8"
PODS = f"KServe's pods of {HELPDESK}"
_TAINT = "maintenance=now:NoExecute"
_HOOK = "bad-days.example.com"


def gpu_nodes(scene: Scene) -> list[str]:
    nodes = scene.kubectl.get("nodes")["items"]
    return [node["metadata"]["name"] for node in nodes if node["metadata"]["name"].startswith("l40s")]


def end_pods(scene: Scene, namespace: str, service: str) -> None:
    scene.kubectl("-n", namespace, "delete", "pods", *scene.pods(namespace, service))


def quota(gpus: str) -> Act:
    def act(scene: Scene) -> None:
        scene.patch(HELPDESK, "resourcequota", "quota", {"spec": {"hard": {"requests.nvidia.com/gpu": gpus}}})

    return act


def lower_quota(scene: Scene) -> None:
    quota("0")(scene)
    end_pods(scene, HELPDESK, "support")


def cordon(scene: Scene) -> None:
    scene.kubectl("cordon", *gpu_nodes(scene))
    end_pods(scene, SALES, "summary")


def taint(scene: Scene) -> None:
    scene.kubectl("taint", "nodes", *gpu_nodes(scene), _TAINT)


def webhook(kinds: list[dict[str, Any]], namespace: str, scene: Scene) -> None:
    """A webhook that nothing answers for: every request that it should judge is refused."""
    label = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    hook = {
        "name": _HOOK, "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Fail",
        "timeoutSeconds": 1, "namespaceSelector": label, "rules": kinds,
        "clientConfig": {"url": "https://127.0.0.1:1/judge"},
    }  # fmt: skip
    manifest = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
                "metadata": {"name": _HOOK}, "webhooks": [hook]}  # fmt: skip
    scene.kubectl("apply", "-f", "-", manifest=json.dumps(manifest))


def no_hook(scene: Scene) -> None:
    scene.delete("", "validatingwebhookconfiguration", _HOOK)


def hook_on_pods(scene: Scene) -> None:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    webhook([rule], HELPDESK, scene)
    end_pods(scene, HELPDESK, "support")


def hook_on_bindings(scene: Scene) -> None:
    scene.delete(SALES, "rolebinding", "kitchen-owner")
    groups = ["rbac.authorization.k8s.io"]
    rule = {"apiGroups": groups, "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["rolebindings"]}
    webhook([rule], SALES, scene)


PLACES = Group(
    name="no quota, no node",
    fails=True,
    first=("up", WAIT),
    days=[
        Day(
            case="quota lowered by hand, pods lost",
            harm=lower_quota,
            says=[
                "not Ready after .*: support in helpdesk-dev",
                "pods cannot be made: .*exceeded quota",
                "look: kubectl",
            ],
            mend=quota("3"),
        ),
        Day(
            case="every GPU node cordoned, pods lost",
            harm=cordon,
            says=["not Ready after .*: summary in sales-dev", "no node takes it: .*were unschedulable"],
            mend=lambda scene: scene.kubectl("uncordon", *gpu_nodes(scene)),
        ),
    ],
)
EVICTED = Group(
    name="tainted nodes, a webhook that is down",
    fails=True,
    first=("up", WAIT),
    days=[
        Day(
            case="webhook on pods that is down, pods lost",
            harm=hook_on_pods,
            says=["not Ready after .*: support in helpdesk-dev", "pods cannot be made: .*failed calling webhook"],
            mend=no_hook,
        ),
        Day(
            case="every GPU node tainted, pods evicted",
            harm=taint,
            says=["not Ready after .*: summary in sales-dev", "no node takes it: .*untolerated taint"],
            mend=lambda scene: scene.kubectl("taint", "nodes", *gpu_nodes(scene), f"{_TAINT}-"),
        ),
    ],
)
REFUSED = Group(
    name="an update that a webhook stops",
    fails=True,
    days=[
        Day(
            case="RoleBinding removed, and a webhook on it that is down",
            harm=hook_on_bindings,
            says=[
                "was removed by hand: RoleBinding sales-dev/kitchen-owner",
                "failed calling webhook",
                "the preview failed or was denied; nothing was changed",
            ],
            mend=no_hook,
        ),
    ],
)
