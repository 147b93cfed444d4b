"""The end of `make up`: it fits on a screen, hides nothing that is not Ready, and says what is not real."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tools.engine.words import WIDTH
from tools.local.places import HEADER, NEXT, places

STORE = "http://127.0.0.1:20948"


def outputs(number: int) -> dict[str, Any]:
    models = ["tsuzumi-7b-instruct", "helpdesk-faq", "helpdesk-classifier", "legal-contract-review"]
    kitchens = {
        f"kitchen-{index:02}": {
            "namespace": "helpdesk-dev",
            "pool": "l40s",
            "gpuMemory": {"percent": 57.75},
            "models": models,
            "url": f"http://kitchen-{index:02}-predictor.helpdesk-dev.svc/v1",
        }
        for index in range(number)
    }
    return {"kitchens": kitchens, "buckets": {"lora": "dev-lora", "models": "dev-models"}}


def screen(number: int, *, not_ready: tuple[int, ...] = ()) -> list[str]:
    states = {
        ("helpdesk-dev", f"kitchen-{index:02}"): "False" if index in not_ready else "True" for index in range(number)
    }
    return places(outputs(number), states, Path.cwd() / ".kitchen" / "kubeconfig", STORE).splitlines()


@pytest.fixture(autouse=True)
def kubectl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")


@pytest.mark.parametrize("number", [1, 2, 60])
def test_it_fits_on_a_screen(number: int) -> None:
    lines = screen(number)
    assert len(lines) <= 30
    assert [line for line in lines if len(line) > WIDTH] == []
    assert lines[0].split("  ")[0] == HEADER[0]


def test_it_says_what_is_real_and_what_is_not() -> None:
    told = " ".join(screen(2))
    assert "real: API server, scheduler, KServe" in told
    assert "NOT real: nodes, GPUs and pods are simulated" in told
    assert "nothing answers at   http://kitchen-00-predictor.helpdesk-dev.svc/v1" in told


def test_three_commands_at_most_come_at_the_end() -> None:
    lines = screen(2)
    following = lines[lines.index(NEXT) + 1 :]
    assert len(following) == 3
    assert following[0].strip() == "kubectl --kubeconfig .kitchen/kubeconfig get inferenceservices,pods -A"


def test_without_kubectl_nothing_is_told_that_cannot_be_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert "kubectl" not in "\n".join(screen(2))


def test_of_many_kitchens_those_that_are_not_ready_are_all_there() -> None:
    lines = screen(60, not_ready=tuple(range(30, 50)))
    rows = [line for line in lines if line.startswith("kitchen-")]
    assert [line.split()[0] for line in rows] == [f"kitchen-{index}" for index in range(30, 50)]
    assert "and 40 kitchens more, Ready" in lines


def test_models_that_do_not_fit_are_counted() -> None:
    row = screen(1)[1]
    assert row.endswith("tsuzumi-7b-instruct, helpdesk-faq + 2 more")


def test_a_service_that_is_not_there_is_absent() -> None:
    text = places(outputs(1), {}, Path("/k"), STORE)
    assert " absent " in text.splitlines()[1]
    assert places({"kitchens": {}, "buckets": {}}, {}, Path("/k"), STORE).startswith("no kitchens are declared")
