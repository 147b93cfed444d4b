"""Real vLLM on CPU as the program renders it, its sidecar, and callers of the base model and of its adapters."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.monitoring.support.prometheus import Job
from tests.serving.support.hot_kitchen import HotKitchen
from tests.serving.support.served_kitchen import BUCKET, PROMPT, START_SECONDS
from tests.support.minio_server import MinioServer

ADAPTERS = ("sales-summary/v2026-03-15", "helpdesk-faq/v2026-02-01")
BASE = "tsuzumi-7b-instruct"
_CALLERS, _CALLS = 6, 6


@contextmanager
def server(folder: Path) -> Iterator[tuple[HotKitchen, Job]]:
    """A kitchen in hot mode with two adapters that answers; `folder` is there."""
    with MinioServer(folder / "minio") as store:
        store.client().create_bucket(Bucket=BUCKET)
        made = HotKitchen(folder, store)
        made.declare(*(made.publish(ref) for ref in ADAPTERS))
        try:
            made.serve()
            made.reconcile()
            made.wait(lambda: made.status()["ready"], START_SECONDS)
            yield made, Job(name="vllm", ports=[made.port])
        finally:
            made.stop()


def under_load(kitchen: HotKitchen) -> None:
    """Callers side by side, whole answers and streams, and calls that the server refuses."""
    models = (BASE, *(ref.partition("/")[0] for ref in ADAPTERS))

    def caller(number: int) -> None:
        for turn in range(_CALLS):
            body = {"model": models[(number + turn) % len(models)], "prompt": PROMPT, "max_tokens": 24}
            kitchen.call("POST", "/v1/completions", body | {"stream": bool(turn % 2), "ignore_eos": True})

    callers = [threading.Thread(target=caller, args=(number,)) for number in range(_CALLERS)]
    for one in callers:
        one.start()
    for one in callers:
        one.join()
    kitchen.call("POST", "/v1/completions", {"model": "nobody-s", "prompt": PROMPT})
    kitchen.call("POST", "/v1/completions", {"model": BASE, "prompt": PROMPT, "max_tokens": 10**6})
