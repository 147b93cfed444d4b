"""Kitchens that serve vectors and scores: real vLLM on CPU behind the real Envoy, with an adapter beside the base."""

from __future__ import annotations

import http.client
import json
import math
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.catalog import Adapter, FileSum, load_catalog
from infra.load import load_settings, read_stack_file
from tests.support.lines import json_lines
from tests.support.waiting import until
from tools import fixtures
from tools.demo.kitchen import DemoKitchen
from tools.demo.plan import AUDIENCE, ISSUER, MINE, STACK, Demo
from tools.demo.processes import Processes
from tools.demo.tokens import LocalIssuer
from tools.local.workspace import REPOSITORY

KITCHEN = "search"
TUNED = fixtures.AdapterFixture(ref="search-tuned/v2026-11-01", base_model=fixtures.EMBEDDING, rank=8)
PASSAGES = ["The kitchen opens at eight.", "Passwords are reset at the help desk.", "Soup is served on Fridays."]


class Served:
    """One kitchen on this machine, called through its entry."""

    def __init__(self, folder: Path, processes: Processes, **kitchen: Any) -> None:
        issuer = LocalIssuer(ISSUER, AUDIENCE)
        self.token = issuer.token(sub="ana", groups=[MINE])
        self.kitchen = DemoKitchen(pooling(issuer, **kitchen), folder, processes)
        self.kitchen.write(self.token)
        self.kitchen.start()
        self.record = folder / "calls.jsonl"

    def call(self, path: str, **body: Any) -> tuple[int, Any]:
        context = ssl._create_unverified_context()  # noqa: S323 - loopback, a certificate of this test
        connection = http.client.HTTPSConnection("127.0.0.1", self.kitchen.ports.callers, context=context, timeout=60)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        headers["Host"] = "localhost.kitchen.example"
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        said = answer.read().decode()
        connection.close()
        return answer.status, json.loads(said)

    def vector(self, text: str, model: str = KITCHEN) -> list[float]:
        status, said = self.call("/v1/embeddings", model=model, input=[text])
        assert status == 200, said
        vector: list[float] = said["data"][0]["embedding"]
        return vector


def pooling(issuer: LocalIssuer, **kitchen: Any) -> Demo:
    """Dev's kitchen for vectors, with an adapter of its base model and an entry."""
    data = read_stack_file(REPOSITORY / STACK)
    said = {**data["kitchens"][KITCHEN], **kitchen, "access": [{"groups": [MINE]}]}
    data["kitchens"] = {KITCHEN: {**said, "adapters": [TUNED.ref]}}
    keys = {"keys": issuer.jwks()}
    data["entry"] = {
        "host": "localhost.kitchen.example",
        "tls": {"secret": "entry-tls"},
        "counter": "local",
        "issuers": [{"name": "local", "issuer": issuer.issuer, "audience": issuer.audience, "jwks": keys}],
    }
    catalog = load_catalog()
    sums = fixtures.sums(fixtures.adapter_files(TUNED))
    files = [FileSum(path=p, sha256=str(s["sha256"]), size_bytes=int(s["sizeBytes"])) for p, s in sums.items()]
    adapter = Adapter(
        ref=TUNED.ref,
        state="candidate",
        base_model=TUNED.base_model,
        rank=TUNED.rank,
        target_modules=fixtures.TARGET_MODULES,
        files=tuple(files),
        licence="Apache-2.0",
        stand_in=True,
    )
    catalog = replace(catalog, adapters={**catalog.adapters, TUNED.ref: adapter})
    settings = load_settings(data, catalog, STACK)
    return Demo(settings=settings, catalog=catalog, open=KITCHEN, base=KITCHEN, closed="none")


@pytest.fixture(scope="module")
def known() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fixtures, "ADAPTERS", (*fixtures.ADAPTERS, TUNED))
        yield


@pytest.fixture(scope="module")
def embed(known: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("embed")
    (folder / "logs").mkdir()
    with Processes(folder / "logs") as processes:
        yield Served(folder / "kitchen", processes)


@pytest.fixture(scope="module")
def rerank(known: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("rerank")
    (folder / "logs").mkdir()
    with Processes(folder / "logs") as processes:
        yield Served(folder / "kitchen", processes, task="rerank")


def test_texts_have_vectors_of_their_own(embed: Served) -> None:
    first, second = (embed.vector(text) for text in PASSAGES[:2])
    assert len(first) == fixtures.HIDDEN_SIZE
    assert math.isclose(sum(value * value for value in first), 1, rel_tol=1e-3)
    assert embed.vector(PASSAGES[0]) == pytest.approx(first, abs=1e-4)
    assert first != pytest.approx(second, abs=1e-2)


def test_an_adapter_of_a_pooling_model_makes_other_vectors(embed: Served) -> None:
    base, tuned = embed.vector(PASSAGES[0]), embed.vector(PASSAGES[0], "search-tuned")
    assert base != pytest.approx(tuned, abs=1e-2)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions", "/v1/score", "/classify"])
def test_other_tasks_have_no_way_in(path: str, embed: Served) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "/v1/chat/completions": {"messages": [{"role": "user", "content": "hello"}]},
        "/v1/completions": {"prompt": "hello"},
        "/v1/score": {"text_1": "a", "text_2": "b"},
        "/classify": {"input": "a"},
    }
    assert embed.call(path, model=KITCHEN, **bodies[path])[0] in (403, 404)


def test_calls_for_vectors_are_counted(embed: Served) -> None:
    status, said = embed.call("/v1/embeddings", model=KITCHEN, input=PASSAGES)
    assert status == 200
    wanted = said["usage"]["total_tokens"]
    until(lambda: wanted in [line["totalTokens"] for line in json_lines(embed.record)])


@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank", "/rerank"])
def test_passages_are_put_in_order(path: str, rerank: Served) -> None:
    status, said = rerank.call(path, model=KITCHEN, query=PASSAGES[1], documents=PASSAGES)
    assert status == 200, said
    assert said["results"][0]["index"] == 1, "a passage is nearest to itself"
    assert len(said["results"]) == len(PASSAGES)


@pytest.mark.parametrize("path", ["/v1/score", "/score"])
@pytest.mark.parametrize("names", [("text_1", "text_2"), ("queries", "documents")])
def test_pairs_have_scores(path: str, names: tuple[str, str], rerank: Served) -> None:
    status, said = rerank.call(path, model=KITCHEN, **dict(zip(names, (PASSAGES[0], PASSAGES), strict=True)))
    assert status == 200, said
    scores = [one["score"] for one in said["data"]]
    assert len(scores) == len(PASSAGES)
    assert scores[0] == max(scores)


def test_a_kitchen_that_reranks_makes_no_vectors(rerank: Served) -> None:
    assert rerank.call("/v1/embeddings", model=KITCHEN, input="a")[0] in (403, 404)
