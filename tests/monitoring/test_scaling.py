"""What KEDA asks: a pod of another tenant that tells a kitchen's numbers as its own scales nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from threading import Thread

import pytest

from components.serving.autoscaling import Autoscaling, query
from tests.monitoring.support.prometheus import Job, Prometheus
from tests.support.quiet_server import QuietServer
from tools.toolchain import MONITORING, ensure

SERIES = {"waiting": "vllm:num_requests_waiting", "running": "vllm:num_requests_running"}
HONEST, LIE = 3, 1000


def pod(kitchen: str) -> str:
    return f"{kitchen}-predictor-6f9d8c7b5-x2k4q"


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

    with QuietServer(("127.0.0.1", 0), Pod) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_port
        server.shutdown()


def claims(kitchen: str) -> str:
    return f'namespace="helpdesk-dev",pod="{pod(kitchen)}",tenant="helpdesk",kitchen="{kitchen}",part="server"'


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Prometheus with a server and with a pod of another tenant, as their monitors scrape them.

    Two more pods claim to be of other kitchens: one whose labels are honoured, and one that has none of its target.
    """
    ensure(MONITORING)
    others = {"namespace": "sales-dev", "pod": "liar-0"}
    with (
        telling(HONEST, 'model_name="base"') as server,
        telling(LIE, claims("support")) as liar,
        telling(LIE, claims("honoured")) as honoured,
        telling(LIE, claims("bare")) as bare,
    ):
        jobs = [
            Job(name="server", ports=[server], labels={"namespace": "helpdesk-dev", "pod": pod("support")}),
            Job(name="liar", ports=[liar], labels=others),
            Job(name="honoured", ports=[honoured], labels=others, honour=True),
            Job(name="bare", ports=[bare]),
        ]
        with Prometheus(tmp_path_factory.mktemp("scaling") / "prometheus", jobs) as made:
            made.wait_for_scrapes()
            yield made


def asked(metric: str, kitchen: str = "support") -> str:
    return query(
        Autoscaling(
            namespace="helpdesk-dev",
            kitchen=kitchen,
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
    (found,) = prometheus.found(asked(metric))
    assert float(found["value"][1]) == HONEST
    told = prometheus.found(f'{SERIES[metric]}{{exported_namespace="helpdesk-dev"}}')
    assert [one["metric"]["namespace"] for one in told] == ["sales-dev"], "the lie is there, under another name"


@pytest.mark.parametrize("kitchen", ["honoured", "bare"])
def test_who_lets_pods_say_whose_they_are_lets_them_scale(kitchen: str, prometheus: Prometheus) -> None:
    """So the policies refuse `honorLabels`, and scrapes without a namespace, in tenants' namespaces."""
    (found,) = prometheus.found(asked("waiting", kitchen))
    assert float(found["value"][1]) == LIE
