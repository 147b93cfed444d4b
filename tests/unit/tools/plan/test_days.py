"""One day for all: what is known holds until the program and the pack see another one, wherever the machine stands."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from infra import days
from policies.judging.world import world
from tests.support.waiting import early_in
from tools.plan.making import Asked


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where it is tomorrow already, at every hour."""
    monkeypatch.setenv("TZ", "EAST-24")
    time.tzset()
    world.cache_clear()
    yield
    monkeypatch.undo()
    time.tzset()
    world.cache_clear()


@pytest.mark.usefixtures("far_east")
def test_the_day_is_that_of_utc() -> None:
    early_in(86_400, 20)
    assert Asked().today == days.today() == world().today
