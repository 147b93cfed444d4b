"""The end of `make up`: every kitchen is Ready, and a screen says what is where."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components import naming
from tools.cluster.api import Api
from tools.local.places import places

_PATIENCE_SECONDS = 60.0


def overview(outputs: Mapping[str, Any], kubeconfig: Path, object_store: str, prefix: str = "") -> str:
    """Wait until every kitchen is Ready, a minute at most, and return the screen that says what is where."""
    return places(outputs, _settled(kubeconfig), kubeconfig, object_store, prefix)


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
