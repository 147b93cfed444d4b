"""The table at the end of `make up`: what is where, and how to call it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components import naming
from tools.cluster.api import Api
from tools.local.steps import table

_PATIENCE_SECONDS = 60.0
_CALL = """\
call a kitchen, base model or adapter by its name as `model`, from a pod in a namespace labelled as a gateway:
  curl {url}/chat/completions -H 'Content-Type: application/json' \\
    -d '{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello"}}]}}'
look around:
  export KUBECONFIG={kubeconfig}
  kubectl get inferenceservices,pods,pvc --all-namespaces
The embedded cluster's API server, scheduler, KServe and object store are real; its nodes and the pods on them are
simulated, so nothing answers at the addresses above."""


def overview(outputs: Mapping[str, Any], kubeconfig: Path, object_store: str) -> str:
    """Return the table of kitchens and places and how to call one."""
    ready = _settled(kubeconfig)
    kitchens: Mapping[str, Any] = outputs.get("kitchens", {})
    rows = [
        (
            name,
            kitchen["namespace"],
            kitchen["pool"],
            ready.get((kitchen["namespace"], name), "absent"),
            ", ".join(kitchen["models"]),
            kitchen["url"],
        )
        for name, kitchen in sorted(kitchens.items())
    ]
    parts = [table(("KITCHEN", "NAMESPACE", "GPU POOL", "READY", "MODELS", "URL"), rows)]
    buckets = ", ".join(sorted(outputs.get("buckets", {}).values()))
    places = [("object store", object_store), ("buckets", buckets), ("kubeconfig", str(kubeconfig))]
    parts.append(table(("PLACE", "WHERE"), places))
    if rows:
        first = next(iter(sorted(kitchens)))
        parts.append(
            _CALL.format(url=kitchens[first]["url"], model=kitchens[first]["models"][-1], kubeconfig=kubeconfig)
        )
    return "\n\n".join(parts)


def _settled(kubeconfig: Path) -> dict[tuple[str, str], str]:
    """State of every InferenceService: condition Ready, or `rolling out` while old pods still serve for new ones.

    KServe calls a service Ready as long as any pods serve it; whether they are the new ones, its Deployment tells.
    """
    api = Api(kubeconfig)
    limit = time.monotonic() + _PATIENCE_SECONDS
    while True:
        rollouts = {_name(item): _rolled_out(item) for item in api.get("/apis/apps/v1/deployments")["items"]}
        found = {}
        for item in api.get("/apis/serving.kserve.io/v1beta1/inferenceservices")["items"]:
            conditions = item.get("status", {}).get("conditions", [])
            ready = next((entry["status"] for entry in conditions if entry["type"] == "Ready"), "Unknown")
            namespace, name = _name(item)
            done = rollouts.get((namespace, naming.predictor(name)), False)
            found[namespace, name] = "rolling out" if ready == "True" and not done else ready
        if set(found.values()) <= {"True"} or time.monotonic() > limit:
            return found
        time.sleep(0.5)


def _name(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["metadata"]["namespace"], item["metadata"]["name"]


def _rolled_out(deployment: Mapping[str, Any]) -> bool:
    """The rule of `kubectl rollout status` (kubectl, polymorphichelpers/rollout_status.go)."""
    status, wanted = deployment.get("status", {}), deployment["spec"].get("replicas", 1)
    return bool(
        status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
        and status.get("updatedReplicas", 0) == wanted == status.get("replicas", 0)
        and status.get("availableReplicas", 0) == wanted
    )
