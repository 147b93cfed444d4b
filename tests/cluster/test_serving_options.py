"""Canary, autoscaling and LLMInferenceService, as the program renders them, before the real API server and KServe."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.support.kubectl import Kubectl, eventually, is_ready, no_other_environment
from tests.support.serving_options import CANARY_ADAPTERS, PROMETHEUS, changes, rendered, rendered_once

Documents = list[dict[str, Any]]


def write(kubectl: Kubectl, documents: Documents) -> None:
    kubectl("apply", "--server-side", "--validate=strict", "-f", "-", manifest=yaml.safe_dump_all(documents))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("options")


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    return rendered_once(tmp_path_factory, "options", changes())


@pytest.fixture(scope="module")
def kube(kubectl: Kubectl, documents: Documents) -> Iterator[Kubectl]:
    """A cluster that has taken all of it, field by field."""
    with no_other_environment(kubectl):
        write(kubectl, [entry for entry in documents if entry["kind"] == "Namespace"])
        write(kubectl, [entry for entry in documents if entry["kind"] != "Namespace"])
        yield kubectl


def pods_of(kube: Kubectl, namespace: str, service: str) -> Documents:
    found = kube.get("-n", namespace, "pods", "-l", f"serving.kserve.io/inferenceservice={service}")["items"]
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


@pytest.mark.parametrize(
    ("namespace", "service", "pods"),
    [("helpdesk-dev", "support", 2), ("helpdesk-dev", "support-canary", 1), ("sales-dev", "summary", 1)],
)
def test_every_service_becomes_ready(kube: Kubectl, namespace: str, service: str, pods: int) -> None:
    eventually(lambda: is_ready(kube, namespace, service), f"{service} Ready")
    eventually(lambda: len(pods_of(kube, namespace, service)) == pods, f"{pods} pods of {service}")


def test_a_server_is_drained_before_it_ends(kube: Kubectl) -> None:
    """KServe merges runtime and service: what the kubelet does at the end has come through."""
    for service, drain in (("support", 300), ("support-canary", 60)):
        pod = pods_of(kube, "helpdesk-dev", service)[0]["spec"]
        (server,) = (entry for entry in pod["containers"] if entry["name"] == "kserve-container")
        slept = server["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert f"--shutdown-timeout={drain}" in server["args"]
        assert pod["terminationGracePeriodSeconds"] > slept + drain


def test_a_canary_serves_other_adapters_at_its_weight(kube: Kubectl) -> None:
    canary = pods_of(kube, "helpdesk-dev", "support-canary")[0]["spec"]
    (server,) = (entry for entry in canary["containers"] if entry["name"] == "kserve-container")
    assert "--quantization=fp8" in server["args"]
    names = [ref.split("/")[0] for ref in CANARY_ADAPTERS]
    assert server["args"][-2:] == [f"{name}=/mnt/adapters/{name}" for name in names]
    (rule,) = kube.get("-n", "helpdesk-dev", "httproute", "support")["spec"]["rules"]
    shares = {entry["name"]: entry["weight"] for entry in rule["backendRefs"]}
    assert shares == {"support-predictor": 90, "support-canary-predictor": 10}
    services = {item["metadata"]["name"]: item for item in kube.get("-n", "helpdesk-dev", "services")["items"]}
    for entry in rule["backendRefs"]:
        ports = services[entry["name"]]["spec"]["ports"]
        assert entry["port"] in [port["port"] for port in ports], "the route leads to a port that is not there"


def test_kserve_makes_the_scaled_object_and_leaves_the_number_of_pods_to_it(
    kube: Kubectl, documents: Documents
) -> None:
    eventually(lambda: kube.run("-n", "sales-dev", "get", "scaledobject", "summary-predictor").returncode == 0, "it")
    spec = kube.get("-n", "sales-dev", "scaledobject", "summary-predictor")["spec"]
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (1, 3)
    assert spec["scaleTargetRef"]["name"] == "summary-predictor"
    (trigger,) = spec["triggers"]
    assert trigger["type"] == "prometheus"
    assert trigger["metadata"]["serverAddress"] == PROMETHEUS
    assert trigger["metadata"]["threshold"] == "4"
    assert 'namespace="sales-dev",pod=~"summary-predictor-' in trigger["metadata"]["query"]
    assert "metricType" not in trigger, "the sum over pods is right for AverageValue, KEDA's default"

    # The autoscaler's part is played by hand; then the program's next update comes.
    kube("-n", "sales-dev", "scale", "deployment/summary-predictor", "--replicas=3")
    (service,) = (
        entry for entry in documents
        if entry["kind"] == "InferenceService" and entry["metadata"]["name"] == "summary"
    )  # fmt: skip
    again = copy.deepcopy(service)
    again["spec"]["predictor"]["annotations"]["kitchen.example.com/runtime-sha256"] = "1" * 64
    write(kube, [again])
    eventually(
        lambda: (
            kube.get("-n", "sales-dev", "deployment", "summary-predictor")["spec"]["template"]["metadata"][
                "annotations"
            ]["kitchen.example.com/runtime-sha256"]
            == "1" * 64
        ),
        "KServe takes the update",
    )
    assert kube.get("-n", "sales-dev", "deployment", "summary-predictor")["spec"]["replicas"] == 3


def test_an_llm_service_is_taken_and_a_wrong_field_in_it_is_not(kube: Kubectl, documents: Documents) -> None:
    spec = kube.get("-n", "sales-dev", "llminferenceservice", "digest")["spec"]
    assert spec["model"] == {"name": "tsuzumi-7b-instruct", "uri": spec["model"]["uri"]}
    assert spec["model"]["uri"].startswith("pvc://base-tsuzumi-7b-instruct-v1/")
    (service,) = (entry for entry in documents if entry["kind"] == "LLMInferenceService")
    wrong = copy.deepcopy(service)
    wrong["metadata"]["name"] = "wrong"
    wrong["spec"]["template"]["nodeSelektor"] = {}
    done = kube.run("apply", "--server-side", "--validate=strict", "-f", "-", manifest=yaml.safe_dump(wrong))
    assert done.returncode != 0
    assert "nodeSelektor" in done.stderr


def test_the_pods_of_an_llm_service_are_admitted_and_placed(kube: Kubectl, documents: Documents) -> None:
    """Its controller is not here: the template is tried as the Deployment that it would make."""
    (service,) = (entry for entry in documents if entry["kind"] == "LLMInferenceService")
    spec = service["spec"]
    labels = {**spec["labels"], "app": "digest"}
    template = {"metadata": {"labels": labels, "annotations": spec["annotations"]}, "spec": spec["template"]}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "digest-kserve", "namespace": "sales-dev"},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "digest"}}, "template": template},
    }
    write(kube, [deployment])
    kube("-n", "sales-dev", "rollout", "status", "deployment/digest-kserve", "--timeout=300s")
    (pod,) = pods_of(kube, "sales-dev", "digest")
    assert pod["spec"]["nodeName"].startswith("l40s-")


def test_promotion_moves_the_content_up_and_takes_the_canary_away(kube: Kubectl, folder: Path) -> None:
    """Last in this module. New pods start beside the old ones, and the route ends where it began."""
    after = changes()
    support = after["kitchens"]["support"]
    canary = support.pop("canary")
    support |= {"adapters": canary["adapters"], "runtime": {**support["runtime"], **canary["runtime"]}}
    documents = rendered(folder / "second", after)
    assert not [entry for entry in documents if entry["metadata"]["name"].startswith("support-canary")]
    write(kube, [entry for entry in documents if entry["metadata"].get("namespace") == "helpdesk-dev"])
    kube("-n", "helpdesk-dev", "delete", "inferenceservice", "support-canary")

    def promoted() -> bool:
        pods = pods_of(kube, "helpdesk-dev", "support")
        return len(pods) == 2 and all("--quantization=fp8" in pod["spec"]["containers"][0]["args"] for pod in pods)

    eventually(promoted, "both pods of the kitchen serve what the canary served")
    eventually(lambda: not pods_of(kube, "helpdesk-dev", "support-canary"), "the canary is gone")
    (rule,) = kube.get("-n", "helpdesk-dev", "httproute", "support")["spec"]["rules"]
    assert [(entry["name"], entry["weight"]) for entry in rule["backendRefs"]] == [("support-predictor", 100)]
