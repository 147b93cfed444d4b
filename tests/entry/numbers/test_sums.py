"""Calls of every outcome through the real Envoy: its numbers are those of the record, and of the servers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.entry.numbers.counted import CALLS, CANARY, NEAR, REFUSALS, TOKENS, running, scraped, total
from tests.entry.rows.row import JSON, chat
from tests.entry.rows.table import ROWS
from tests.entry.support import running as parts
from tests.entry.support.callers import Connection, http2, once, request
from tests.entry.support.plan import CHAT
from tests.entry.support.running import Entry
from tests.entry.support.tokens import Providers
from tests.entry.support.upstream import Upstream, upstreams, wait_for
from tests.support.waiting import until

WHO = ("tenant", "kitchen", "adapter", "version", "group")
NOBODY = ("", "", "", "", "")
EVENTS = 10
"""Of a stream that is written to the record several times before its end."""


@dataclass(frozen=True)
class Told:
    """A call by `caller`, `times`, and what is counted of each: who, how it ended, and the reason of a refusal."""

    caller: str
    body: bytes
    group: str
    outcome: str
    reason: str = ""
    times: int = 1
    path: str = CHAT


def _said(**more: Any) -> bytes:
    return chat(stream=True, **more)


CALLED = (
    Told("ana", chat("faq"), "helpdesk", "ok", times=40),
    Told("ana", _said(model="faq", user="events=4"), "helpdesk", "ok", times=10),
    Told("ana", _said(model="faq", user="events=4,cut"), "helpdesk", "cut", times=5),
    Told("ben", chat("legal"), "legal", "ok", times=7),
    Told("eva", chat("legal"), "legal", "ok", times=3),
    Told("staff", chat("legal"), "staff", "ok", times=2),
    Told("busy", chat("few"), "busy", "ok", times=3),
    Told("busy", chat("few"), "busy", "limited", "rate_limit", times=4),
    Told("ana", chat("faq", zzz=1), "helpdesk", "refused", "unknown_parameter", times=2),
    Told("ana", chat("faq", temperature=9), "helpdesk", "refused", "out_of_bounds"),
    Told("ana", chat("legal"), "", "refused", "no-grant", times=3),
    Told("ana", chat("nobody-has-it"), "", "refused", "no-grant", times=2),
    Told("ana", b"{", "", "refused", "invalid_body"),
    Told("ana", chat("faq", user="x" * 70000), "", "refused", "body_too_large"),
    Told("expired", chat("faq"), "", "refused", "token_expired", times=2),
    Told("stranger's key", chat("faq"), "", "refused", "token"),
    Told("ana", chat("faq"), "", "refused", "no-path", path="/v2/elsewhere"),
)


def raw(token: str, one: Told) -> bytes:
    """The bytes of a call."""
    return request("POST", one.path, (("authorization", f"Bearer {token}"), *JSON), one.body)


@pytest.fixture
def servers() -> Iterator[dict[str, Upstream]]:
    with upstreams() as made:
        yield made


@pytest.fixture
def counting(tmp_path: Path, providers: Providers, servers: dict[str, Upstream]) -> Iterator[Entry]:
    with running(tmp_path, providers, servers) as made:
        yield made


@pytest.fixture
def callers(providers: Providers, tokens: dict[str, str]) -> dict[str, str]:
    return {**tokens, "staff": providers.of_idp(sub="sam", groups=["staff"])}


def test_the_sums_are_those_of_the_record_and_of_the_servers(
    counting: Entry, servers: dict[str, Upstream], callers: dict[str, str]
) -> None:
    told = [one for one in CALLED for _ in range(one.times)]
    for one in told:
        once(counting.port, raw(callers[one.caller], one))
    lines = counting.records(len(told))
    assert len(lines) == len(told)
    by_group = Counter((one.group, one.outcome) for one in told)
    assert total(counting, CALLS, "group", "outcome") == by_group
    assert total(counting, REFUSALS, "reason") == Counter((one.reason,) for one in told if one.reason)
    recorded = Counter((line["tenant"] or "", line["kitchen"] or "", *_ref(line)) for line in lines)
    assert total(counting, CALLS, *WHO[:4]) == recorded
    assert {CANARY, "support"} < {kitchen for _, kitchen, *_ in recorded}, "both versions were called"
    for kind in ("prompt", "completion"):
        assert total(counting, TOKENS, "kind", *WHO[:4])[kind, *_most(recorded)] > 0
        assert total(counting, TOKENS, "kind")[kind,] == sum(line[f"{kind}Tokens"] or 0 for line in lines)
    served = sum(len(server.seen) for server in servers.values())
    assert total(counting, CALLS, "outcome")["ok",] + total(counting, CALLS, "outcome")["cut",] == served
    assert total(counting, NEAR, "adapter", "group") == {("few", "busy"): 1}, "the third of three leaves none"


def _ref(line: dict[str, Any]) -> tuple[str, str]:
    """Name and version of the adapter in a line of the record."""
    name, _, version = (line["adapter"] or "").partition("/")
    return name, version


def _most(recorded: Counter[tuple[str, ...]]) -> tuple[str, ...]:
    return max((who for who in recorded if who[0]), key=lambda who: recorded[who])


def test_a_failure_is_there_from_the_first_call_on(counting: Entry, callers: dict[str, str]) -> None:
    assert scraped(counting, CALLS) == {}
    once(counting.port, raw(callers["ben"], Told("ben", chat("legal"), "legal", "ok")))
    counting.records(1)
    who = [("tenant", "legal"), ("kitchen", "legal"), ("group", "legal")]
    assert scraped(counting, CALLS) == {
        (CALLS, frozenset([*who, ("outcome", outcome)])): float(outcome == "ok") for outcome in ("ok", "failed")
    }


def test_a_server_that_is_away_and_a_caller_that_leaves(
    counting: Entry, servers: dict[str, Upstream], callers: dict[str, str]
) -> None:
    made = Connection(counting.port)
    made.send(raw(callers["ana"], Told("ana", _said(model="faq", user="events=50,ms=50"), "", "")))
    assert made.head().status == 200
    made.close()
    wait_for(servers["support"].ended, 1)
    counting.records(1)
    assert total(counting, CALLS, "outcome") == {("cut",): 1}
    servers["legal"].stop()
    once(counting.port, raw(callers["ben"], Told("ben", chat("legal"), "legal", "failed")))
    parts.end(counting.check)
    once(counting.port, raw(callers["ben"], Told("ben", chat("legal"), "legal", "failed")))
    counting.records(3)
    assert total(counting, CALLS, "outcome") == {("cut",): 1, ("failed",): 2}
    assert total(counting, REFUSALS, "reason") == {("check_unavailable",): 1}, "the server was asked, the check not"


def test_a_list_of_models_and_the_kubelets_question(counting: Entry, callers: dict[str, str]) -> None:
    who = (("authorization", f"Bearer {callers['ana']}"),)
    for path, caller in (("/v1/models", who), ("/ready", ())):
        assert once(counting.port, request("GET", path, caller, None), "GET").status == 200
    counting.records(1)
    assert total(counting, CALLS, *WHO, "outcome") == {(*NOBODY, "ok"): 1}


def test_a_refusal_of_grpc_is_none_that_was_answered(counting: Entry, callers: dict[str, str]) -> None:
    grpc = (("content-type", "application/grpc"), ("authorization", f"Bearer {callers['expired']}"))
    first = ((":method", "POST"), (":scheme", "http"), (":path", CHAT), (":authority", "entry"))
    assert http2(counting.port, (*first, *grpc), b"x").status == 200
    counting.records(1)
    assert total(counting, CALLS, "outcome") == {("refused",): 1}
    assert total(counting, REFUSALS, "reason") == {("token_expired",): 1}


def test_a_long_call_counts_once(
    tmp_path: Path,
    providers: Providers,
    servers: dict[str, Upstream],
    callers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = parts.bootstrap

    def often(plan: Any) -> dict[str, Any]:
        config = made(plan)
        chain = config["static_resources"]["listeners"][0]["filter_chains"][0]
        chain["filters"][0]["typed_config"]["access_log_options"]["access_log_flush_interval"] = "0.2s"
        return config

    monkeypatch.setattr(parts, "bootstrap", often)
    with running(tmp_path, providers, servers) as counting:
        long = Told("ben", _said(model="legal", user=f"events={EVENTS},hold"), "legal", "ok")
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(once, counting.port, raw(callers["ben"], long))
            assert len(counting.records(2)) >= 2, "it was written while it went on"
            servers["legal"].let_go.set()
            assert answer.result(60).status == 200
        told = until(lambda: total(counting, TOKENS, "kind"))
        assert total(counting, CALLS, "outcome") == {("ok",): 1}
        assert told["completion",] == EVENTS
        until(lambda: counting.records()[-1]["completionTokens"] == EVENTS, counting.records)


def test_replicas_add_up_and_a_restart_begins_at_nothing(
    tmp_path: Path, providers: Providers, servers: dict[str, Upstream], callers: dict[str, str]
) -> None:
    one = raw(callers["ben"], Told("ben", chat("legal"), "legal", "ok"))
    with running(tmp_path / "a", providers, servers) as first, running(tmp_path / "b", providers, servers) as second:
        for entry, times in ((first, 5), (second, 8)):
            for _ in range(times):
                once(entry.port, one)
            entry.records(times)
        both = total(first, CALLS, *WHO, "outcome") + total(second, CALLS, *WHO, "outcome")
        assert both == {("legal", "legal", "", "", "legal", "ok"): 13}
        for process in (first.envoy, first.check):
            parts.end(process)
        first.start()
        assert total(first, CALLS, "outcome") == {}
        once(first.port, one)
        first.records(6)
        assert total(first, CALLS, "outcome") == {("ok",): 1}


def test_every_row_of_the_table_counts_once_and_is_known_by_its_reason(
    entry: Entry, servers: dict[str, Upstream], tokens: dict[str, str]
) -> None:
    """`entry` is that of the whole tier: what other tests have called before is in both sums."""
    for row in ROWS:
        if row.http2 is None:
            token = tokens[row.caller] if row.caller else None
            once(entry.port, row.bytes_for(token), row.method)

    def settled() -> list[dict[str, Any]]:
        """The lines, once Envoy has written all that it has counted."""
        counted, lines = total(entry, CALLS), entry.records(0)
        return lines if counted == {(): len(lines)} else []

    lines = until(settled, lambda: f"{total(entry, CALLS)} beside {len(entry.records(0))} lines")
    assert sum(total(entry, TOKENS, "kind").values()) == sum(line["totalTokens"] or 0 for line in lines)
    assert total(entry, REFUSALS, "reason")["other",] == 0, "a reason that is not known by name"
