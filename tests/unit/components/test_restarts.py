"""What a preview says of pods that a change restarts."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from components.restarts import BESIDE, GAP, IN_TURN, warning

SURGE = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
SERVICE: dict[str, Any] = {
    "metadata": {"name": "support", "namespace": "helpdesk-dev", "labels": {"owner": "a"}, "annotations": {}},
    "spec": {
        "predictor": {
            "minReplicas": 1,
            "maxReplicas": 1,
            "deploymentStrategy": SURGE,
            "labels": {"owner": ""},
            "annotations": {"kitchen.example.com/runtime-sha256": "0", "kitchen.example.com/adapters-sha256": "0"},
            "model": {"args": ["--enable-lora"], "resources": {}},
            "volumes": [{"name": "adapters"}],
        }
    },
}
LLM: dict[str, Any] = {
    "metadata": {"name": "digest", "namespace": "sales-dev", "labels": {"owner": "a"}},
    "spec": {"labels": {"tenant": "sales"}, "replicas": 1, "template": {"containers": [{"image": "a"}]}},
}
STATEFUL_SET: dict[str, Any] = {
    "metadata": {"name": "minio", "namespace": "object-store", "labels": {"owner": "a"}},
    "spec": {"replicas": 4, "template": {"metadata": {"labels": {}}, "spec": {"containers": [{"image": "a"}]}}},
}


def told(kind: str, inputs: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> str:
    after = copy.deepcopy(inputs)
    change(after)
    assert after != inputs
    return warning(kind, inputs, after)


def put(value: Any, *path: str) -> Callable[[dict[str, Any]], object]:
    def change(inputs: dict[str, Any]) -> None:
        for key in path[:-1]:
            inputs = inputs[key]
        inputs[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("kind", "inputs", "change"),
    [
        ("InferenceService", SERVICE, put("b", "metadata", "labels", "owner")),
        ("InferenceService", SERVICE, put(4, "spec", "predictor", "maxReplicas")),
        ("InferenceService", SERVICE, put({"type": "Recreate"}, "spec", "predictor", "deploymentStrategy")),
        ("LLMInferenceService", LLM, put("b", "metadata", "labels", "owner")),
        ("LLMInferenceService", LLM, put(2, "spec", "replicas")),
        ("StatefulSet", STATEFUL_SET, put("b", "metadata", "labels", "owner")),
    ],
)
def test_a_change_that_reaches_no_pod_is_not_told(
    kind: str, inputs: dict[str, Any], change: Callable[[dict[str, Any]], object]
) -> None:
    assert told(kind, inputs, change) == ""


PREDICTOR = ("spec", "predictor")


@pytest.mark.parametrize(
    ("kind", "inputs", "change", "expected"),
    [
        ("InferenceService", SERVICE, put("1", *PREDICTOR, "annotations", "kitchen.example.com/runtime-sha256"),
         f"support in helpdesk-dev ({BESIDE}): runtime"),
        ("InferenceService", SERVICE, put("1", *PREDICTOR, "annotations", "kitchen.example.com/adapters-sha256"),
         f"support in helpdesk-dev ({BESIDE}): adapters"),
        ("InferenceService", SERVICE, put(["--max-loras=2"], *PREDICTOR, "model", "args"),
         f"support in helpdesk-dev ({BESIDE}): model.args"),
        ("InferenceService", SERVICE, put([], *PREDICTOR, "volumes"),
         f"support in helpdesk-dev ({BESIDE}): volumes"),
        ("InferenceService", SERVICE, put("gpu", *PREDICTOR, "nodeSelector"),
         f"support in helpdesk-dev ({BESIDE}): nodeSelector"),
        ("InferenceService", SERVICE, put("b", *PREDICTOR, "labels", "owner"),
         f"support in helpdesk-dev ({BESIDE}): labels owner"),
        ("InferenceService", SERVICE, put("b", "metadata", "labels", "copied-by-kserve"),
         f"support in helpdesk-dev ({BESIDE}): labels copied-by-kserve"),
        ("InferenceService", SERVICE, put("b", "metadata", "annotations", "copied-by-kserve"),
         f"support in helpdesk-dev ({BESIDE}): annotations copied-by-kserve"),
        ("LLMInferenceService", LLM, put([{"image": "b"}], "spec", "template", "containers"),
         f"digest in sales-dev ({BESIDE}): containers"),
        ("StatefulSet", STATEFUL_SET, put([{"image": "b"}], "spec", "template", "spec", "containers"),
         f"minio in object-store ({IN_TURN}): containers"),
        ("StatefulSet", STATEFUL_SET, put("b", "spec", "template", "metadata", "labels", "owner"),
         f"minio in object-store ({IN_TURN}): labels owner"),
    ],
)  # fmt: skip
def test_a_change_of_the_pods_is_told_with_what_changes(
    kind: str, inputs: dict[str, Any], change: Callable[[dict[str, Any]], object], expected: str
) -> None:
    assert told(kind, inputs, change) == f"pods restart: {expected}"


@pytest.mark.parametrize(
    ("strategy", "manner"),
    [
        (SURGE, BESIDE),
        ({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}, IN_TURN),
        ({"type": "Recreate"}, GAP),
    ],
)
def test_how_the_pods_are_replaced_is_told(strategy: dict[str, Any], manner: str) -> None:
    inputs = copy.deepcopy(SERVICE)
    inputs["spec"]["predictor"]["deploymentStrategy"] = strategy
    assert f"({manner})" in told("InferenceService", inputs, put([], *PREDICTOR, "volumes"))


def test_several_changes_are_one_line() -> None:
    def change(inputs: dict[str, Any]) -> None:
        inputs["spec"]["predictor"] |= {"volumes": [], "annotations": {}}

    assert told("InferenceService", SERVICE, change).endswith(": adapters, runtime, volumes")
