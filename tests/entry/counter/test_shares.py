"""Fair share between tenants on one kitchen: what one has running takes no room from another."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.entry.counter.callers import call
from tests.entry.counter.conftest import Start
from tests.entry.counter.parts import WORKERS
from tests.support.waiting import until

SHARE = 2
"""Calls at once of a tenant in each Envoy, as the fixture has it."""

FLOOD, CALLS = 24, 60


@pytest.mark.parametrize("counter", ["none", "shared"])
def test_a_tenant_at_its_share_takes_nothing_from_another(start: Start, counter: str) -> None:
    entry = start(counter=counter, envoys=1)
    token = entry.issuer.token(sub="ana", groups=["callers"])
    held: list[int] = []

    def hold() -> None:
        held.append(call(entry.ports[0], token, "free", prompt="hold").status)

    threads = [threading.Thread(target=hold) for _ in range(2)]
    for thread in threads:
        thread.start()
        assert entry.upstream.holding.acquire(timeout=60)
    over = call(entry.ports[0], token, "free")
    assert (over.status, over.error()["code"]) == (429, "tenant_share_exceeded")
    assert (over.error()["type"], over.headers["retry-after"]) == ("rate_limit_error", "1")
    assert call(entry.ports[0], token, "few-requests").status == 429, "the share is the tenant's, not the grant's"
    assert call(entry.ports[0], token, "lawyers").status == 200
    refused, *_ = (line for line in entry.lines(3) if line["status"] == 429)
    assert (refused["decision"], refused["reason"]) == ("refused", "tenant_share_exceeded")
    assert (refused["tenant"], refused["totalTokens"], refused["flags"]) == ("sales", None, "UO")
    entry.upstream.let_go.set()
    for thread in threads:
        thread.join(60)
    assert held == [200, 200]
    assert call(entry.ports[0], token, "free").status == 200, "what has ended is given back"


def test_while_one_tenant_floods_every_call_of_the_other_goes_through(start: Start) -> None:
    """Two Envoys, one server: the flood never has more than its part of both, and takes none of the other's."""
    entry = start(counter="none", envoys=2)
    sales, legal = (entry.issuer.token(sub=name, groups=["callers"]) for name in ("ana", "lea"))
    stopped = threading.Event()

    def flood(number: int) -> list[int]:
        found = []
        while not stopped.is_set():
            found.append(call(entry.ports[number % 2], sales, "free", prompt="slow").status)
        return found

    with ThreadPoolExecutor(FLOOD) as pool:
        flooding = [pool.submit(flood, number) for number in range(FLOOD)]
        until(lambda: entry.upstream.most["free"] >= 2 * SHARE)
        quiet = [call(port, legal, "lawyers", prompt="slow").status for _ in range(CALLS // 2) for port in entry.ports]
        stopped.set()
        flooded = Counter(status for one in flooding for status in one.result(60))
    assert quiet == [200] * CALLS
    assert set(flooded) == {200, 429} and flooded[429] > 0
    # Each Envoy holds its own part, and its threads may let calls in at one moment: one more for each other thread.
    assert 2 * SHARE <= entry.upstream.most["free"] <= 2 * (SHARE + WORKERS - 1)
    refused = [line for line in entry.lines(CALLS + flooded.total()) if line["status"] == 429]
    assert {(line["tenant"], line["reason"]) for line in refused} == {("sales", "tenant_share_exceeded")}
    assert len(refused) == flooded[429]


def test_a_flood_without_shares_does_reach_the_server(start: Start) -> None:
    """The test above would see it."""
    entry = start(counter="none", envoys=1, shares={})
    token = entry.issuer.token(sub="ana", groups=["callers"])
    with ThreadPoolExecutor(FLOOD) as pool:
        held = [pool.submit(call, entry.ports[0], token, "free", prompt="hold") for _ in range(FLOOD)]
        for _ in range(FLOOD):
            assert entry.upstream.holding.acquire(timeout=60)
        entry.upstream.let_go.set()
        assert {one.result(60).status for one in held} == {200}


def test_calls_that_meet_a_server_that_is_away_are_not_told_of_a_share(start: Start) -> None:
    """Each of them is tried again; Envoy's own bound of such tries would answer as if a tenant had too many calls."""
    entry = start(counter="none", envoys=1, shares={}, away=True)
    token = entry.issuer.token(sub="ana", groups=["callers"])
    with ThreadPoolExecutor(FLOOD) as pool:
        answers = list(pool.map(lambda _: call(entry.ports[0], token, "free"), range(4 * FLOOD)))
    assert Counter((one.status, one.error()["code"]) for one in answers) == {(503, "unavailable"): 4 * FLOOD}
