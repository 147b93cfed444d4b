"""10,000 calls with made-up models, groups, subjects, paths and headers make not one series."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.entry.numbers.counted import CALLS, NEAR, REFUSALS, TOKENS, running, scraped
from tests.entry.rows.row import chat
from tests.entry.support.callers import Connection, request
from tests.entry.support.plan import CHAT
from tests.entry.support.running import Entry
from tests.entry.support.tokens import Providers
from tests.entry.support.upstream import upstreams
from tests.support.waiting import until

NUMBER, FIRST, THREADS = 10_000, 400, 4
CANARY = "made-up"
SEED = 20261129
HISTOGRAM = "envoy_http_downstream_rq_time_count"
"""Of the time of each call; Envoy puts its histograms together every five seconds, and shows them then."""

OUTCOMES = {"ok", "failed", "limited", "refused", "cut"}
KNOWN = {
    "tenant": {"helpdesk", "legal"},
    "kitchen": {"support", "support-next", "legal"},
    "adapter": {"faq", "few"},
    "version": {"v1", "v2"},
    "group": {"helpdesk", "busy", "legal", "staff"},
    "outcome": OUTCOMES,
    "kind": {"prompt", "completion"},
}
"""Every value that a label may have here: those of the grants, and words of the program."""


@pytest.fixture
def counting(tmp_path: Path, providers: Providers) -> Iterator[Entry]:
    with upstreams() as servers, running(tmp_path, providers, servers, limit=3) as made:
        yield made


def calls(providers: Providers, number: int, seed: int) -> Iterator[bytes]:
    """Kinds of calls in turn, each with words that no call had before."""
    source = random.Random(seed)  # noqa: S311 - made up again from its seed
    good = providers.of_idp(groups=["helpdesk", "busy"])
    for index in range(number):
        word = f"{CANARY}-{source.randrange(10**12)}"
        odd = source.choice([word, f'{word}"}} 1', f"{word}\\n", f"{word}.a.b", f"{word}=é営"])
        yield _call(index % 8, word, odd, good if index % 8 not in (1, 7) else _of(providers, odd))


def _call(kind: int, word: str, odd: str, token: str) -> bytes:
    who = (("authorization", f"Bearer {token}"), ("content-type", "application/json"))
    if kind == 7:
        return request("GET", "/v1/models", who[:1], None)
    if kind == 2:
        return request("POST", f"/v1/{word}?{word}", who, chat("faq"))
    more, body = {
        0: ((), chat(odd)),
        1: ((), chat("faq")),
        3: (_headers(word), chat("faq", user=odd)),
        4: (_headers(word), chat("few", user=odd)),
        5: (((f"x-{word}", word),), chat("faq", **{word: 1})),
        6: ((("authorization", f"Bearer {word}"),), chat("faq")),
    }[kind]
    return request("POST", CHAT, (*(who if kind != 6 else who[1:]), *more), body)


def _of(providers: Providers, word: str) -> str:
    """A good token with words that its provider let its user choose."""
    return providers.of_idp(sub=word.replace("\n", ""), groups=["helpdesk", word], team=word, azp=word)


def _headers(word: str) -> tuple[tuple[str, str], ...]:
    own = ("x-kitchen-refused", "x-kitchen-groups", "x-envoy-upstream-alt-stat-name", "x-ratelimit-limit", "user-agent")
    return tuple((name, word) for name in own)


def _send(entry: Entry, made: list[bytes]) -> None:
    """All of them over a few connections."""

    def some(part: list[bytes]) -> None:
        connection = Connection(entry.port)
        for raw in part:
            answer = connection.say(raw, raw.partition(b" ")[0].decode())
            assert answer.status
            if answer.status >= 400:  # before the whole body was read: Envoy closes the connection
                connection.close()
                connection = Connection(entry.port)
        connection.close()

    threads = [threading.Thread(target=some, args=(made[number::THREADS],)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)


def test_callers_make_no_series(counting: Entry, providers: Providers) -> None:
    scraped(counting)  # the scrape itself has series too
    _send(counting, list(calls(providers, FIRST, SEED)))
    counting.records(FIRST)
    until(lambda: sum(scraped(counting, HISTOGRAM).values()) >= FIRST, lambda: scraped(counting, HISTOGRAM))
    before = scraped(counting)
    _send(counting, list(calls(providers, NUMBER, SEED + 1)))
    assert len(counting.records(FIRST + NUMBER)) == FIRST + NUMBER
    after = scraped(counting)
    assert sum(value for (name, _), value in after.items() if name == CALLS) == FIRST + NUMBER
    assert set(after) == set(before), "a caller's word made a series"
    own = [labels for name, labels in after if name in (CALLS, TOKENS, REFUSALS, NEAR)]
    assert own
    for label, value in {pair for labels in own for pair in labels}:
        assert label == "reason" or value in KNOWN[label]
    assert CANARY not in repr(after)
