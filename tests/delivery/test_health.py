"""How Argo CD sees each state in which a kitchen can be: its own machine runs deploy/argocd/health.yaml.

The states are those that KServe 0.20 writes for Standard mode (pkg/apis/serving/v1beta1/inference_service_status.go).
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.local.workspace import REPOSITORY
from tools.toolchain import binary

HEALTH = REPOSITORY / "deploy" / "argocd" / "health.yaml"
THROUGH, AVAILABLE = "NewReplicaSetAvailable", "MinimumReplicasAvailable"
FEW = ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
LATE = ("False", "ProgressDeadlineExceeded", 'ReplicaSet "a" has timed out progressing.')
STOPPED = ("False", "Stopped")
LOADED = {"transitionStatus": "UpToDate", "states": {"activeModelState": "Loaded", "targetModelState": "Loaded"}}


def kitchen(
    predictor: tuple[str, ...], model: dict[str, Any], *, ready: str = "", generation: int = 1, stopped: str = "False"
) -> dict[str, Any]:
    def condition(name: str, status: str, reason: str = "", message: str = "", **more: str) -> dict[str, str]:
        said = {"type": name, "status": status, "reason": reason, "message": message, **more}
        return {key: value for key, value in said.items() if value}

    conditions = [
        condition("IngressReady", "True" if predictor[0] == "True" else "Unknown"),
        condition("PredictorReady", *predictor),
        condition("Ready", *([ready] if ready else predictor if predictor[0] != "True" else ["True"])),
        condition("Stopped", stopped, severity="Info"),
    ]
    status = {"conditions": conditions, "modelStatus": model, "observedGeneration": 1}
    return {"metadata": {"name": "support", "generation": generation}, "status": status}


def loaded(copies: int = 1) -> dict[str, Any]:
    return {**LOADED, "copies": {"failedCopies": 0, **({"totalCopies": copies} if copies else {})}}


def waiting(target: str = "Pending", copies: int = 0) -> dict[str, Any]:
    states = {"activeModelState": "", "targetModelState": target}
    return {**loaded(copies), "transitionStatus": "InProgress", "states": states}


def failed(transition: str = "BlockedByFailedLoad", **info: str) -> dict[str, Any]:
    return {**waiting("FailedToLoad"), "transitionStatus": transition, "lastFailureInfo": info}


CASES = {
    "just made": ({"metadata": {"generation": 1}}, "Progressing", "waits for KServe's first report"),
    "no conditions": ({"metadata": {}, "status": {}}, "Progressing", "waits for KServe's first report"),
    "loading": (kitchen(FEW, waiting()), "Progressing", "PredictorReady: Deployment does not have minimum"),
    "serving": (kitchen(("True", THROUGH), loaded()), "Healthy", "ready"),
    "limits of scaling changed": (kitchen(("True", THROUGH), loaded(), generation=2), "Healthy", "ready"),
    "made again after a stop": (kitchen(("True", THROUGH), loaded(), generation=9), "Healthy", "ready"),
    "rolling": (kitchen(("True", AVAILABLE), loaded(), generation=2), "Progressing", "new pods are on their way"),
    "rolling, a loader runs": (kitchen(("True", THROUGH), waiting("Loading", 1)), "Progressing", "model: InProgress"),
    "rolling for too long": (kitchen(LATE, waiting("Pending", 1)), "Progressing", "timed out progressing"),
    "scaled to zero": (kitchen(("True", THROUGH), waiting()), "Healthy", "ready, scaled to zero"),
    "waking up": (kitchen(FEW, waiting(), ready="False"), "Progressing", "model: InProgress"),
    "its only pod away": (kitchen(("True", THROUGH), loaded(0)), "Progressing", "no pod is ready"),
    "not loaded": (kitchen(FEW, failed(message="no file")), "Degraded", "BlockedByFailedLoad: no file"),
    "not loaded, no word": (kitchen(FEW, failed(reason="ModelLoadFailed")), "Degraded", "ModelLoadFailed"),
    "no runtime": (kitchen(FEW, failed("InvalidSpec", reason="RuntimeNotRecognized")), "Degraded", "InvalidSpec: Run"),
    "was not loaded once": (
        kitchen(("True", THROUGH), {**loaded(), "lastFailureInfo": {"reason": "x"}}), "Healthy", "ready"),
    "stopped": (kitchen(STOPPED, {"transitionStatus": ""}, stopped="True"), "Suspended", "stopped by its annotation"),
    "stopping": (kitchen(STOPPED, {"transitionStatus": ""}), "Progressing", "PredictorReady: Stopped"),
}  # fmt: skip


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """What Argo CD says of each case."""
    script: Path = tmp_path_factory.mktemp("health") / "health.lua"
    (text,) = yaml.safe_load(HEALTH.read_text())["data"].values()
    script.write_text(text)
    given = json.dumps([one for one, _, _ in CASES.values()])
    done = subprocess.run(
        [binary("argocd-parts"), "health", script], input=given, capture_output=True, text=True, check=True
    )
    return dict(zip(CASES, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("case", CASES)
def test_a_state_of_a_kitchen(case: str, seen: dict[str, dict[str, str]]) -> None:
    _, status, words = CASES[case]
    assert seen[case]["status"] == status, seen[case]
    assert words in seen[case]["message"]
