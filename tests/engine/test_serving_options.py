"""Every option of serving, rendered by the real engine: what KServe, KEDA and the Gateway API would be given."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.serving_options import PROMETHEUS, changes, rendered_once
from tools.toolchain import data, ensure
from tools.upgrade.schemas import validators

Objects = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Objects:
    found = rendered_once(tmp_path_factory, "options", changes())
    return {(entry["kind"], entry["metadata"]["name"]): entry for entry in found}


def test_all_of_it_fits_the_real_schemas(objects: Objects) -> None:
    ensure(["crds"])
    schemas = validators(data("crds") / "crds")
    checked = []
    for (kind, name), entry in objects.items():
        validator = schemas.get(entry["apiVersion"], kind)
        if validator is not None:
            checked.append(kind)
            assert [f"{name}: {error.json_path}: {error.message}" for error in validator.iter_errors(entry)] == []
    counted = {kind: checked.count(kind) for kind in checked}
    assert counted == {"HTTPRoute": 3, "InferenceService": 4, "LLMInferenceService": 1, "ServingRuntime": 4}


def flags(objects: Objects, runtime: str) -> list[str]:
    (container,) = objects["ServingRuntime", runtime]["spec"]["containers"]
    assert container["lifecycle"]["preStop"]["sleep"]["seconds"] > 0
    found: list[str] = container["args"]
    return found


def test_a_canary_has_its_own_runtime_adapters_key_and_manifest(objects: Objects) -> None:
    last = ["--enable-prefix-caching", "--shutdown-timeout=300", "--async-scheduling"]
    assert flags(objects, "support-vllm")[-3:] == last
    assert {"--quantization=fp8", "--shutdown-timeout=60"} < set(flags(objects, "support-canary-vllm"))
    stable = objects["InferenceService", "support"]["spec"]["predictor"]
    canary = objects["InferenceService", "support-canary"]["spec"]["predictor"]
    assert (stable["minReplicas"], canary["minReplicas"]) == (2, 1)
    assert canary["model"]["runtime"] == "support-canary-vllm"
    assert "legal-contract-review=/mnt/adapters/legal-contract-review" in canary["model"]["args"]
    assert canary["terminationGracePeriodSeconds"] < stable["terminationGracePeriodSeconds"]
    assert ("Secret", "support-canary-lora-reader") in objects
    (rule,) = objects["HTTPRoute", "support"]["spec"]["rules"]
    assert [(entry["name"], entry["weight"]) for entry in rule["backendRefs"]] == [
        ("support-predictor", 90),
        ("support-canary-predictor", 10),
    ]
    (rule,) = objects["HTTPRoute", "search"]["spec"]["rules"]
    assert [match["path"]["value"] for match in rule["matches"]] == ["/v1/models", "/v1/embeddings"]
    (rule,) = objects["HTTPRoute", "summary"]["spec"]["rules"]
    assert [entry["weight"] for entry in rule["backendRefs"]] == [100]


def test_an_autoscaled_kitchen_names_its_metric_and_is_drained_one_by_one(objects: Objects) -> None:
    service = objects["InferenceService", "summary"]
    assert service["metadata"]["annotations"]["serving.kserve.io/autoscalerClass"] == "keda"
    predictor = service["spec"]["predictor"]
    assert (predictor["minReplicas"], predictor["maxReplicas"]) == (1, 3)
    (metric,) = predictor["autoScaling"]["metrics"]
    assert metric["external"]["metric"]["serverAddress"] == PROMETHEUS
    assert ("PodDisruptionBudget", "summary-predictor") in objects


def test_an_llm_service_has_the_verified_fetch_and_brings_its_own_adapters(objects: Objects) -> None:
    assert ("ServingRuntime", "digest-vllm") not in objects
    spec = objects["LLMInferenceService", "digest"]["spec"]
    template = spec["template"]
    (main,) = template["containers"]
    assert main["args"][:2] == ["/mnt/models", "--port=8000"]
    assert sum(flag.startswith("--port") for flag in main["args"]) == 1
    assert main["args"][-2:] == ["--lora-modules", "sales-summary=/mnt/adapters/sales-summary"]
    assert [entry["name"] for entry in template["initContainers"]] == ["require-base-model", "fetch-adapters"]
    assert main["securityContext"]["readOnlyRootFilesystem"]
    assert template["nodeSelector"] == {"nvidia.com/gpu.product": "NVIDIA-L40S"}
    assert "lora" not in spec["model"]
    assert spec["labels"]["serving.kserve.io/inferenceservice"] == "digest"
