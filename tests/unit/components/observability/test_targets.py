"""What is scraped: constants of Git as labels, and the same in both forms."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from components.observability.targets import (
    DROPPED_ORDERS,
    PlatformTarget,
    Port,
    Target,
    kitchen_target,
    platform_monitor,
    pod_monitor,
)
from infra.monitoring_files import scrapes_file

KITCHEN = kitchen_target("dev", "helpdesk", "support", "helpdesk-dev")
STORE = Target(
    name="object-store",
    namespace="object-store",
    ports=(Port(name="https", part="store", path="/minio/v2/metrics/cluster"),),
    labels={"environment": "dev"},
    has=("example.com/a.b",),
    authority="minio-tls",
    server_name="minio.object-store.svc",
)


def jobs(*targets: Target) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(scrapes_file(targets, environment="dev", parts=()))["scrape_configs"]
    return found


@pytest.mark.parametrize(("number", "part"), [(0, "server"), (1, "server"), (2, "adapters")])
def test_both_forms_give_the_same_constants(number: int, part: str) -> None:
    expected = {"environment": "dev", "tenant": "helpdesk", "kitchen": "support", "part": part}
    endpoint, job = pod_monitor(KITCHEN)["podMetricsEndpoints"][number], jobs(KITCHEN)[number]
    assert {one["targetLabel"]: one["replacement"] for one in endpoint["relabelings"]} == expected
    constant = [one for one in job["relabel_configs"] if "source_labels" not in one]
    assert {one["target_label"]: one["replacement"] for one in constant} == expected


def test_pods_and_ports_are_found_by_what_kubernetes_says() -> None:
    kept = [one for one in jobs(KITCHEN)[0]["relabel_configs"] if one.get("action") == "keep"]
    assert kept == [
        {
            "source_labels": ["__meta_kubernetes_pod_label_serving_kserve_io_inferenceservice"],
            "regex": "support",
            "action": "keep",
        },
        {"source_labels": ["__meta_kubernetes_pod_container_port_name"], "regex": "http1", "action": "keep"},
    ]
    assert jobs(STORE)[0]["relabel_configs"][0]["source_labels"] == [
        "__meta_kubernetes_pod_labelpresent_example_com_a_b"
    ]


def test_a_port_with_tls_is_known_by_its_authority() -> None:
    endpoint, job = pod_monitor(STORE)["podMetricsEndpoints"][0], jobs(STORE)[0]
    assert endpoint["scheme"] == job["scheme"] == "https"
    assert endpoint["tlsConfig"] == {
        "ca": {"secret": {"name": "minio-tls", "key": "ca.crt"}},
        "serverName": "minio.object-store.svc",
    }
    assert job["tls_config"]["ca_file"] == "/etc/prometheus/kitchen/object-store.crt"
    assert pod_monitor(STORE)["selector"] == {"matchExpressions": [{"key": "example.com/a.b", "operator": "Exists"}]}


@pytest.mark.parametrize(
    ("adapters", "dropped"), [("", False), ("a", False), ("a,b", False), ("a,b,c", True), ("a,b,c,d", True)]
)
def test_orders_of_many_adapters_are_dropped(adapters: str, *, dropped: bool) -> None:
    """Prometheus joins source labels by `;` and takes expressions as anchored."""
    assert bool(re.fullmatch(DROPPED_ORDERS, f"vllm:lora_requests_info;{adapters}")) == dropped


def test_other_series_stay() -> None:
    assert not re.fullmatch(DROPPED_ORDERS, "vllm:num_requests_waiting;")


def test_a_part_of_the_platform_is_scraped_in_its_namespace() -> None:
    gpu = PlatformTarget(part="gpu", namespace="gpu-operator", match={"app": "a"}, port="metrics", honour=True)
    kind, spec = platform_monitor("dev", gpu)
    assert kind == "ServiceMonitor"
    assert spec["namespaceSelector"] == {"matchNames": ["gpu-operator"]}
    assert spec["endpoints"][0]["honorLabels"]


def part_job(part: PlatformTarget) -> dict[str, Any]:
    (job,) = yaml.safe_load(scrapes_file((), environment="dev", parts=(part,)))["scrape_configs"]
    found: dict[str, Any] = job
    return found


def test_a_file_finds_a_part_of_the_platform_as_its_monitor_does() -> None:
    job = part_job(PlatformTarget(part="kube", namespace="m", match={"a/b": "c"}, port="http", honour=True))
    assert job["kubernetes_sd_configs"] == [{"role": "endpoints", "namespaces": {"names": ["m"]}}]
    assert job["honor_labels"]
    kept = {one["source_labels"][0]: one["regex"] for one in job["relabel_configs"] if one.get("action") == "keep"}
    assert kept == {"__meta_kubernetes_service_label_a_b": "c", "__meta_kubernetes_endpoint_port_name": "http"}
    constant = {one["target_label"]: one["replacement"] for one in job["relabel_configs"] if "replacement" in one}
    assert constant == {"environment": "dev", "part": "kube"}


def test_a_file_finds_a_port_that_no_manifest_names() -> None:
    job = part_job(PlatformTarget(part="kserve", namespace="k", match={"a": "b"}, port="x", unnamed=(8080, 9443)))
    assert job["kubernetes_sd_configs"][0]["role"] == "pod"
    assert "honor_labels" not in job
    address = {"source_labels": ["__meta_kubernetes_pod_ip"], "target_label": "__address__", "replacement": "$1:8080"}
    assert address in job["relabel_configs"]
    assert "9443" in {one.get("regex") for one in job["relabel_configs"]}


def test_a_port_that_no_manifest_names_is_found_by_another_one() -> None:
    part = PlatformTarget(part="kserve", namespace="kserve", match={"a": "b"}, port="metrics", unnamed=(8080, 9443))
    kind, spec = platform_monitor("dev", part)
    (endpoint,) = spec["podMetricsEndpoints"]
    assert (kind, endpoint["targetPort"]) == ("PodMonitor", 9443)
    assert endpoint["relabelings"][-1] == {
        "sourceLabels": ["__meta_kubernetes_pod_ip"],
        "targetLabel": "__address__",
        "replacement": "$1:8080",
    }
