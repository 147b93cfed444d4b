"""A fault of a real server: vLLM is killed; that is told, and nothing else is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from components.observability.facts import DeclaredAdapter, KitchenFacts, RuleFacts
from tests.monitoring.faults.told import told_alone
from tests.monitoring.faults.watching import Watching, watching
from tests.monitoring.support.prometheus import Job
from tests.serving.support.hot_kitchen import KITCHEN, HotKitchen
from tests.serving.support.served_kitchen import BUCKET, PYTHON, START_SECONDS
from tests.support.minio_server import MinioServer
from tools.toolchain import MONITORING, ensure

pytestmark = [pytest.mark.long, pytest.mark.skipif(not os.environ.get(PYTHON), reason=f"{PYTHON} names no vLLM")]

ADAPTER = "sales-summary/v2026-03-15"
_POD = {"environment": "dev", "tenant": "sales", "kitchen": KITCHEN, "namespace": "sales-dev", "pod": "summary-0"}
World = tuple["Served", Watching]


class Served(HotKitchen):
    """Its server comes up again after a kill."""

    def come_up(self) -> None:
        self.serve()
        self.wait(lambda: self.status()["ready"], START_SECONDS)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    ensure(MONITORING)
    folder = tmp_path_factory.mktemp("server-faults")
    name, _, version = ADAPTER.partition("/")
    kitchen = KitchenFacts(
        name=KITCHEN,
        tenant="sales",
        namespace="sales-dev",
        max_loras=1,
        hot=True,
        adapters=[DeclaredAdapter(name=name, version=version)],
    )
    facts = RuleFacts(environment="dev", kitchens=[kitchen], gpus=False)
    with MinioServer(folder / "minio") as store:
        store.client().create_bucket(Bucket=BUCKET)
        made = Served(folder, store)
        made.declare(made.publish(ADAPTER))
        jobs = [
            Job(name="server", ports=[made.port], labels={**_POD, "part": "server"}),
            Job(name="adapters", ports=[made.status_port], labels={**_POD, "part": "adapters"}),
        ]
        try:
            made.reconcile()
            made.come_up()
            with watching(folder / "watching", facts, jobs, ["sales"]) as seen:
                seen.prometheus.wait_for_scrapes(3)
                yield made, seen
        finally:
            made.stop()


@contextmanager
def killed(kitchen: Served) -> Iterator[None]:
    kitchen.kill("server")
    yield
    kitchen.come_up()


def test_a_killed_server(world: World) -> None:
    kitchen, seen = world
    silenced = {"KitchenServerDown", "KitchenAdapterNotLoaded", "KitchenSidecarFailing"}
    told = {("platform-page", "KitchenServersMissing")}
    told_alone(seen, "the only server is killed", killed(kitchen), told, silenced)
