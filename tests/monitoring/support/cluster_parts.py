"""Parts of a cluster: kube-state-metrics and KServe's controller beside a real API server, with one object a kind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.support.kubectl import Kubectl, eventually
from tests.entry.counter.parts import Part
from tests.monitoring.support.prometheus import Job
from tests.support.ports import free_ports
from tools.cluster import Cluster
from tools.toolchain import binary, ensure

SPACE = "seen"
_LABELS = {"app": "seen"}
_IMAGE = "registry.kitchen.example/vllm/vllm-openai:example"
_POD: dict[str, Any] = {
    "restartPolicy": "Never",
    "initContainers": [{"name": "fetch-adapters", "image": _IMAGE, "resources": {"requests": {"cpu": "10m"}}}],
    "containers": [
        {
            "name": "kserve-container",
            "image": _IMAGE,
            "resources": {"requests": {"cpu": "10m", "memory": "1Mi"}, "limits": {"memory": "1Mi"}},
        }
    ],
}


def _objects() -> Iterator[dict[str, Any]]:
    def named(api: str, kind: str, spec: dict[str, Any] | None, name: str = "seen") -> dict[str, Any]:
        made: dict[str, Any] = {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": SPACE}}
        return made if spec is None else {**made, "spec": spec}

    template = {"metadata": {"labels": _LABELS}, "spec": _POD}
    always = {"metadata": {"labels": _LABELS}, "spec": {**_POD, "restartPolicy": "Always"}}
    selector = {"matchLabels": _LABELS}
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}}
    yield named("v1", "Pod", {**_POD, "nodeSelector": {"nowhere": "here"}}, "unschedulable")
    yield named("v1", "Pod", {**_POD, "nodeSelector": {"nowhere": "here"}}, "waiting")
    yield named("batch/v1", "Job", {"template": template})
    nowhere = {"metadata": {"labels": _LABELS}, "spec": {**_POD, "nodeSelector": {"nowhere": "here"}}}
    yield named("batch/v1", "Job", {"template": nowhere, "backoffLimit": 0}, "failed")
    yield named("batch/v1", "CronJob", {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template}}})
    yield named("apps/v1", "Deployment", {"selector": selector, "template": always, "replicas": 1})
    yield named("apps/v1", "StatefulSet", {"selector": selector, "template": always, "serviceName": "seen"})
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    yield named("v1", "PersistentVolumeClaim", claim)
    yield named("v1", "ResourceQuota", {"hard": {"pods": "99"}})
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "seen"}
    yield named("autoscaling/v2", "HorizontalPodAutoscaler", {"scaleTargetRef": target, "maxReplicas": 2})
    yield named("policy/v1", "PodDisruptionBudget", {"selector": selector, "minAvailable": 1})


_WAITING = {"waiting": {"reason": "ImagePullBackOff"}}
_ENDED = {"terminated": {"exitCode": 1, "reason": "Error", "startedAt": "2026-01-01T00:00:00Z"}}
_AT = "2026-01-01T00:00:00Z"


def _container(name: str) -> dict[str, Any]:
    said = {"name": name, "image": _IMAGE, "imageID": "", "ready": False, "restartCount": 2}
    return {**said, "state": _WAITING, "lastState": _ENDED}


_STATES = {
    "pod/waiting": {
        "phase": "Pending",
        "initContainerStatuses": [_container("fetch-adapters")],
        "containerStatuses": [_container("kserve-container")],
    },
    "job/failed": {
        "conditions": [
            {"type": "FailureTarget", "status": "True", "reason": "BackoffLimitExceeded", "lastTransitionTime": _AT}
        ],
    },
}


@contextmanager
def cluster_parts(folder: Path) -> Iterator[list[Job]]:
    """Start a cluster, the objects, and the exporters; they end with the block."""
    ensure(["kube-state-metrics"])
    with ExitStack() as stack:
        cluster = stack.enter_context(Cluster(folder / "cluster"))
        stack.callback(cluster.destroy)
        kubectl = Kubectl(cluster.kubeconfig)
        kubectl("apply", "-f", "-", manifest="---\n".join(yaml.safe_dump(entry) for entry in _objects()))
        eventually(lambda: kubectl.get("pods", "-n", SPACE, "-l", "app=seen")["items"], "pods of the workloads")
        for what, state in _STATES.items():
            patch = json.dumps({"status": state})
            kubectl("patch", what, "-n", SPACE, "--subresource=status", "--type=merge", f"--patch={patch}")
        eventually(lambda: "Failed" in kubectl("get", "job/failed", "-n", SPACE, "-o", "yaml"), "a Job that has failed")
        state_port, own_port = free_ports(2)
        env = {"KUBECONFIG": str(cluster.kubeconfig)}
        words = [binary("kube-state-metrics"), f"--kubeconfig={cluster.kubeconfig}", "--host=127.0.0.1"]
        words += [f"--port={state_port}", "--telemetry-host=127.0.0.1", f"--telemetry-port={own_port}"]
        stack.enter_context(Part(folder, "kube-state-metrics", words, state_port, env))
        controller = stack.enter_context(_controller(folder, cluster))
        yield [
            Job(name="kube-state-metrics", ports=[state_port], honour=True),
            Job(name="kserve", ports=[controller.port]),
        ]


def _controller(folder: Path, cluster: Cluster) -> Part:
    """KServe's manager once more, with numbers: the cluster's own tells none."""
    metrics, probe, webhook = free_ports(3)
    words = [binary("kserve-manager"), f"--kubeconfig={cluster.directory / 'kubeconfigs' / 'kserve.yaml'}"]
    words += [f"--metrics-addr=127.0.0.1:{metrics}", f"--health-probe-addr=127.0.0.1:{probe}"]
    env = {"POD_NAMESPACE": "kserve", "TMPDIR": str(cluster.directory / "data" / "kserve")}
    return Part(folder, "kserve", [*words, f"--webhook-port={webhook}"], metrics, env)
