"""How servers are replaced."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from components.gpu import Placement
from components.platform import Platform
from components.serving import AdapterFetch, LoraOptions, MultiLoraServiceArgs
from components.serving import predictor as pod

ARGS = MultiLoraServiceArgs(
    namespace="helpdesk-dev",
    kitchen="support",
    runtime="support-vllm",
    runtime_sha256="0" * 64,
    storage_uri="pvc://base/base/model/v1",
    labels={},
    platform=Platform(kind="kubernetes"),
    placement=Placement(product="NVIDIA-L40S", resource="nvidia.com/gpu", taint="nvidia.com/gpu", count=1),
    model_gib=20,
    replicas=1,
    surge=True,
    lora=LoraOptions(max_loras=1, max_lora_rank=8, max_cpu_loras=None),
    fetch=None,
    drain_seconds=300,
)


def predictor(**changes: Any) -> dict[str, Any]:
    return pod.predictor(dataclasses.replace(ARGS, **changes))


@pytest.mark.parametrize(
    ("surge", "replicas", "expected"),
    [
        (True, 1, {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}),
        (False, 2, {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}),
        (False, 1, {"type": "Recreate"}),
    ],
)
def test_a_service_is_never_available_without_a_pod(surge: bool, replicas: int, expected: dict[str, Any]) -> None:
    assert predictor(surge=surge, replicas=replicas)["deploymentStrategy"] == expected


def test_another_runtime_makes_new_pods() -> None:
    assert predictor()["annotations"] != predictor(runtime_sha256="1" * 64)["annotations"]


def test_a_service_called_vllm_does_not_set_vllm_s_port() -> None:
    assert predictor()["enableServiceLinks"] is False


def test_two_replicas_and_more_are_spread() -> None:
    assert "topologySpreadConstraints" not in predictor(replicas=1)
    (constraint,) = predictor(replicas=2)["topologySpreadConstraints"]
    assert constraint["whenUnsatisfiable"] == "ScheduleAnyway", "a full second node must not keep a pod away"


def test_adapters_add_their_sum_beside_the_runtime_s() -> None:
    fetch = AdapterFetch(
        image="registry.kitchen.example/fetch@sha256:" + "1" * 64,
        scripts={},
        bucket="dev-lora",
        endpoint="https://minio.kitchen.example",
        region="us-east-1",
        secret="reader",
        ca_bundle=None,
        adapters=[],
    )
    assert set(predictor(fetch=fetch)["annotations"]) == {
        "kitchen.example.com/runtime-sha256",
        "kitchen.example.com/adapters-sha256",
    }
