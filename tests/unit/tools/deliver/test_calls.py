"""Calls after an update: each model once, what is answered wrongly, and why something is not called."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from infra.catalog import load_catalog
from infra.faults import FaultsError
from infra.load import settings_from_file
from tests.support.model_door import ModelDoor, right
from tools.deliver import calls
from tools.deliver.bearer import Bearer
from tools.deliver.calls import ANSWERED, NOT_CALLED, WRONG, Acceptance, acceptance, call
from tools.kube import KubeError
from tools.local.workspace import REPOSITORY

TOKEN = "canary-models-77d1"
MODELS = {"qwen3-embedding-0.6b", "tsuzumi-7b-instruct", "sales-summary", "helpdesk-faq", "helpdesk-classifier"}


def called(how: Acceptance) -> list[calls.Called]:
    catalog = load_catalog()
    return call(settings_from_file(REPOSITORY / "Pulumi.dev.yaml", catalog), catalog, how, None)


def by_entry(entry: ModelDoor) -> list[calls.Called]:
    return called(Acceptance(url=entry.url, bearer=Bearer(token=TOKEN)))


def test_each_model_of_each_kitchen_is_called_by_its_task(entry: ModelDoor) -> None:
    found = by_entry(entry)
    assert {one.outcome for one in found} == {ANSWERED}
    assert {model for _, model, _ in entry.asked} == MODELS
    assert len(found) == len(entry.asked) == 6, "the base model of two kitchens is called in each"
    assert {path for path, model, _ in entry.asked if "embedding" in model} == {"/v1/embeddings"}
    assert {path for path, model, _ in entry.asked if "embedding" not in model} == {"/v1/completions"}
    assert {said for _, _, said in entry.asked} == {f"Bearer {TOKEN}"}


ODD: dict[str, tuple[int, Any, str, str]] = {
    "away": (503, {"error": {"message": "no healthy upstream"}}, WRONG, "status 503, no healthy upstream"),
    "unknown": (404, {"message": "no such model"}, WRONG, "status 404, no such model"),
    "no words": (500, b"<html>", WRONG, "status 500, without a word"),
    "no JSON": (200, b"<html>", WRONG, "no choices in the answer"),
    "empty": (200, {"choices": [], "data": []}, WRONG, "in the answer"),
    "a list": (200, [], WRONG, "in the answer"),
    "no text": (200, {"choices": [{}]}, WRONG, "no text in the first of its choices"),
    "nothing": (200, {"choices": [None]}, WRONG, "no text in the first of its choices"),
    "no words in it": (200, {"choices": [{"text": {"error": "x"}}]}, WRONG, "no text in the first"),
    "of another model": (
        200,
        {"choices": [{"text": "x"}], "model": "tsuzumi-7b-instruct"},
        WRONG,
        "the answer is of tsuzumi-7b-instruct",
    ),
    "of no model": (200, {"choices": [{"text": "x"}]}, WRONG, "the answer is of no model"),
    "of no name": (200, {"choices": [{"text": "x"}], "model": ["helpdesk-faq"]}, WRONG, "the answer is of no model"),
    "refused": (403, b"", NOT_CALLED, "may not call it"),
    "no token": (401, b"", NOT_CALLED, "may not call it"),
}


@pytest.mark.parametrize("case", ODD)
def test_what_is_no_answer_is_told(case: str, entry: ModelDoor) -> None:
    status, content, outcome, why = ODD[case]
    entry.answer = lambda path, model: (status, content) if model == "helpdesk-faq" else right(path, model)
    (found,) = [one for one in by_entry(entry) if one.model == "helpdesk-faq"]
    assert found.outcome == outcome
    assert why in str(found)
    assert TOKEN not in str(found)


@pytest.mark.parametrize(("status", "content"), [
    (400, {"message": f"\x1b[2J no: Bearer {TOKEN}"}),
    (500, {"error": {"message": f"\r{TOKEN}\u202e"}}),
    (200, {"choices": [{"text": "x"}], "model": f"{TOKEN}\x1b]0;x\x07"}),
])  # fmt: skip
def test_what_an_answer_says_is_told_on_one_line_without_the_token(status: int, content: Any, entry: ModelDoor) -> None:
    entry.answer = lambda *_: (status, content)
    for one in by_entry(entry):
        assert TOKEN not in str(one)
        assert str(one).isprintable()


@pytest.mark.parametrize("vector", [None, [], [None], ["a"], [True], "abc"])
def test_a_vector_without_numbers_is_no_answer(vector: object, entry: ModelDoor) -> None:
    entry.answer = lambda path, model: (
        200,
        {"data": [{"embedding": vector}], "choices": [{"text": ""}], "model": model},
    )
    found = {one.model: one for one in by_entry(entry)}
    assert found["qwen3-embedding-0.6b"].why == "status 200, and no embedding in the first of its data"
    assert found["helpdesk-faq"].outcome == ANSWERED


@pytest.mark.parametrize("status", [401, 403])
def test_an_entry_that_answers_to_no_call_at_all_is_a_failure(status: int, entry: ModelDoor) -> None:
    entry.answer = lambda *_: (status, b"")
    found = by_entry(entry)
    assert {one.outcome for one in found} == {WRONG}
    assert {one.why for one in found} == {f"status {status}: the token of KITCHEN_MODELS_TOKEN may not call it"}


def test_an_address_that_was_named_and_does_not_answer_is_a_failure() -> None:
    found = called(Acceptance(url="http://127.0.0.1:1", bearer=Bearer(token=TOKEN)))
    assert {one.outcome for one in found} == {WRONG}


class Cluster:
    """A way to the cluster: it answers for the kitchens in `served`."""

    def __init__(self, *served: str) -> None:
        self.served = served
        self.paths: list[str] = []

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def request(self, method: str, path: str, body: bytes | None = None, **_: object) -> tuple[int, bytes]:
        self.paths.append(f"{method} {path}")
        if "support" in path and "support" not in self.served:
            raise KubeError("no answer")
        if not any(name in path for name in self.served):
            return 503, json.dumps({"kind": "Status", "message": "no endpoints available"}).encode()
        status, content = right(path[path.index("/proxy") + 6 :], json.loads(body or b'{"model": ""}')["model"])
        return status, json.dumps(content).encode()


def test_the_api_server_leads_to_kitchens_and_what_it_does_not_lead_to_is_named(monkeypatch: Any) -> None:
    cluster = Cluster("summary")
    monkeypatch.setattr(calls, "through_kubectl", lambda context: cluster)
    found = called(Acceptance())
    outcomes = {one.kitchen: one for one in found}
    assert [one.outcome for one in found if one.kitchen == "summary"] == [ANSWERED, ANSWERED]
    assert "status 503, no endpoints available; KITCHEN_ACCEPTANCE_URL names another way" in str(outcomes["search"])
    assert "no way to its pods by the API server within 10 s" in str(outcomes["support"])
    assert "POST /api/v1/namespaces/sales-dev/services/summary-predictor:80/proxy/v1/completions" in cluster.paths


def test_without_kubectl_nothing_is_called(monkeypatch: Any) -> None:
    def missing(context: object) -> Any:
        raise KubeError("kubectl cannot be started")

    monkeypatch.setattr(calls, "through_kubectl", missing)
    assert {str(one).partition(": ")[2] for one in called(Acceptance())} == {"not called: kubectl cannot be started"}


def test_a_task_without_a_call_here_is_named(entry: ModelDoor) -> None:
    catalog = load_catalog()
    settings = settings_from_file(REPOSITORY / "Pulumi.dev.yaml", catalog)
    search = dataclasses.replace(settings.kitchens["search"], task="classify")
    settings = dataclasses.replace(settings, kitchens={**settings.kitchens, "search": search})
    found = call(settings, catalog, Acceptance(url=entry.url, bearer=Bearer(token=TOKEN)), None)
    assert [str(one) for one in found if one.kitchen == "search"] == [
        "qwen3-embedding-0.6b of search: not called: task classify has no call here"
    ]


def test_what_the_environment_says_is_checked() -> None:
    assert acceptance({}) == Acceptance()
    said = acceptance({"KITCHEN_ACCEPTANCE_URL": "https://ai.example.com/", "KITCHEN_MODELS_TOKEN": TOKEN})
    assert (said.url, said.bearer.token) == ("https://ai.example.com", TOKEN)
    for given in ("https://ai.example.com/v1", "https://ai.example.com/v1/", " https://ai.example.com//\n"):
        assert acceptance({"KITCHEN_ACCEPTANCE_URL": given, "KITCHEN_MODELS_TOKEN": TOKEN}).url == said.url
    for wrong in (
        f"https://ai.example.com/?key={TOKEN}",
        "https://ai.example.com?",
        "/v1",
        f"https://ana:{TOKEN}@ai.example",
    ):
        with pytest.raises(FaultsError, match="must be the https address of the entry") as raised:
            acceptance({"KITCHEN_ACCEPTANCE_URL": wrong, "KITCHEN_MODELS_TOKEN": TOKEN})
        assert TOKEN not in str(raised.value)
    with pytest.raises(FaultsError) as raised:
        acceptance({"KITCHEN_ACCEPTANCE_URL": "http://ai.example.com", "KITCHEN_ACCEPTANCE_CA": "/nowhere.pem"})
    assert str(raised.value).count("rule: ") == 3, "before anything is applied"
    assert 'KITCHEN_ACCEPTANCE_CA: "/nowhere.pem"' in str(raised.value)
