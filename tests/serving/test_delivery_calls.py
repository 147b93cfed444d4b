"""The calls that follow a delivery, to real vLLM behind the real Envoy: each model of a kitchen answers for itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.audit.models import models_row
from ops.audit.verdicts import Verdict
from tests.serving.test_pooling import TUNED, pooling
from tools import fixtures
from tools.deliver.bearer import Bearer
from tools.deliver.calls import ANSWERED, NOT_CALLED, WRONG, Acceptance, Called, call
from tools.demo.kitchen import DemoKitchen
from tools.demo.plan import AUDIENCE, ISSUER, MINE, Demo, demo
from tools.demo.processes import Processes
from tools.demo.tokens import LocalIssuer


class Entered:
    """One kitchen on this machine, called through its entry by what its certificate stands for."""

    def __init__(self, folder: Path, processes: Processes, issuer: LocalIssuer, served: Demo) -> None:
        self.served, self.issuer, self.processes = served, issuer, processes
        self.kitchen = DemoKitchen(served, folder, processes)
        self.kitchen.write("")
        self.kitchen.start()
        self._ca = folder / "ca.crt"

    def called(self, group: str = MINE) -> dict[str, Called]:
        """What became of the call to each model, by its name."""
        token = self.issuer.token(sub="ana", groups=[group])
        url = f"https://localhost:{self.kitchen.ports.callers}"
        how = Acceptance(url=url, bearer=Bearer(token=token), ca=self._ca)
        return {one.model: one for one in call(self.served.settings, self.served.catalog, how, None)}


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entered]:
    issuer = LocalIssuer(ISSUER, AUDIENCE)
    yield from _entered(tmp_path_factory.mktemp("texts"), issuer, demo(issuer))


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entered]:
    issuer = LocalIssuer(ISSUER, AUDIENCE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fixtures, "ADAPTERS", (*fixtures.ADAPTERS, TUNED))
        yield from _entered(tmp_path_factory.mktemp("vectors"), issuer, pooling(issuer))


def _entered(folder: Path, issuer: LocalIssuer, served: Demo) -> Iterator[Entered]:
    (folder / "logs").mkdir()
    with Processes(folder / "logs") as processes:
        yield Entered(folder / "kitchen", processes, issuer, served)


def test_a_kitchen_of_texts_answers_for_its_base_model_and_what_the_caller_may_call(texts: Entered) -> None:
    found = texts.called()
    assert set(found) == {"support", texts.served.open, texts.served.closed}
    closed = found.pop(texts.served.closed)
    assert {one.outcome for one in found.values()} == {ANSWERED}, [*map(str, found.values())]
    assert (closed.outcome, closed.why) == (NOT_CALLED, "status 403: the token of KITCHEN_MODELS_TOKEN may not call it")


def test_a_kitchen_of_vectors_answers_for_its_base_model_and_its_adapter(vectors: Entered) -> None:
    found = vectors.called()
    assert set(found) == {"search", "search-tuned"}
    assert {one.outcome for one in found.values()} == {ANSWERED}, [*map(str, found.values())]


@pytest.mark.parametrize("name", ["texts", "vectors"])
def test_what_a_server_tells_that_it_serves_is_what_is_declared(name: str, request: pytest.FixtureRequest) -> None:
    """With an entry the base model has two names, and a server tells both."""
    entered: Entered = request.getfixturevalue(name)
    row = models_row(entered.served.kitchen(), f"http://127.0.0.1:{entered.kitchen.server_port}/v1/models", "")
    assert row.finding.verdict == Verdict.PROVEN, row


def test_a_token_that_opens_nothing_is_a_failure_of_every_call(vectors: Entered) -> None:
    assert {one.outcome for one in vectors.called("nobody").values()} == {WRONG}


def test_a_server_that_is_gone_is_a_failure_and_no_answer(vectors: Entered) -> None:
    """Last: it ends the server."""
    os.kill(vectors.processes.ids()[0], signal.SIGKILL)
    found = vectors.called()
    assert {one.outcome for one in found.values()} == {WRONG}
    assert all("50" in one.why for one in found.values()), [*map(str, found.values())]
