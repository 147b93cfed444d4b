"""Hot mode against real vLLM: what is declared answers, what is not does not, and nobody else can change it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.serving.support.hot_kitchen import HotKitchen
from tests.serving.support.served_kitchen import BUCKET, START_SECONDS
from tests.support.minio_server import MinioServer

BASE = "tsuzumi-7b-instruct"
SALES, FAQ = "sales-summary/v2026-03-15", "helpdesk-faq/v2026-02-01"


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HotKitchen]:
    folder = tmp_path_factory.mktemp("hot")
    with MinioServer(folder / "minio") as store:
        store.client().create_bucket(Bucket=BUCKET)
        made = HotKitchen(folder, store)
        made.declare(made.publish(SALES))
        try:
            made.serve()
            made.reconcile()
            took = made.wait(lambda: made.status()["ready"], START_SECONDS)
            print(f"\nfrom start to ready: {took:.1f} s")
            yield made
        finally:
            made.stop()


@pytest.fixture
def sales(kitchen: HotKitchen) -> dict[str, Any]:
    """The list is the sales adapter's first version alone, and it answers."""
    entry = kitchen.publish(SALES)
    kitchen.declare(entry)
    kitchen.wait(
        lambda: states(kitchen) == {SALES: "loaded"} and kitchen.status()["loaded"].keys() == {"sales-summary"}
    )
    return entry


def states(kitchen: HotKitchen) -> dict[str, str]:
    return {f"{a['name']}/{a['version']}": a["state"] for a in kitchen.status()["adapters"]}


def models(kitchen: HotKitchen) -> set[str]:
    return {card["id"] for card in json.loads(kitchen.call("GET", "/v1/models")[1])["data"]}


class Load:
    """Callers that never stop; every answer's status and model is kept."""

    def __init__(self, kitchen: HotKitchen, *names: str) -> None:
        self.kitchen, self.names, self.seen = kitchen, names, []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(name,)) for name in names]

    seen: list[tuple[str, int]]

    def _run(self, name: str) -> None:
        body = {"model": name, "prompt": "Count:", "max_tokens": 24, "temperature": 0, "ignore_eos": True}
        while not self.stopping.is_set():
            self.seen.append((name, self.kitchen.call("POST", "/v1/completions", body)[0]))

    def __enter__(self) -> Load:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def test_base_and_adapter_answer_differently(kitchen: HotKitchen, sales: dict[str, Any]) -> None:
    assert models(kitchen) == {BASE, "sales-summary"}
    assert kitchen.answer(BASE) != kitchen.answer("sales-summary")


def test_added_and_removed_under_load_without_a_dropped_request(kitchen: HotKitchen, sales: dict[str, Any]) -> None:
    faq, pid = kitchen.publish(FAQ), kitchen.processes["server"].pid
    assert kitchen.answer("helpdesk-faq") is None
    with Load(kitchen, BASE, "sales-summary") as load:
        kitchen.declare(sales, faq)
        added = kitchen.wait(lambda: kitchen.answer("helpdesk-faq"))
        # Not the base model: vLLM on CPU answers it with an adapter of the same batch (vllm-project/vllm#48421).
        both = {kitchen.answer(name) for name in ("sales-summary", "helpdesk-faq")}
        kitchen.declare(sales)
        removed = kitchen.wait(lambda: kitchen.answer("helpdesk-faq") is None)
    assert len({*both, kitchen.answer(BASE)}) == 3
    assert {code for _, code in load.seen} == {200}
    assert {name for name, _ in load.seen} == {BASE, "sales-summary"}
    assert kitchen.processes["server"].pid == pid
    print(f"\nadded: answers after {added:.1f} s; removed: 404 after {removed:.1f} s; {len(load.seen)} requests beside")


def test_another_version_answers_differently_under_the_same_name(kitchen: HotKitchen, sales: dict[str, Any]) -> None:
    before = kitchen.answer("sales-summary")
    newer = kitchen.publish("sales-summary/v2026-09-01")
    twin = kitchen.publish("sales-twin/v2026-09-01", like="sales-summary/v2026-09-01")
    with Load(kitchen, BASE, "sales-summary") as load:
        time.sleep(1)
        kitchen.declare(newer)
        took = kitchen.wait(lambda: kitchen.answer("sales-summary") not in (None, before))
        time.sleep(1)
    kitchen.declare(newer, twin)
    kitchen.wait(lambda: kitchen.answer("sales-twin"))
    assert kitchen.answer("sales-summary") == kitchen.answer("sales-twin"), "nothing of the old version is left"
    codes = [code for name, code in load.seen if name == "sales-summary"]
    assert {code for name, code in load.seen if name == BASE} == {200}
    assert set(codes) <= {200, 404}, "vLLM answers 404 between unload and load, and nothing worse"
    assert codes[-1] == 200
    print(f"\nreplaced: other answer after {took:.1f} s; {codes.count(404)} of {len(codes)} requests met the gap")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/load_lora_adapter"),
        ("POST", "/v1/unload_lora_adapter"),
        ("POST", "/v1/unload_lora_adapter/"),
        ("POST", "//v1//unload_lora_adapter"),
        ("POST", "/v1/unload%5flora_adapter"),
        ("POST", "/v1/unload%255flora_adapter"),
        ("POST", "/V1/Unload_Lora_Adapter"),
        ("POST", "/v1/x/../unload_lora_adapter"),
        ("POST", "/v1/unload_lora_adapter?x=1"),
        ("GET", "/v1/load_lora_adapter"),
        ("OPTIONS", "/v1/load_lora_adapter"),
        ("POST", "/adapters"),
        ("DELETE", "/adapters/sales-summary"),
        ("DELETE", "/%61dapters/sales-summary"),
    ],
)
def test_nobody_updates_without_the_token(method: str, path: str, kitchen: HotKitchen, sales: dict[str, Any]) -> None:
    folder = str(next(kitchen.paths["/mnt/adapters"].glob("sales-summary/*/sales-summary")))
    body = {"lora_name": "sales-summary", "lora_path": folder, "name": "mine", "src": folder}
    for headers in ({}, {"x-kitchen-update-token": "x" * 43}):
        code, said = kitchen.call(method, path, body, headers)
        assert code == 403, said
    assert models(kitchen) == {BASE, "sales-summary"}


def test_every_path_of_the_server_that_updates_adapters_is_closed(kitchen: HotKitchen) -> None:
    """The server's own description says which paths there are; none that speaks of adapters may be open."""
    paths = json.loads(kitchen.call("GET", "/openapi.json")[1])["paths"]
    doors = [(method.upper(), path) for path, methods in paths.items() for method in methods
             if "lora" in path.lower() or "adapter" in path.lower()]  # fmt: skip
    assert len(doors) >= 3, sorted(paths)
    for method, path in doors:
        assert kitchen.call(method, path.replace("{adapter_name}", "sales-summary"), {})[0] == 403, path


def test_with_the_token_the_api_is_open(kitchen: HotKitchen, sales: dict[str, Any]) -> None:
    token = (kitchen.paths["/run/kitchen"] / "update-token").read_text()
    headers = {"x-kitchen-update-token": token}
    code, said = kitchen.call("POST", "/v1/load_lora_adapter", {"lora_name": "x", "lora_path": "/nowhere"}, headers)
    assert code == 404, said
    assert kitchen.call("POST", "/v1/unload_lora_adapter", {"lora_name": "sales-summary"}, headers)[0] == 200
    kitchen.wait(lambda: models(kitchen) == {BASE, "sales-summary"})
    assert token not in kitchen.log("server") + kitchen.log("sidecar")


def test_a_tampered_adapter_is_never_loaded(kitchen: HotKitchen, sales: dict[str, Any]) -> None:
    bad = kitchen.publish("log-triage/v2026-06-10", damage=True)
    kitchen.declare(sales, bad)
    kitchen.wait(lambda: states(kitchen).get("log-triage/v2026-06-10") == "refused")
    (told,) = [a for a in kitchen.status()["adapters"] if a["name"] == "log-triage"]
    assert "sha256" in told["reason"]
    assert kitchen.call("GET", "/ready", port=kitchen.status_port)[0] == 200
    assert kitchen.answer("log-triage") is None
    assert kitchen.answer("sales-summary") is not None
    assert not list(kitchen.paths["/mnt/adapters"].glob("log-triage/*/log-triage"))


def test_an_adapter_of_too_high_a_rank_is_refused_by_the_server_and_told(
    kitchen: HotKitchen, sales: dict[str, Any]
) -> None:
    high = kitchen.publish("high-rank/v2026-06-10", rank=16)
    kitchen.declare(sales, high)
    kitchen.wait(lambda: states(kitchen).get("high-rank/v2026-06-10") == "refused")
    (told,) = [a for a in kitchen.status()["adapters"] if a["name"] == "high-rank"]
    assert "rank" in told["reason"]
    assert kitchen.answer("sales-summary") is not None


def test_a_restarted_sidecar_changes_nothing(kitchen: HotKitchen, sales: dict[str, Any]) -> None:
    before = kitchen.answer("sales-summary")
    with Load(kitchen, "sales-summary") as load:
        kitchen.kill("sidecar")
        kitchen.reconcile()
        kitchen.wait(lambda: kitchen.status()["ready"])
    assert {code for _, code in load.seen} == {200}
    assert kitchen.answer("sales-summary") == before


def test_a_restarted_server_gets_the_declared_set_again(kitchen: HotKitchen, sales: dict[str, Any]) -> None:
    kitchen.declare(sales, kitchen.publish(FAQ))
    kitchen.wait(lambda: kitchen.answer("helpdesk-faq"))
    kitchen.kill("server")
    kitchen.wait(lambda: kitchen.call("GET", "/ready", port=kitchen.status_port)[0] == 503)
    kitchen.serve()
    kitchen.wait(lambda: kitchen.call("GET", "/health")[0] == 200, START_SECONDS)
    took = kitchen.wait(lambda: models(kitchen) == {BASE, "sales-summary", "helpdesk-faq"})
    kitchen.wait(lambda: kitchen.call("GET", "/ready", port=kitchen.status_port)[0] == 200)
    print(f"\nrestarted: declared set back {took:.1f} s after the server's health")
