"""An environment with everything that is scraped, in the real engine: the pack passes it, and Prometheus gets in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine.conftest import planned, run
from tests.support.stacks import prepare
from tests.unit.support.entry import issuer
from tools.local.offline import offline_workspace
from tools.local.workspace import POLICY_PACK
from tools.toolchain import data, ensure
from tools.upgrade.schemas import validators

Objects = dict[tuple[str, str, str], dict[str, Any]]
CHANGES: dict[str, Any] = {
    "phase": 4,
    "platform": {"kind": "kubernetes", "monitoring": True},
    "entry": {
        "host": "ai.kitchen.example",
        "tls": {"issuer": "kitchen-ca"},
        "issuers": [issuer()],
        "counter": "shared",
    },
    "objectStore": {
        "endpoint": "https://minio.object-store.svc:9000",
        "bucketPrefix": "dev-",
        "tls": {"caBundle": "kitchen-ca"},
        "deploy": {
            "owner": "platform",
            "costCentre": "4700",
            "storageClass": "fast",
            "sizeGiB": 100,
            "issuer": "kitchen-ca",
        },
    },
    "monitoring": {
        "runbook": "https://docs.kitchen.example",
        "labels": {"release": "kube-prometheus-stack"},
        "objectives": {"support": {"ttftSeconds": 2.5, "tpsPerUser": 20, "availability": 0.995}},
        "scrapes": {"gpu": {}, "kube": {}, "keda": {}, "kserve": {}},
        "checks": ["audit", "drift", "policy"],
        "ends": [{"what": "licence", "name": "tsuzumi", "until": "2027-03-31"}],
    },
}
METRICS = {
    "namespaceSelector": {"matchLabels": {"kitchen.example.com/access": "metrics"}},
    "podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}},
}


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Objects:
    """What is planned, by kind, namespace and name; the preview has the policy pack."""
    workspace = prepare(offline_workspace("dev", tmp_path_factory.mktemp("monitoring")), CHANGES)
    steps = planned(run(workspace, "preview", "--json", "--policy-pack", str(POLICY_PACK)))
    states = [step["newState"]["inputs"] for step in steps if step["newState"]["type"].startswith("kubernetes:")]
    return {(one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]): one for one in states}


def of_kind(objects: Objects, *kinds: str) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((key[1], one) for key, one in objects.items() if key[0] in kinds)


def test_everything_fits_its_real_schema(objects: Objects) -> None:
    ensure(["crds"])
    schemas = validators(data("crds") / "crds")
    seen = set()
    for key, one in objects.items():
        validator = schemas.get(one["apiVersion"], one["kind"])
        if validator is not None:
            seen.add(one["kind"])
            assert [f"{key}: {error.json_path}: {error.message}" for error in validator.iter_errors(one)] == []
    assert {"PodMonitor", "ServiceMonitor", "PrometheusRule"} <= seen


def test_rules_and_monitors_have_the_labels_that_the_operator_looks_for(objects: Objects) -> None:
    found = [one["metadata"]["labels"] for _, one in of_kind(objects, "PodMonitor", "ServiceMonitor", "PrometheusRule")]
    assert len(found) > 10
    assert {labels.get("release") for labels in found} == {"kube-prometheus-stack"}


def test_each_port_that_is_scraped_is_one_of_a_pod(objects: Objects) -> None:
    """A monitor of a name that no container has scrapes nothing, and says nothing about it."""
    named: dict[str, set[str]] = {}
    for namespace, one in of_kind(objects, "Deployment", "StatefulSet"):
        spec = one["spec"]["template"]["spec"]
        containers = [*spec["containers"], *spec.get("initContainers", ())]
        ports = {port["name"] for container in containers for port in container.get("ports", ())}
        named.setdefault(namespace, set()).update(ports)
    for namespace in ("entry-dev", "object-store"):
        asked = {
            endpoint["port"]
            for place, one in of_kind(objects, "PodMonitor")
            if place == namespace
            for endpoint in one["spec"]["podMetricsEndpoints"]
        }
        assert asked, namespace
        assert asked <= named[namespace]


@pytest.mark.parametrize(
    ("namespace", "ports"),
    [("entry-dev", {9902, 9904, 9090}), ("object-store", {9000}), ("helpdesk-dev", {8080, 8081})],
)
def test_the_network_lets_prometheus_in(namespace: str, ports: set[int], objects: Objects) -> None:
    open_ports = {
        port["port"]
        for place, one in of_kind(objects, "NetworkPolicy")
        if place == namespace
        for rule in one["spec"].get("ingress", ())
        if METRICS in rule["from"]
        for port in rule["ports"]
    }
    assert open_ports == ports


def test_the_record_of_calls_reaches_the_store_that_is_brought_up(objects: Objects) -> None:
    (rule,) = objects["NetworkPolicy", "object-store", "allow-clients"]["spec"]["ingress"]
    named = [one["namespaceSelector"].get("matchExpressions") for one in rule["from"] if "namespaceSelector" in one]
    assert "entry-dev" in [value for said in named if said for value in said[0]["values"]]


def test_loads_of_base_models_let_prometheus_in(objects: Objects) -> None:
    rules = [one["spec"] for _, one in of_kind(objects, "NetworkPolicy") if "base-" in one["metadata"]["name"]]
    assert rules
    for spec in rules:
        assert spec["ingress"] == [{"from": [METRICS], "ports": [{"port": 8081, "protocol": "TCP"}]}]


def test_no_pod_may_be_where_rules_are(objects: Objects) -> None:
    quota = objects["ResourceQuota", "monitoring-dev", "quota"]["spec"]["hard"]
    assert quota["pods"] == "0"


def test_minio_tells_its_numbers_without_a_token(objects: Objects) -> None:
    (server,) = objects["StatefulSet", "object-store", "minio"]["spec"]["template"]["spec"]["containers"]
    assert {"name": "MINIO_PROMETHEUS_AUTH_TYPE", "value": "public"} in server["env"]
    endpoint = objects["PodMonitor", "object-store", "object-store"]["spec"]["podMetricsEndpoints"][0]
    assert endpoint["tlsConfig"]["ca"] == {"secret": {"name": "minio-tls", "key": "ca.crt"}}


def test_alerts_send_people_to_the_sites_own_pages(objects: Objects) -> None:
    rules = [
        rule
        for _, one in of_kind(objects, "PrometheusRule")
        for group in one["spec"]["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]
    pages = {rule["annotations"]["runbook_url"] for rule in rules}
    assert all(page.startswith("https://docs.kitchen.example/alerts.md#kitchen") for page in pages)
    assert len(pages) == len(rules) > 40
