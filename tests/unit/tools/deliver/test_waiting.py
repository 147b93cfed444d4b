"""Models that servers load while they run: called again until they are there, and not for ever."""

from __future__ import annotations

from typing import Any

import pytest

from infra.catalog import load_catalog
from infra.load import settings_from_file
from tests.support.model_door import ModelDoor, right
from tools.deliver import calls
from tools.deliver.bearer import Bearer
from tools.deliver.calls import ANSWERED, WRONG, Acceptance, Called, call
from tools.deliver.waiting import Waiting
from tools.kube import KubeError
from tools.local.workspace import REPOSITORY

HOT, STATIC = "summary", "support"


class Clock:
    """Time that passes while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def waiting(self, seconds: float) -> Waiting:
        return Waiting(seconds, self.sleep, lambda: self.now)


def called(entry: ModelDoor, waiting: Waiting) -> dict[str, Called]:
    catalog = load_catalog()
    settings = settings_from_file(REPOSITORY / "Pulumi.dev.yaml", catalog)
    how = Acceptance(url=entry.url, bearer=Bearer(token="t"))
    return {one.model: one for one in call(settings, catalog, how, None, waiting)}


@pytest.mark.parametrize("status", [404, 503])
def test_an_adapter_that_is_loaded_meanwhile_has_answered(
    status: int, entry: ModelDoor, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Clock()
    entry.answer = lambda path, model: (
        (status, {"message": "no such model"}) if model == "sales-summary" and clock.now < 60 else right(path, model)
    )
    found = called(entry, clock.waiting(240))
    assert {one.outcome for one in found.values()} == {ANSWERED}
    assert clock.now == 60
    assert f"sales-summary is not there yet (status {status})" in capsys.readouterr().err


def test_all_models_share_one_patience_and_what_never_comes_is_a_failure(entry: ModelDoor) -> None:
    clock = Clock()
    entry.answer = lambda path, model: (404, {"message": "no such model"})
    found = called(entry, clock.waiting(240))
    assert {(one.outcome, one.why) for one in found.values()} == {(WRONG, "status 404, no such model")}
    assert clock.now == 240


@pytest.mark.parametrize("status", [400, 401, 403, 500])
def test_any_other_answer_is_one(status: int, entry: ModelDoor) -> None:
    clock = Clock()
    entry.answer = lambda path, model: (status, {"message": "no"})
    called(entry, clock.waiting(240))
    assert clock.now == 0


class Cluster:
    """The API server's way to the pods of one kitchen, which know no adapter."""

    def __init__(self, kitchen: str) -> None:
        self._kitchen = kitchen

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def request(self, method: str, path: str, body: bytes | None = None, **_: object) -> tuple[int, bytes]:
        if self._kitchen not in path:
            raise KubeError("no answer")
        return (
            404 if body and b"tsuzumi" not in body else 200
        ), b'{"choices": [{"text": ""}], "model": "tsuzumi-7b-instruct"}'


@pytest.mark.parametrize(("kitchen", "seconds"), [(HOT, 240), (STATIC, 0)])
def test_pods_that_were_made_for_their_adapters_are_not_waited_for(
    kitchen: str, seconds: float, monkeypatch: Any
) -> None:
    clock, catalog = Clock(), load_catalog()
    settings = settings_from_file(REPOSITORY / "Pulumi.dev.yaml", catalog)
    assert (settings.kitchens[HOT].hot, settings.kitchens[STATIC].hot) == (True, False)
    monkeypatch.setattr(calls, "through_kubectl", lambda context: Cluster(kitchen))
    found = call(settings, catalog, Acceptance(), None, clock.waiting(240))
    base, *adapters = [one.outcome for one in found if one.kitchen == kitchen]
    assert (base, set(adapters)) == (ANSWERED, {WRONG})
    assert clock.now == seconds
