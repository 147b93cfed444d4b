"""Static mode against real vLLM: a pod's whole way from the buckets to answers; what was tampered with never serves."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from infra.catalog import load_catalog
from infra.load import settings_from_file
from tests.serving.support.served_kitchen import BUCKET, MODELS, START_SECONDS
from tests.serving.support.static_kitchen import KITCHEN, StaticKitchen
from tests.support.minio_server import MinioServer
from tools.local.workspace import REPOSITORY

CLASSIFIER = "helpdesk-classifier/v2026-02-01"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    with MinioServer(tmp_path_factory.mktemp("minio")) as server:
        for bucket in (BUCKET, MODELS):
            server.client().create_bucket(Bucket=bucket)
        yield server


@pytest.fixture(scope="module")
def kitchen(store: MinioServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaticKitchen]:
    """A pod's way: the load brings the base model, the init containers let the server start, the server answers."""
    made = StaticKitchen(tmp_path_factory.mktemp("static"), store)
    made.publish_all()
    assert made.require_at_once().returncode != 0, "no server starts before its base model is complete"
    for step in (made.load, made.require, made.fetch):
        done = step()
        assert done.returncode == 0, done.stdout + done.stderr
    try:
        made.serve()
        took = made.wait(lambda: made.call("GET", "/health")[0] == 200, START_SECONDS)
        print(f"\nfrom start to healthy: {took:.1f} s")
        yield made
    finally:
        made.stop()


def test_the_server_lists_what_git_declares(kitchen: StaticKitchen) -> None:
    declared = settings_from_file(REPOSITORY / "Pulumi.dev.yaml", load_catalog()).kitchens[KITCHEN]
    names = {ref.partition("/")[0] for ref in (declared.base_model, *declared.adapters)}
    assert len(names) == 3
    assert {card["id"] for card in json.loads(kitchen.call("GET", "/v1/models")[1])["data"]} == names


def test_the_base_model_and_each_adapter_answer_differently(kitchen: StaticKitchen) -> None:
    names = [card["id"] for card in json.loads(kitchen.call("GET", "/v1/models")[1])["data"]]
    answers = {name: kitchen.answer(name) for name in names}
    assert None not in answers.values()
    assert len(set(answers.values())) == len(names), answers
    assert {name: kitchen.answer(name) for name in names} == answers, "greedy answers do not change"


def test_nobody_loads_an_adapter_into_a_static_server(kitchen: StaticKitchen) -> None:
    body = {"lora_name": "more", "lora_path": str(kitchen.paths["/mnt/adapters"] / "helpdesk-faq")}
    code, _ = kitchen.call("POST", "/v1/load_lora_adapter", body)
    assert code in (404, 405)
    assert kitchen.answer("more") is None


def test_a_tampered_adapter_keeps_the_server_down(store: MinioServer, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Another pod of the same kitchen, after somebody changed one bit in the bucket; then after it was put right."""
    pod = StaticKitchen(tmp_path_factory.mktemp("tampered"), store)
    assert pod.load().returncode == 0
    pod.publish(CLASSIFIER, rank=16, damage=True)
    done = pod.fetch()
    assert done.returncode == 1
    assert f"fault: {BUCKET}/{CLASSIFIER}/" in done.stderr
    assert "sha256" in done.stderr
    served = pod.paths["/mnt/adapters"]
    assert not (served / "helpdesk-classifier").exists()
    try:
        pod.serve()  # a pod's server would not start after a failed init container; even by hand it does not come up
        assert pod.ends("server", START_SECONDS) != 0
        assert "helpdesk-classifier" in pod.log("server")
    finally:
        pod.stop()
    pod.publish(CLASSIFIER, rank=16)
    assert pod.fetch().returncode == 0
    assert (served / "helpdesk-classifier" / "adapter_model.safetensors").is_file()
