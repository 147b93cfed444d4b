"""What somebody has changed by hand or left behind, and what an update of this program would not touch."""

from __future__ import annotations

import json
import re

from tests.cluster.support.days.day import Day, Group
from tests.cluster.support.days.removed import HELPDESK, SALES
from tests.cluster.support.days.scene import Scene

MANAGER = "kitchen-dev"


def patched(namespace: str, kind: str, name: str, patch: dict[str, object], manager: str = "") -> Day:
    """A declared field that somebody else sets."""
    who = manager or "kubectl-patch"
    kinds = {
        "resourcequota": "ResourceQuota",
        "inferenceservice": "InferenceService",
        "role": "Role",
        "secret": "Secret",
    }
    return Day(
        case=f"field of a {kinds[kind]} changed by {who}",
        harm=lambda scene: scene.patch(namespace, kind, name, patch, manager),
        says=[rf"was changed by hand: {kinds[kind]} {namespace}/{name}: .*set by {who} since", "TAKE_BACK=yes"],
    )


FIELDS = Group(
    name="fields that another hand took",
    then=("up", "TAKE_BACK=yes"),
    days=[
        patched(HELPDESK, "resourcequota", "quota", {"spec": {"hard": {"requests.cpu": "63"}}}),
        patched(SALES, "resourcequota", "quota", {"spec": {"hard": {"requests.cpu": "62"}}}, manager="ops-tool"),
        patched(HELPDESK, "role", "kitchen-auditor", {"rules": []}, manager="security-tool"),
        patched(SALES, "secret", "summary-lora-reader", {"data": {"AWS_ACCESS_KEY_ID": "eHh4"}}),
        Day(
            case="label that finds an object taken off",
            harm=lambda scene: scene.patch(
                HELPDESK,
                "serviceaccount",
                "support-server",
                {"metadata": {"labels": {"kitchen.example.com/environment": None}}},
            ),
            says=[r'ServiceAccount helpdesk-dev/support-server: metadata.labels\["kitchen.*environment"\] was removed'],
        ),
    ],
)


def leave(scene: Scene) -> None:
    """What an update has made that was killed before it was recorded, and whose settings have changed since."""
    labels = {"app.kubernetes.io/part-of": "private-ai-kitchen", "app.kubernetes.io/managed-by": "pulumi"}
    metadata = {"name": "left", "namespace": SALES, "labels": {**labels, "kitchen.example.com/environment": "dev"}}
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}
    scene.kubectl("apply", "--server-side", f"--field-manager={MANAGER}", "-f", "-", manifest=json.dumps(manifest))


def remove_left(scene: Scene) -> None:
    scene.delete(SALES, "configmap", "left")


def delete_deployment(scene: Scene) -> None:
    scene.delete(HELPDESK, "deployment", "support-predictor")


LEFT = Group(
    name="what is left, and what the cluster mends by itself",
    days=[
        Day(
            case="object that an interrupted update left and no state knows",
            harm=leave,
            says=[re.escape(f"in no state: ConfigMap {SALES}/left") + f".*kubectl delete -n {SALES} configmap left"],
            mend=remove_left,
        ),
        Day(
            case="Deployment of a kitchen removed", harm=delete_deployment, says=[r"^support +helpdesk-dev +l40s +True"]
        ),
    ],
)
