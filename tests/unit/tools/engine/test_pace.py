"""How far a run is, and what it waits for when nothing moves."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.support.waiting import until
from tools.engine import pace
from tools.engine.outcome import Outcome
from tools.engine.pace import Pace, in_work

STACK = "urn:pulumi:dev::kitchen::pulumi:pulumi:Stack::kitchen-dev"


def started(name: str, operation: str = "create", kind: str = "batch/v1:Job") -> dict[str, Any]:
    token = f"kubernetes:{kind}"
    state = {"parent": STACK, "inputs": {"metadata": {"name": name, "namespace": "team"}}}
    urn = f"urn:pulumi:dev::kitchen::{token}::{name}"
    return {"resourcePreEvent": {"metadata": {"op": operation, "urn": urn, "type": token, "new": state}}}


def ended(name: str, operation: str = "create") -> dict[str, Any]:
    return {"resOutputsEvent": started(name, operation)["resourcePreEvent"]}


def waits(name: str, text: str) -> dict[str, Any]:
    """As the Kubernetes provider says it while it waits for an object."""
    urn = started(name)["resourcePreEvent"]["metadata"]["urn"]
    return {"diagnosticEvent": {"urn": urn, "message": f"{text}\n", "severity": "info", "ephemeral": True}}


def run(*events: dict[str, Any]) -> Outcome:
    outcome = Outcome()
    for event in events:
        outcome.take(event)
    return outcome


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has moved for long, at once."""
    monkeypatch.setattr(pace, "QUIET_SECONDS", 0.0)


def test_objects_are_counted_and_components_are_not() -> None:
    component = started("support")
    component["resourcePreEvent"]["metadata"] |= {"type": "kitchen:serving:MultiLoraService", "urn": "urn:x::support"}
    outcome = run(component, started("a"), started("b"), ended("a"), started("c", "same"), ended("c", "same"))
    known, unknown = Pace(2), Pace()
    for one in (known, unknown):
        one.take(outcome)
    assert (str(known), str(unknown)) == ("1 of 2", "3 objects seen")
    assert [change.name for change in in_work(outcome)] == ["b"]


def test_nothing_is_called_waited_for_while_things_move() -> None:
    told = Pace(2)
    told.take(run(started("a"), waits("a", "Waiting for Job")))
    assert str(told) == "0 of 2"


@pytest.mark.usefixtures("quiet")
def test_what_is_waited_for_has_its_name_limit_and_the_provider_s_words() -> None:
    told = Pace(2)
    told.take(
        run(started("a"), started("b"), ended("b"), waits("b", "of b"), waits("a", "Waiting for the Job to start"))
    )
    assert str(told) == "1 of 2; waiting for Job team/a, at most 10 min each: Waiting for the Job to start"


@pytest.mark.usefixtures("quiet")
def test_words_that_the_provider_took_back_are_not_told() -> None:
    told = Pace(1)
    told.take(run(started("a"), waits("a", "Has no .status.conditions"), waits("a", "")))
    assert str(told).endswith("waiting for Job team/a, at most 10 min each")


@pytest.mark.usefixtures("quiet")
def test_each_reason_of_the_cluster_is_told_once() -> None:
    heard, asked = list[str](), threading.Event()

    def reasons() -> list[str]:
        if len(heard) == 2:
            asked.set()
        return ["pod team/a-x is Pending: 0/9 nodes are available", "kserve does not answer"]

    told = Pace(1, reasons=reasons, tell=heard.append)
    told.take(run(started("a")))
    until(lambda: str(told) and asked.is_set())
    assert heard == reasons()


def test_a_provider_s_passing_words_are_no_message() -> None:
    outcome = run(started("a"), waits("a", "Waiting"))
    assert outcome.messages == []
    assert list(outcome.waits.values()) == ["Waiting"]


def test_an_update_that_previews_first_is_told_once() -> None:
    summary = {"summaryEvent": {"resourceChanges": {"create": 1}}}
    events = ({"preludeEvent": {}}, started("a"), ended("a"), summary)
    outcome = run(*events, *events)
    assert (len(outcome.started), len(outcome.done), outcome.is_complete) == (1, 1, True)
