"""Faults made for real: each is told to those whom it concerns, within the stated time, and nothing else is."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.monitoring.faults.kitchen import Watched, watched
from tests.monitoring.faults.told import told_alone
from tests.monitoring.faults.watching import RUNBOOK, Told, Watching, watching
from tests.monitoring.support.alerting import until
from tests.monitoring.support.certificates import pair

pytestmark = pytest.mark.long

World = tuple[Watched, Watching]


@dataclass(frozen=True)
class Fault:
    """`made` holds while its block runs. `told` is all that anybody hears; `silenced` may fire unheard meanwhile."""

    made: Callable[[Watched, Watching], AbstractContextManager[None]]
    told: set[Told]
    silenced: frozenset[str] = frozenset()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("faults")
    with watched(folder) as kitchen, watching(folder / "watching", kitchen.facts(), kitchen.jobs, ["sales"]) as seen:
        seen.prometheus.wait_for_scrapes(3)
        seen.wait_until_quiet()
        yield kitchen, seen


@contextmanager
def wrong_sum(kitchen: Watched, seen: Watching) -> Iterator[None]:
    """The files in the store are not those of the catalog."""
    kitchen.adapters["spoilt/v1"] = kitchen.sidecar.publish("spoilt/v1", damage=True)
    _declared(kitchen, seen)
    yield
    del kitchen.adapters["spoilt/v1"]
    _declared(kitchen, seen)


def _declared(kitchen: Watched, seen: Watching) -> None:
    seen.learn(kitchen.facts())
    kitchen.declare()


@contextmanager
def sidecar_stopped(kitchen: Watched, _: Watching) -> Iterator[None]:
    kitchen.sidecar.end()
    yield
    kitchen.sidecar.start()


@contextmanager
def store_stopped(kitchen: Watched, _: Watching) -> Iterator[None]:
    kitchen.store.kill()
    yield
    kitchen.store.start()


@contextmanager
def entry_stopped(kitchen: Watched, _: Watching) -> Iterator[None]:
    kitchen.envoy.stop()
    kitchen.secure_envoy.stop()
    yield
    kitchen.envoy.start()
    kitchen.secure_envoy.start()


@contextmanager
def certificate_ended(kitchen: Watched, _: Watching) -> Iterator[None]:
    _with_certificate(kitchen, days=-1)
    yield
    _with_certificate(kitchen, days=90)


def _with_certificate(kitchen: Watched, days: float) -> None:
    kitchen.secure_envoy.stop()
    pair(kitchen.tls, days=days)
    kitchen.secure_envoy.start()


@contextmanager
def flooded(kitchen: Watched, _: Watching) -> Iterator[None]:
    """A program of one tenant calls in a loop, far over its limit."""
    ended = threading.Event()

    def loop() -> None:
        for _ in itertools.count():
            kitchen.ask(["callers"], "few-requests")
            if ended.wait(0.05):
                return

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


FAULTS = {
    "an adapter with a wrong sum": Fault(
        wrong_sum, {("security-page", "KitchenAdapterRefused")}, frozenset({"KitchenAdapterNotLoaded"})
    ),
    "the sidecar ends": Fault(
        sidecar_stopped, {("platform-ticket", "KitchenSidecarUnseen")}, frozenset({"KitchenAdapterNotLoaded"})
    ),
    "the store ends": Fault(
        store_stopped,
        {("platform-page", "KitchenStoreMissing")},
        frozenset({"KitchenSidecarFailing", "KitchenRecordFailing"}),
    ),
    "the entry ends": Fault(entry_stopped, {("platform-page", "KitchenEntryMissing")}, frozenset({"KitchenEntryDown"})),
    "a certificate ends": Fault(
        certificate_ended,
        {("platform-page", "KitchenEntryCertificateUrgent")},
        frozenset({"KitchenEntryCertificateEnds"}),
    ),
    "a tenant floods the entry": Fault(
        flooded, {("tenant-sales-ticket", "KitchenEntryLimited")}, frozenset({"KitchenLimitsNear"})
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_and_nothing_else(name: str, world: World) -> None:
    kitchen, seen = world
    fault = FAULTS[name]
    told_alone(seen, name, fault.made(kitchen, seen), fault.told, fault.silenced)


def test_what_is_told_can_be_acted_on(world: World) -> None:
    """Grouped, with the address of its page, and told again when it is over."""
    kitchen, seen = world
    seen.wait_until_quiet()
    before = len(seen.webhook.messages)
    kitchen.adapters["wrong/v1"] = kitchen.sidecar.publish("wrong/v1", damage=True)
    with wrong_sum(kitchen, seen):
        until(lambda: bool(_pages(seen, before, "firing")), seen.firing)
        (message,) = _pages(seen, before, "firing")
    del kitchen.adapters["wrong/v1"]
    _declared(kitchen, seen)
    assert message["groupLabels"] == {
        "alertname": "KitchenAdapterRefused", "environment": "dev", "tenant": "sales", "kitchen": "support",
    }  # fmt: skip
    assert {alert["labels"]["adapter"] for alert in message["alerts"]} == {"wrong", "spoilt"}
    pages = {alert["annotations"]["runbook_url"] for alert in message["alerts"]}
    assert pages == {f"{RUNBOOK}/alerts.md#kitchenadapterrefused"}
    until(lambda: bool(_pages(seen, before, "resolved")), seen.firing, seconds=60)
    (over,) = _pages(seen, before, "resolved")
    assert over["groupLabels"] == message["groupLabels"]


def _pages(seen: Watching, since: int, status: str) -> list[dict[str, Any]]:
    """Messages to one receiver: those of earlier faults may still tell that they are over."""
    return [one for one in seen.webhook.messages[since:] if (one["path"], one["status"]) == ("security-page", status)]
