"""Limits that hold over two Envoys with one counter, told by what callers get from the real parts."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.entry.counter.callers import PATH, Answer, call
from tests.entry.counter.conftest import Entry, Start
from tests.entry.counter.upstream import PROMPT_TOKENS
from tests.entry.support.callers import Connection2
from tests.entry.support.http2_caller import begin
from tests.support.waiting import SECONDS, early_in, until

MINUTE_S, MONTH_S = 60, 30 * 24 * 3600


def early_in_a_minute() -> None:
    """The counter's minutes and months are those of the clock: at the end of one a test would see two buckets."""
    early_in(MINUTE_S, 25)
    early_in(MONTH_S, 120)


def test_requests_and_tokens_are_counted_by_caller_and_grant_over_both_envoys(start: Start) -> None:
    entry = start()
    early_in_a_minute()
    ana, ben = (entry.issuer.token(sub=name, groups=["callers"]) for name in ("ana", "ben"))
    stranger = entry.other_issuer.token(sub="ana", groups=["callers"])

    def of(token: str, model: str, tokens: int = 1, **more: object) -> list[Answer]:
        """One call on each Envoy."""
        return [call(port, token, model, tokens, **more) for port in entry.ports]

    def statuses(token: str, model: str, pairs: int) -> list[int]:
        return [answer.status for _ in range(pairs) for answer in of(token, model)]

    assert statuses(ana, "few-requests", 4) == [200] * 6 + [429] * 2
    assert statuses(ben, "few-requests", 1) == [200] * 2, "another caller has a bucket of its own"
    assert statuses(stranger, "few-requests", 1) == [200] * 2, "and so has the same name of another issuer"
    assert statuses(ana, "free", 4) == [200] * 8, "and so has another grant"
    refused = call(entry.ports[0], ana, "few-requests")
    assert refused.error()["code"] == "rate_limit_exceeded"
    assert refused.headers["x-ratelimit-limit"].startswith("6, 6;w=60")
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert 0 < int(refused.headers["x-ratelimit-reset"]) <= MINUTE_S

    # 40 tokens: 13 by a plain answer, 13 by a stream on the other Envoy, 13 and then 13 more, which is over.
    for stream, port in [(False, 0), (True, 1), (False, 1), (True, 0)]:
        with told(entry, 13):
            assert call(entry.ports[port], ana, "few-tokens", 13 - PROMPT_TOKENS, stream=stream).status == 200
    assert [answer.status for answer in of(ana, "few-tokens")] == [429, 429]
    with told(entry, 8):
        assert [answer.status for answer in of(ben, "few-tokens")] == [200, 200]
    # A stream that its caller leaves costs what was told by then: 8 tokens of the calls above, and 33.
    with told(entry, 33):
        _left(entry.ports[0], ben, "few-tokens", 33 - PROMPT_TOKENS)
    assert [answer.status for answer in of(ben, "few-tokens")] == [429, 429]
    for _ in range(4):
        with told(entry, 8 + PROMPT_TOKENS):
            assert call(entry.ports[0], ana, "few-a-month", 8).status == 200
    over = call(entry.ports[1], ana, "few-a-month")
    assert over.status == 429
    assert over.headers["x-ratelimit-limit"].startswith("40, 40;w=2592000")


def _left(port: int, token: str, model: str, tokens: int) -> None:
    """Read a stream as far as it is told, and go."""
    body = json.dumps({"model": model, "prompt": "x", "max_tokens": tokens, "stream": True, "user": "hold"})
    made = Connection2(port)
    begin(made, PATH, token, body.encode(), tokens)
    made.close()


@contextmanager
def told(entry: Entry, count: int) -> Iterator[None]:
    """What an answer has cost is told to the counter after its end: the block ends when that much was."""
    before = entry.counted()

    def more() -> int:
        return (entry.counted() - before).total()

    yield
    until(lambda: more() >= count, lambda: f"counted {more()}, not {count}")


def test_nobody_calls_without_a_name(start: Start) -> None:
    entry = start(envoys=1)
    nameless = [entry.issuer.token(groups=["callers"], **said) for said in ({}, {"sub": ""})]
    assert [call(entry.ports[0], token, "few-requests").status for token in nameless] == [401, 401]


def test_without_its_counter_the_entry_is_closed(start: Start) -> None:
    entry = start(envoys=1)
    token = entry.issuer.token(sub="ana", groups=["callers"])
    assert entry.ratelimit is not None and entry.valkey is not None
    for part in (entry.valkey, entry.ratelimit):
        part.stop()
        before = len(entry.upstream.seen)
        refused = call(entry.ports[0], token, "few-tokens")
        assert (refused.status, refused.error()["code"]) == (503, "counter_unavailable")
        assert len(entry.upstream.seen) == before
        part.start()
        assert _in_time(entry, token) == 200, "it recovers by itself"


def _in_time(entry: Entry, token: str) -> int:
    """The first status that is not the counter's fault; a connection is made anew after a second."""
    deadline = time.monotonic() + SECONDS
    while (status := call(entry.ports[0], token, "few-tokens").status) == 503 and time.monotonic() < deadline:
        time.sleep(0.2)
    return status


def test_one_of_two_counters_is_enough(start: Start) -> None:
    entry = start(envoys=1, counters=2)
    token = entry.issuer.token(sub="ana", groups=["callers"])
    assert [call(entry.ports[0], token, "lightly").status for _ in range(20)] == [200] * 20
    assert entry.ratelimit is not None
    entry.ratelimit.stop(signal.SIGKILL)
    after = [call(entry.ports[0], token, "lightly").status for _ in range(200)]
    assert after.count(503) <= 3, "the pod that is away is found out by a question or two"
    assert after[-100:] == [200] * 100


def test_without_its_counter_the_entry_is_open_where_the_plan_says_so(start: Start) -> None:
    entry = start(envoys=1, closed=False)
    token = entry.issuer.token(sub="ana", groups=["callers"])
    assert entry.ratelimit is not None
    entry.ratelimit.stop()
    assert [call(entry.ports[0], token, "few-requests").status for _ in range(8)] == [200] * 8


def test_the_local_counter_counts_requests_by_caller_and_issuer(start: Start) -> None:
    entry = start(counter="local", envoys=1)
    ana = entry.issuer.token(sub="ana", groups=["callers"])
    answers = [call(entry.ports[0], ana, "few-requests") for _ in range(8)]
    assert [answer.status for answer in answers] == [200] * 6 + [429] * 2
    assert answers[-1].error()["code"] == "rate_limit_exceeded"
    assert answers[-1].headers["x-ratelimit-remaining"] == "0"
    stranger = entry.other_issuer.token(sub="ana", groups=["callers"])
    assert call(entry.ports[0], stranger, "few-requests").status == 200
