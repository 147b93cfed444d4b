"""Canary and autoscaling through updates of the real engine: nothing to do twice, and only what was changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.support.environments import UpdatedEnvironment
from tests.cluster.support.kubectl import Kubectl, eventually, no_other_environment
from tests.support.serving_options import changes
from tools.cluster import Cluster
from tools.local.workspace import Workspace

NAMESPACE = "updates-dev"


class Environment(UpdatedEnvironment):
    """One tenant with an autoscaled kitchen and one that has a canary."""

    def __init__(self, cluster: Cluster, workspace: Workspace) -> None:
        super().__init__(cluster, workspace, changes())
        kitchens = self.settings["kitchens"]
        self.settings["kitchens"] = {name: {**kitchens[name], "tenant": "updates"} for name in ("support", "summary")}
        self.settings["tenants"] = {"updates": {**self.settings["tenants"]["sales"]}}
        self.settings["objectStore"] = {"endpoint": cluster.minio_endpoint, "bucketPrefix": "updates-"}

    def kitchen(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.settings["kitchens"][name]
        return found


@pytest.fixture(scope="module")
def environment(cluster: Cluster, kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    workspace = Workspace(tmp_path_factory.mktemp("updates"), "dev", cluster.kubeconfig)
    made = Environment(cluster, workspace)
    with no_other_environment(kubectl):
        made.up()
        yield made


def test_an_update_does_not_take_back_what_the_autoscaler_did(environment: Environment, kubectl: Kubectl) -> None:
    """The autoscaler's part is played by hand: there is no KEDA here, only KServe's ScaledObject for it."""
    kubectl("-n", NAMESPACE, "get", "scaledobject", "summary-predictor")
    kubectl("-n", NAMESPACE, "scale", "deployment/summary-predictor", "--replicas=3")
    assert set(environment.up("--refresh", "--expect-no-changes")) == {"unchanged"}
    environment.kitchen("summary")["runtime"] = {"maxLoraRank": 8, "maxLoras": 1, "maxModelLen": 4096}
    assert environment.up()["updated"] == 2, "runtime and service"

    def follows() -> bool:
        deployment = kubectl.get("-n", NAMESPACE, "deployment", "summary-predictor")
        (server, *_) = deployment["spec"]["template"]["spec"]["containers"]
        return "--max-model-len=4096" in server["args"]

    eventually(follows, "KServe takes the update")
    assert kubectl.get("-n", NAMESPACE, "deployment", "summary-predictor")["spec"]["replicas"] == 3


def test_another_weight_changes_the_route_alone(environment: Environment, kubectl: Kubectl) -> None:
    environment.kitchen("support")["canary"]["weight"] = 50
    counted = environment.up()
    assert {what: count for what, count in counted.items() if what != "unchanged"} == {"updated": 1}
    (rule,) = kubectl.get("-n", NAMESPACE, "httproute", "support")["spec"]["rules"]
    assert [entry["weight"] for entry in rule["backendRefs"]] == [50, 50]


def test_a_canary_taken_back_leaves_nothing_and_touches_nothing(environment: Environment, kubectl: Kubectl) -> None:
    def pods() -> list[str]:
        found = kubectl.get("-n", NAMESPACE, "pods", "-l", "serving.kserve.io/inferenceservice=support")["items"]
        return sorted(pod["metadata"]["uid"] for pod in found)

    before = pods()
    del environment.kitchen("support")["canary"]
    counted = environment.up()
    assert counted["updated"] == 2, "the route, and the Role of callers, which names the kitchens"
    assert counted["deleted"] > 5
    assert pods() == before
    found = kubectl("-n", NAMESPACE, "get", "inferenceservices,servingruntimes,secrets,configmaps", "-o", "name")
    assert "canary" not in found
