"""Requests a minute, as one replica counts them, and refusals when a part of the entry is down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.entry.rows.row import JSON, chat
from tests.entry.support.callers import Answer, once, request
from tests.entry.support.plan import CHAT
from tests.entry.support.running import Entry, end
from tests.entry.support.tokens import Providers
from tests.entry.support.upstream import Upstream

PER_MINUTE = 2
"""Of the model `few`."""


@pytest.fixture(scope="module")
def server() -> Iterator[Upstream]:
    made = Upstream("support")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def own(tmp_path: Path, providers: Providers, server: Upstream) -> Iterator[Entry]:
    """An entry that a test may harm; the kitchen `legal` is a port where nobody listens."""
    server.clear()
    made = Entry(tmp_path / "entry", providers, {"support": server, "legal": Upstream("legal", port=1)})
    try:
        made.start()
        yield made
    finally:
        made.stop()


def call(entry: Entry, token: str, model: str = "helpdesk-faq") -> Answer:
    who = ("authorization", f"Bearer {token}")
    return once(entry.port, request("POST", CHAT, (who, *JSON), chat(model)))


def test_each_caller_has_its_own_limit(own: Entry, providers: Providers, server: Upstream) -> None:
    first, second = (providers.of_idp(sub=name, groups=["busy"]) for name in ("first", "second"))
    assert [call(own, first, "few").status for _ in range(PER_MINUTE + 1)] == [200] * PER_MINUTE + [429]
    assert call(own, second, "few").status == 200
    refused = call(own, first, "few")
    assert (refused.status, refused.error["code"]) == (429, "rate_limit_exceeded")
    assert refused.error["type"] == "rate_limit_error"
    assert len(server.seen) == PER_MINUTE + 1


def test_a_limit_is_one_for_all_paths(own: Entry, providers: Providers) -> None:
    token = providers.of_idp(sub="first", groups=["busy"])
    who = ("authorization", f"Bearer {token}")
    bodies = {"/v1/completions": b'{"model": "few", "prompt": "a"}', "/v1/responses": b'{"model": "few", "input": "a"}'}
    asked = [(CHAT, chat("few")), *bodies.items()]
    assert [once(own.port, request("POST", path, (who, *JSON), body)).status for path, body in asked] == [200, 200, 429]


def test_a_subject_of_another_issuer_is_another_caller(own: Entry, providers: Providers) -> None:
    one = providers.of_idp(sub="same", groups=["busy"])
    other = providers.of_realm(["busy"], sub="same")
    assert [call(own, one, "few").status for _ in range(PER_MINUTE + 1)] == [200] * PER_MINUTE + [429]
    assert call(own, other, "few").status == 200


def test_a_caller_is_not_forgotten_when_many_others_call(own: Entry, providers: Providers) -> None:
    token = providers.of_idp(sub="first", groups=["busy"])
    assert [call(own, token, "few").status for _ in range(PER_MINUTE + 1)] == [200] * PER_MINUTE + [429]
    for number in range(100):
        assert call(own, providers.of_idp(sub=f"caller-{number}", groups=["busy"]), "few").status == 200
    assert call(own, token, "few").status == 429


def test_what_is_refused_does_not_count(own: Entry, providers: Providers) -> None:
    token = providers.of_idp(sub="first", groups=["busy"])
    assert {call(own, token, "contracts").status for _ in range(PER_MINUTE + 1)} == {403}
    bad = request("POST", CHAT, (("authorization", f"Bearer {token}"), *JSON), chat("few", n=100))
    assert {once(own.port, bad).status for _ in range(PER_MINUTE + 1)} == {400}
    assert call(own, token, "few").status == 200


def test_without_the_check_nothing_goes_through(own: Entry, tokens: dict[str, str], server: Upstream) -> None:
    assert call(own, tokens["ana"]).status == 200
    server.clear()
    end(own.check)
    refused = call(own, tokens["ana"])
    assert (refused.status, refused.error["code"]) == (503, "unavailable")
    listed = once(own.port, request("GET", "/v1/models", (("authorization", f"Bearer {tokens['ana']}"),), None), "GET")
    assert (listed.status, listed.error["type"]) == (503, "server_error")
    assert server.seen == []
    own.start_check()
    assert call(own, tokens["ana"]).status == 200


def test_the_check_is_told_the_body_and_nothing_of_its_caller(own: Entry, tokens: dict[str, str]) -> None:
    end(own.check)
    instead = Upstream("check", port=own.plan.ports.check)
    instead.start()
    try:
        assert call(own, tokens["ana"]).status == 200
    finally:
        instead.stop()
    [asked] = instead.seen
    assert (asked.path, asked.body) == (CHAT, chat())
    known = {"host", "content-length", "content-type", "transfer-encoding"}
    assert {name for name in asked.names - known if not name.startswith("x-envoy-")} == set()


def test_a_server_that_is_not_there(own: Entry, tokens: dict[str, str]) -> None:
    refused = call(own, tokens["ben"], "contracts")
    assert (refused.status, refused.error["code"]) == (503, "unavailable")
    assert own.records(2)[-1]["grant"] == "legal/contracts/0"
