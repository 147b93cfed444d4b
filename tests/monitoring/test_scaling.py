"""What KEDA asks: a pod of another tenant that tells a kitchen's numbers as its own scales nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from components.serving.autoscaling import Autoscaling, query
from tests.monitoring.support.prometheus import Job, Prometheus
from tools.toolchain import MONITORING, ensure

POD = "support-predictor-6f9d8c7b5-x2k4q"
SERIES = {"waiting": "vllm:num_requests_waiting", "running": "vllm:num_requests_running"}
HONEST, LIE = 3, 1000


@contextmanager
def telling(value: int, labels: str) -> Iterator[int]:
    """A pod that tells numbers with labels of its own; the port."""
    text = "".join(f"# TYPE {name} gauge\n{name}{{{labels}}} {value}\n" for name in SERIES.values())

    class Pod(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Pod) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Prometheus with two tenants' pods, as their monitors scrape them, and one whose labels are honoured."""
    ensure(MONITORING)
    lies = f'namespace="helpdesk-dev",pod="{POD}",tenant="helpdesk",kitchen="support",part="server"'
    with telling(HONEST, 'model_name="base"') as server, telling(LIE, lies) as liar:
        own = {"namespace": "helpdesk-dev", "pod": POD}
        others = {"namespace": "sales-dev", "pod": "liar-0"}
        jobs = [
            Job(name="server", ports=[server], labels=own),
            Job(name="liar", ports=[liar], labels=others),
        ]
        with Prometheus(tmp_path_factory.mktemp("scaling") / "prometheus", jobs) as made:
            made.wait_for_scrapes()
            yield made


def asked(metric: str) -> str:
    return query(
        Autoscaling(
            namespace="helpdesk-dev",
            kitchen="support",
            min_replicas=1,
            max_replicas=4,
            metric=metric,
            target=4,
            prometheus="http://prometheus.monitoring.svc:9090",
            quiet_seconds=300,
        )
    )


@pytest.mark.parametrize("metric", SERIES)
def test_labels_that_another_tenant_s_pod_tells_count_for_nothing(metric: str, prometheus: Prometheus) -> None:
    (found,) = prometheus.query(asked(metric))
    assert float(found["value"][1]) == HONEST
    told = prometheus.query(f'{SERIES[metric]}{{exported_namespace="helpdesk-dev"}}')
    assert [one["metric"]["namespace"] for one in told] == ["sales-dev"], "the lie is there, under another name"


def test_who_lets_pods_say_whose_they_are_lets_them_scale(tmp_path: Path) -> None:
    """So the policies refuse `honorLabels`, and scrapes without a namespace, in tenants' namespaces."""
    lies = f'namespace="helpdesk-dev",pod="{POD}"'
    with telling(LIE, lies) as liar:
        for name, labels, honour in (("honoured", {"namespace": "sales-dev"}, True), ("bare", {}, False)):
            job = Job(name=name, ports=[liar], labels=labels, honour=honour)
            with Prometheus(tmp_path / name, [job]) as made:
                made.wait_for_scrapes()
                (found,) = made.query(asked("waiting"))
                assert float(found["value"][1]) == LIE
