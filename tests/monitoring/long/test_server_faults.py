"""Faults of a real server: vLLM is killed, and its KV cache filled; each is told, and nothing else is."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from components.observability.facts import DeclaredAdapter, KitchenFacts, RuleFacts
from tests.monitoring.faults.told import told_alone
from tests.monitoring.faults.watching import Watching, watching
from tests.monitoring.support.prometheus import Job
from tests.serving.support.hot_kitchen import KITCHEN, HotKitchen
from tests.serving.support.served_kitchen import BUCKET, PROMPT, PYTHON, START_SECONDS
from tests.support.minio_server import MinioServer
from tools.toolchain import MONITORING, ensure

pytestmark = [pytest.mark.long, pytest.mark.skipif(not os.environ.get(PYTHON), reason=f"{PYTHON} names no vLLM")]

ADAPTER, BASE = "sales-summary/v2026-03-15", "tsuzumi-7b-instruct"
_POD = {"environment": "dev", "tenant": "sales", "kitchen": KITCHEN, "namespace": "sales-dev", "pod": "summary-0"}
_BLOCKS = 33
"""Of 128 tokens; one is vLLM's own, and each call here has two, so that 16 calls fill the cache."""

_CALLERS = 24
World = tuple["Small", Watching]


class Small(HotKitchen):
    """Its KV cache has room for 16 calls."""

    def _server_arguments(self) -> list[str]:
        return [*super()._server_arguments(), f"--num-gpu-blocks-override={_BLOCKS}"]

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
    facts = RuleFacts(environment="dev", kitchens=[kitchen])
    with MinioServer(folder / "minio") as store:
        store.client().create_bucket(Bucket=BUCKET)
        made = Small(folder, store)
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
def killed(kitchen: Small) -> Iterator[None]:
    kitchen.kill("server")
    yield
    kitchen.come_up()


@contextmanager
def filled(kitchen: Small) -> Iterator[None]:
    """Long calls of callers side by side, each with a prompt of its own, so that no block is shared."""
    ended = threading.Event()

    def caller() -> None:
        while not ended.is_set():
            # As long as its neighbours' by chance alone, so that they do not end together.
            prompt, tokens = secrets.token_hex(64) + PROMPT[:20], 50 + secrets.randbelow(50)
            body = {"model": BASE, "prompt": prompt, "max_tokens": tokens, "ignore_eos": True}
            with suppress(OSError):
                kitchen.call("POST", "/v1/completions", body)

    callers = [threading.Thread(target=caller) for _ in range(_CALLERS)]
    for one in callers:
        one.start()
    try:
        yield
    finally:
        ended.set()
        for one in callers:
            one.join()


def test_a_full_kv_cache(world: World) -> None:
    kitchen, seen = world
    told = {("platform-ticket", "KitchenKvCacheFull")}
    slower = {"KitchenTtftSlow", "KitchenTokensSlow", "KitchenQueueLong", "KitchenPreemptions"}
    told_alone(seen, "the KV cache is full", filled(kitchen), told, slower)


def test_a_killed_server(world: World) -> None:
    kitchen, seen = world
    silenced = {"KitchenServerDown", "KitchenAdapterNotLoaded", "KitchenSidecarFailing"}
    told = {("platform-page", "KitchenServersMissing")}
    told_alone(seen, "the only server is killed", killed(kitchen), told, silenced)
