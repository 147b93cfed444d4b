"""kubectl and patience for the tests of this tier."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

OURS = ("-l", "app.kubernetes.io/part-of=private-ai-kitchen")
IMAGE = "registry.kitchen.example/vllm/vllm-openai:example"


class Kubectl:
    """kubectl against one cluster; fails the test with the server's words."""

    def __init__(self, kubeconfig: Path) -> None:
        self._env = {**os.environ, "KUBECONFIG": str(kubeconfig)}

    def run(self, *args: str, manifest: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["kubectl", *args], input=manifest, env=self._env, capture_output=True, text=True, check=False
        )

    def __call__(self, *args: str, manifest: str | None = None) -> str:
        done = self.run(*args, manifest=manifest)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def get(self, *args: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self("get", *args, "-o", "json"))
        return content


def eventually(condition: Callable[[], object], what: str, seconds: float = 120.0) -> None:
    """Wait until a condition holds; the limit only ends a test that would hang.

    Most look by a process of their own: who waits for long looks less often.
    """
    begun = time.monotonic()
    while not condition():
        waited = time.monotonic() - begun
        assert waited < seconds, f"did not happen: {what}"
        time.sleep(min(max(0.1, waited / 8), 0.3))


@contextmanager
def no_other_environment(kubectl: Kubectl) -> Iterator[None]:
    """Only what is made inside stands in the cluster: environments share names, and those before may still be going.

    What is made inside is removed at the end, which is not waited for.
    """
    remove = ("delete", "namespaces,priorityclasses", *OURS)
    kubectl(*remove, "--timeout=400s")
    try:
        yield
    finally:
        kubectl(*remove, "--wait=false")


def claim(storage_class: str, mode: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": f"{storage_class}-{mode.lower()}"},
        "spec": {
            "storageClassName": storage_class,
            "accessModes": [mode],
            "resources": {"requests": {"storage": "20Gi"}},
        },
    }


def kitchen(product: str) -> list[dict[str, Any]]:
    """A kitchen as the program would render it, in its smallest form."""
    container = {
        "name": "kserve-container",
        "image": IMAGE,
        "args": ["--model", "/mnt/models"],
        "resources": {"limits": {"cpu": "2", "memory": "8Gi", "nvidia.com/gpu": "1"}},
    }
    runtime = {
        "apiVersion": "serving.kserve.io/v1alpha1",
        "kind": "ServingRuntime",
        "metadata": {"name": "support-vllm"},
        "spec": {
            "supportedModelFormats": [{"name": "vLLM", "autoSelect": False}],
            "containers": [container],
        },
    }
    predictor = {
        "nodeSelector": {"nvidia.com/gpu.product": product},
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "model": {
            "runtime": "support-vllm",
            "modelFormat": {"name": "vLLM"},
            "storageUri": "pvc://shared-rwx-readwritemany/base/example/v1",
        },
    }
    service = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {
            "name": "support",
            "annotations": {
                "serving.kserve.io/deploymentMode": "Standard",
                "serving.kserve.io/autoscalerClass": "none",
            },
        },
        "spec": {"predictor": predictor},
    }
    return [claim("shared-rwx", "ReadWriteMany"), runtime, service]


def apply(kubectl: Kubectl, namespace: str, documents: list[dict[str, Any]]) -> None:
    kubectl("apply", "-n", namespace, "-f", "-", manifest=yaml.safe_dump_all(documents))


def is_ready(kubectl: Kubectl, namespace: str, service: str) -> bool:
    conditions = kubectl.get("-n", namespace, "inferenceservice", service).get("status", {}).get("conditions", [])
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)
