"""kube-state-metrics and KServe's controller tell what the data says, beside a real API server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.monitoring.support.cluster_parts import cluster_parts
from tests.monitoring.support.exporters import document, of_cluster
from tests.monitoring.support.prometheus import Prometheus
from tests.monitoring.support.scraped import families, gone
from tools.toolchain import MONITORING, ensure

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    ensure(MONITORING)
    folder = tmp_path_factory.mktemp("cluster-names")
    with cluster_parts(folder) as jobs, Prometheus(folder / "prometheus", jobs) as made:
        made.wait_for_scrapes(3)
        yield made


@pytest.mark.parametrize("exporter", of_cluster())
def test_every_series_of_the_data_is_scraped(exporter: str, prometheus: Prometheus) -> None:
    about, held = of_cluster()[exporter], document(exporter)
    assert held["version"] == about.version, "make metrics writes the data of another version anew"
    told = gone(held["metrics"], families(prometheus, exporter))
    assert [line for line in told if not line.startswith(about.rare)] == []


def test_pods_that_find_no_node_and_jobs_that_fail_are_seen(prometheus: Prometheus) -> None:
    for series in (
        'kube_pod_status_unschedulable{namespace="seen",pod="unschedulable"} == 1',
        'kube_job_failed{namespace="seen",job_name="failed",condition="true"} == 1',
        'kube_pod_init_container_status_restarts_total{namespace="seen",container="fetch-adapters"} == 2',
    ):
        assert prometheus.query(series), series
