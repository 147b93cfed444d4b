"""Tokens are asked for before a call and told after it: by how much a caller can go over, and what is never told."""

from __future__ import annotations

import http.client
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from components.entry.counter.pods import ratelimit_config
from components.entry.plan import Limits
from tests.entry.counter.callers import call
from tests.entry.counter.conftest import Entry, Start
from tests.entry.counter.test_limits import MONTH_S, early_in_a_minute, told
from tests.entry.counter.upstream import PROMPT_TOKENS
from tests.support.waiting import SECONDS

LIMIT = 40
"""Tokens of `few-tokens` in a minute, and of `few-a-month` in a month."""

IN_FLIGHT = 6


def status_in_time(entry: Entry, token: str, model: str, *, other_than: int) -> int:
    """The first status that is another one, or that one: what is told after an answer comes a little later."""
    deadline = time.monotonic() + SECONDS
    while (status := call(entry.ports[0], token, model).status) == other_than and time.monotonic() < deadline:
        time.sleep(0.1)
    return status


def test_a_caller_goes_over_by_what_was_in_flight_and_by_no_call_more(start: Start) -> None:
    """All of these ask before any of them has told: each is let through, and the next one is not."""
    entry = start(shares={})
    early_in_a_minute()
    token = entry.issuer.token(sub="ana", groups=["callers"])
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        held = [
            pool.submit(call, entry.ports[number % 2], token, "few-a-month", LIMIT, prompt="hold")
            for number in range(IN_FLIGHT)
        ]
        for _ in range(IN_FLIGHT):
            assert entry.upstream.holding.acquire(timeout=60)
        # One that is done tells, while the others go on: from then on nobody comes in.
        with told(entry, LIMIT + PROMPT_TOKENS):
            assert call(entry.ports[0], token, "few-a-month", LIMIT).status == 200
        refused = [call(port, token, "few-a-month").status for port in entry.ports]
        with told(entry, IN_FLIGHT * (LIMIT + PROMPT_TOKENS)):
            entry.upstream.let_go.set()
        assert [one.result(60).status for one in held] == [200] * IN_FLIGHT, "what is in flight is not cut"
    assert refused == [429, 429]
    before = time.time()
    over = call(entry.ports[1], token, "few-a-month")
    assert (over.status, over.headers["x-ratelimit-remaining"]) == (429, "0")
    reset, now = int(over.headers["x-ratelimit-reset"]), time.time()
    assert MONTH_S - now % MONTH_S - 1 <= reset <= MONTH_S - before % MONTH_S + 1, (
        "a month is 30 days, counted from 1970-01-01"
    )


def test_of_a_stream_that_was_cut_is_counted_what_was_told(start: Start) -> None:
    entry = start(envoys=1)
    token = entry.issuer.token(sub="ana", groups=["callers"])
    early_in_a_minute()
    cost = (LIMIT - 2) // 2 + PROMPT_TOKENS
    with told(entry, cost), pytest.raises(http.client.HTTPException):
        call(entry.ports[0], token, "few-a-month", LIMIT - 2, stream=True, prompt="cut")
    left = call(entry.ports[0], token, "few-a-month").headers["x-ratelimit-remaining"]
    assert int(left) == LIMIT - cost
    assert {line["totalTokens"] for line in entry.lines(2)} == {cost, 1 + PROMPT_TOKENS}


def test_another_limit_takes_hold_and_resets_no_count(start: Start) -> None:
    entry = start(envoys=1)
    early_in_a_minute()
    token = entry.issuer.token(sub="ana", groups=["callers"])
    assert [call(entry.ports[0], token, "few-requests").status for _ in range(7)] == [200] * 6 + [429]
    assert call(entry.ports[0], token, "few-a-month", 2 * LIMIT).status == 200
    assert status_in_time(entry, token, "few-a-month", other_than=200) == 429

    assert entry.ratelimit is not None and entry.plans is not None
    plan = entry.plans[0]
    changed = [
        replace(one, limits=Limits(requests_per_minute=10)) if one.model == "few-requests" else one
        for one in plan.grants
    ]
    file = entry.ratelimit.folder / "ratelimit" / "config" / "kitchen.yaml"
    file.write_text(ratelimit_config(replace(plan, grants=changed)))
    entry.ratelimit.stop()
    entry.ratelimit.start()
    assert status_in_time(entry, token, "few-a-month", other_than=503) == 429, "the tokens are still counted"
    after = [call(entry.ports[0], token, "few-requests") for _ in range(4)]
    assert [one.status for one in after] == [200] * 3 + [429], "3 of 10 are left: 7 were asked for"
    assert after[0].headers["x-ratelimit-limit"].startswith("10, 10;w=60")


def test_open_without_its_counter_nothing_is_counted_and_counts_go_on_afterwards(start: Start) -> None:
    entry = start(envoys=1, closed=False)
    early_in_a_minute()
    token = entry.issuer.token(sub="ana", groups=["callers"])
    with told(entry, LIMIT // 2 + PROMPT_TOKENS):
        assert call(entry.ports[0], token, "few-a-month", LIMIT // 2).status == 200
    assert entry.ratelimit is not None
    entry.ratelimit.stop()
    assert [call(entry.ports[0], token, "few-a-month", LIMIT).status for _ in range(4)] == [200] * 4
    entry.ratelimit.start()
    deadline = time.monotonic() + SECONDS
    while (answer := call(entry.ports[0], token, "few-a-month")).headers.get("x-ratelimit-remaining") is None:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    # What was used while it was away is lost, what was counted before is not.
    assert 0 < int(answer.headers["x-ratelimit-remaining"]) <= LIMIT - LIMIT // 2 - PROMPT_TOKENS
    assert call(entry.ports[0], token, "few-a-month", 2 * LIMIT).status == 200
    assert status_in_time(entry, token, "few-a-month", other_than=200) == 429
