"""What somebody has changed by hand or left behind, and what an update of this program would not touch."""

from __future__ import annotations

import json
import re
import signal
import subprocess

import yaml

from tests.cluster.support.days.day import Day, Group
from tests.cluster.support.days.removed import HELPDESK, SALES
from tests.cluster.support.days.scene import Identity, Scene
from tests.cluster.support.environments import OPTIONS
from tests.cluster.support.kubectl import eventually, is_ready
from tools.drift.recorded import has_removals

MANAGER = "kitchen-dev"
_SERVICE = ("inferenceservice", "support")


def patched(namespace: str, kind: str, name: str, patch: dict[str, object], manager: str = "") -> Day:
    """A declared field that somebody else sets."""
    who = manager or "kubectl-patch"
    kinds = {
        "resourcequota": "ResourceQuota",
        "inferenceservice": "InferenceService",
        "role": "Role",
        "secret": "Secret",
        "networkpolicy": "NetworkPolicy",
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
        patched(SALES, "networkpolicy", "default-deny", {"spec": {"podSelector": {"matchLabels": {"no": "pod"}}}}),
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


def interrupt_a_replacement(scene: Scene) -> None:
    """Another adapter for `support` while no pod may be made: the engine waits after it has made another ConfigMap.

    It is ended in order there; the old ConfigMap is still to be removed. The settings in Git are as they were. The pod
    is taken away before: a service that is Ready is so until its controller has seen the change, and the engine might
    see that and go on.
    """
    kitchen, workspace = scene.kitchen, scene.kitchen.workspace
    scene.patch(HELPDESK, "resourcequota", "quota", {"spec": {"hard": {"requests.nvidia.com/gpu": "0"}}})
    for pod in scene.pods(HELPDESK, "support"):
        scene.delete(HELPDESK, "pod", pod)
    eventually(lambda: not is_ready(scene.kubectl, HELPDESK, "support"), "a service without a pod is not Ready", 60)
    kitchens = yaml.safe_load(workspace.config_file.read_text())["config"]["kitchen:kitchens"]
    kitchens["support"]["adapters"].append("legal-contract-review/v2026-04-01")
    workspace.prepare({**kitchen.changes(), "kitchens": kitchens})
    words = ["pulumi", "up", *OPTIONS, "--stack", workspace.stack, "--config-file", str(workspace.config_file)]
    env = workspace.environment() | kitchen.credentials() | {"PULUMI_SKIP_CHECKPOINTS": "false"}
    log = kitchen.folder / "interrupted.log"
    with log.open("w") as said:
        engine = subprocess.Popen(words, cwd=workspace.project, env=env, stdin=subprocess.DEVNULL, stdout=said)
    names = {name for _, _, name in adapters(scene)}

    def waits() -> bool:
        assert engine.poll() is None, log.read_text()[-2000:]
        fresh = {name for _, _, name in scene.identities() if name.startswith("support-adapters-")} - names
        service = scene.kubectl.get("-n", HELPDESK, *_SERVICE)
        is_updated = any(name in str(service["spec"]) for name in fresh)
        return is_updated and "exceeded quota" in str(service["status"])

    try:
        eventually(waits, "the engine waits for pods that may not be made", 120)
        engine.send_signal(signal.SIGINT)
        engine.wait(timeout=120)
    finally:
        engine.kill()
        scene.patch(HELPDESK, "resourcequota", "quota", {"spec": {"hard": {"requests.nvidia.com/gpu": "3"}}})
    assert has_removals(workspace.latest()["resources"]), log.read_text()[-2000:]


def adapters(scene: Scene) -> frozenset[Identity]:
    return frozenset(key for key in scene.told() if key[2].startswith("support-adapters-"))


REPLACED = Group(
    name="a replacement that was interrupted and taken back",
    days=[
        Day(
            case="update ended amid a replacement, and its change taken back",
            harm=interrupt_a_replacement,
            says=[r"went with what an interrupted update had left to remove: ConfigMap helpdesk-dev/support-adapters-"],
            renews=adapters,
        ),
    ],
)

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
            case="Deployment of a kitchen removed",
            harm=delete_deployment,
            says=[r"^support +helpdesk-dev +l40s, \d+ % +True"],
        ),
    ],
)
