"""Tekton's real controller beside its webhook, and what a cluster's nodes would say of the pods that it makes."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.support.kubectl import Kubectl
from tests.delivery.support.tekton import NAMESPACE
from tests.entry.counter.parts import Part
from tests.support.ports import free_ports
from tools.cluster import Cluster
from tools.toolchain import binary

_IMAGES = ("entrypoint", "nop", "sidecarlogresults", "workingdirinit", "shell", "shell-image-win")
_SECONDS = 300
_NAMES = {
    "CONFIG_DEFAULTS_NAME": "config-defaults",
    "CONFIG_LOGGING_NAME": "config-logging",
    "CONFIG_OBSERVABILITY_NAME": "config-observability",
    "CONFIG_FEATURE_FLAGS_NAME": "feature-flags",
    "CONFIG_LEADERELECTION_NAME": "config-leader-election-controller",
    "CONFIG_SPIRE": "config-spire",
}


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How a PipelineRun ended, the tasks with pods in the order of their starts, and those that were left out."""

    succeeded: bool
    pods: Mapping[str, dict[str, Any]]
    skipped: Mapping[str, str]


class TektonController:
    """Started within `stack`, after the webhook; its images are names alone, for nothing pulls them."""

    def __init__(self, folder: Path, cluster: Cluster) -> None:
        self.kubectl, self._folder, self._cluster = Kubectl(cluster.kubeconfig), folder, cluster

    def start(self, stack: ExitStack) -> None:
        self._folder.mkdir(parents=True)
        flags = json.dumps({"data": {"set-security-context": "true"}})
        self.kubectl("--namespace", NAMESPACE, "patch", "configmap", "feature-flags", "--type=merge", "--patch", flags)
        probes, profiling, metrics = free_ports(3)
        env = {
            **_NAMES,
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "KUBECONFIG": str(self._cluster.kubeconfig),
            "SYSTEM_NAMESPACE": NAMESPACE,
            "KUBERNETES_MIN_VERSION": "v1.28.0",
            "METRICS_DOMAIN": "tekton.dev/pipeline",
            "PROBES_PORT": str(probes),
            "PROFILING_PORT": str(profiling),
            "METRICS_PROMETHEUS_PORT": str(metrics),
        }
        words: list[str | Path] = [binary("tekton-controller"), "-disable-ha"]
        for name in _IMAGES:
            option = name if name.startswith("shell-image") else f"{name}-image"
            words += [f"-{option}", f"registry.kitchen.example/tekton/{name}@sha256:{'0' * 64}"]
        stack.enter_context(Part(self._folder, "controller", words, probes, env))

    def run(self, run: Mapping[str, Any], ends: Mapping[str, int] | None = None) -> Ran:
        """Make a PipelineRun and be its nodes until it has ended; `ends` are exit codes by task, 0 for all others."""
        made = json.loads(self.kubectl("create", "-f", "-", "-o", "json", manifest=yaml.safe_dump(dict(run))))
        name, namespace = made["metadata"]["name"], made["metadata"]["namespace"]
        pods: dict[str, dict[str, Any]] = {}
        limit = time.monotonic() + _SECONDS
        while True:
            status = self.kubectl.get("--namespace", namespace, "pipelinerun", name).get("status", {})
            ended = [one for one in status.get("conditions", []) if one["status"] != "Unknown"]
            if ended:
                skipped = {one["name"]: one["reason"] for one in status.get("skippedTasks", [])}
                return Ran(succeeded=ended[0]["status"] == "True", pods=pods, skipped=skipped)
            assert time.monotonic() < limit, status
            selector = f"tekton.dev/pipelineRun={name},tekton.dev/pipelineTask"
            for pod in self.kubectl.get("--namespace", namespace, "pods", "-l", selector)["items"]:
                task = pod["metadata"]["labels"]["tekton.dev/pipelineTask"]
                if task not in pods and pod["spec"].get("nodeName"):
                    pods[task] = pod
                    self._end(pod, (ends or {}).get(task, 0))
            time.sleep(0.2)

    def _end(self, pod: Mapping[str, Any], code: int) -> None:
        """What a kubelet says of a pod whose one step has ended."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        terminated = {"exitCode": code, "reason": "Error" if code else "Completed", "startedAt": now, "finishedAt": now}
        step = {"restartCount": 0, "ready": False, "imageID": "", "state": {"terminated": terminated}}
        statuses = [{"name": one["name"], "image": one["image"], **step} for one in pod["spec"]["containers"]]
        patch = {"status": {"phase": "Failed" if code else "Succeeded", "containerStatuses": statuses}}
        where = ("--namespace", pod["metadata"]["namespace"], "patch", "pod", pod["metadata"]["name"])
        self.kubectl(*where, "--subresource=status", "--type=merge", "--patch", json.dumps(patch))
